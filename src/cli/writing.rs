//! What all writing commands share: their flags, and the line that says what was written.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::output::{self, ObjectFormat};
use super::question::{self, Question, Severity, stopped};
use super::session::Session;
use super::values::duration;
use super::wait::{Condition, Waiting, Written};
use crate::api::keys::HUB_ID_UNKNOWN;
use crate::cluster::facts::id_of_hub;
use crate::cluster::write::{Mode, Place};
use crate::cluster::{self, Class, Connection};
use crate::render::Style;
use crate::render::text::harmless;
use crate::wire::GoDuration;

/// How far a dry run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Print the object, send nothing
    Client,
    /// Let the server check it, store nothing
    Server,
}

/// Flags of everything that writes.
#[derive(Debug, Clone, Default, Args)]
pub struct WriteArgs {
    /// Change nothing; `server` lets the server check the object
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "client")]
    pub dry_run: Option<DryRun>,
    /// Print the object in this form
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub output: Option<ObjectFormat>,
}

/// Flags that answer questions.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfirmArgs {
    /// Answer every ordinary question with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Name of the context, in a pod the hub id, for what moves clusters or deletes data; needs --yes too
    #[arg(long, value_name = "CONTEXT")]
    pub confirm: Option<String>,
}

/// The flag of commands that ask nothing, for scripts that give it to all that write.
#[derive(Debug, Clone, Default, Args)]
pub struct YesFlag {
    /// Answer every ordinary question with yes; this command asks none
    #[arg(short, long)]
    pub yes: bool,
}

/// Flags of commands that can wait for what they started.
#[derive(Debug, Clone, Args)]
pub struct WaitFlags {
    /// Wait until it is done, and show progress
    #[arg(long)]
    pub wait: bool,
    /// Longest time to wait; nothing is cancelled when it is over
    #[arg(long, value_name = "DUR", value_parser = duration, default_value = "1h", requires = "wait")]
    pub timeout: GoDuration,
}

impl WriteArgs {
    /// How the server is to take a write.
    pub fn mode(&self) -> Mode {
        match self.dry_run {
            Some(DryRun::Server) => Mode::ServerDryRun,
            _ => Mode::Real,
        }
    }

    /// Nothing is sent that changes anything.
    pub fn is_client_dry_run(&self) -> bool {
        self.dry_run == Some(DryRun::Client)
    }

    /// Prints what was written, or would be: one line, or the server's object untouched.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn report(&self, (place, object): (&Place, &Value), what: &str, style: &Style) -> Result<()> {
        let name = harmless(&full_name(place)).into_owned();
        match (self.format(), self.output) {
            (Some(format), _) => output::print_data(object, format),
            (None, Some(_)) => output::print(&format!("{name}\n")),
            (None, None) => output::print(&format!("{} {what}{}\n", style.bold(name), self.dry_run_remark())),
        }
    }

    /// As [`WriteArgs::report`]; where waiting follows, data are printed once, when it is over.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn report_before(
        &self,
        waiting: &WaitFlags,
        (place, object, what): (&Place, &Value, &str),
        style: &Style,
    ) -> Result<()> {
        match self.format() {
            Some(_) if waiting.applies(self) => Ok(()),
            _ => self.report((place, object), what, style),
        }
    }

    /// The form of objects as data; `None` for lines.
    pub fn format(&self) -> Option<output::DataFormat> {
        self.output?.data()
    }

    fn dry_run_remark(&self) -> &'static str {
        match self.dry_run {
            Some(DryRun::Client) => " (dry run)",
            Some(DryRun::Server) => " (server dry run)",
            None => "",
        }
    }
}

impl WaitFlags {
    /// Waiting was asked for, and something is written that can be waited for.
    pub fn applies(&self, write: &WriteArgs) -> bool {
        self.wait && write.dry_run.is_none()
    }

    /// Waits, if waiting has begun, and prints the object as data if that was asked for.
    ///
    /// # Errors
    ///
    /// As [`Waiting::finish`].
    pub async fn finish(
        &self,
        waiting: Option<Waiting<'_>>,
        (condition, written): (Condition, Written),
        write: &WriteArgs,
    ) -> Result<Exit> {
        match waiting {
            Some(waiting) => waiting.finish(condition, written, (self.timeout, write.format())).await,
            None => Ok(Exit::Done),
        }
    }
}

/// What has to be confirmed.
#[derive(Debug, Clone)]
pub struct Matter {
    /// How bad a wrong yes would be.
    pub severity: Severity,
    /// What would happen; reads well after "this would".
    pub consequence: String,
    /// What a person has to know first, in whole lines.
    pub summary: String,
}

impl ConfirmArgs {
    /// Tells what is about to happen, and asks what has to be asked; a dry run never asks.
    ///
    /// # Errors
    ///
    /// Exit 5 if the answer is not yes.
    pub async fn ask(
        &self,
        (session, connection): (&Session, &Connection),
        write: &WriteArgs,
        Matter { severity, consequence, summary }: Matter,
    ) -> Result<()> {
        let severity = if write.dry_run.is_some() { Severity::None } else { severity };
        let place = match severity {
            Severity::Severe => place_of(connection).await?,
            _ => question::Place::Context(connection.context.clone()),
        };
        let (yes, confirm) = (self.yes, self.confirm.clone());
        let question = Question { severity, consequence, place, yes, confirm };
        let may_ask = session.environment.may_ask();
        // Nobody is asked about what he was not told, whatever was to stay silent.
        if (may_ask && question.is_open()) || (write.output.is_none() && !session.globals.quiet) {
            eprint!("{summary}");
        }
        let asked = tokio::task::spawn_blocking(move || {
            let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr());
            question.ask(may_ask.then_some((&mut input, &mut output)))
        });
        tokio::select! {
            answer = asked => answer.unwrap_or_else(|_| Err(stopped())),
            _ = tokio::signal::ctrl_c() => {
                eprintln!();
                Err(stopped())
            }
        }
    }
}

/// The word that confirms a severe matter on this hub.
///
/// # Errors
///
/// This is a pod, and who the hub is cannot be read.
pub async fn place_of(connection: &Connection) -> Result<question::Place> {
    if !connection.is_in_pod() {
        return Ok(question::Place::Context(connection.context.clone()));
    }
    match id_of_hub(&connection.client, None).await? {
        id if id.is_empty() || id == HUB_ID_UNKNOWN => {
            let message =
                "this hub has no id that could be read, and in a pod nothing else tells which it is";
            Err(CliError::named(problem::HUB_ID_UNKNOWN, Exit::Refused, message)
                .try_("allow to get namespace kube-system")
                .try_("use a kubeconfig, and confirm the name of its context"))
        }
        id => Ok(question::Place::HubId(id)),
    }
}

/// `restore.cluster.open-cluster-management.io/NAME`.
pub fn full_name(place: &Place) -> String {
    let kind = place.resource.kind.to_lowercase();
    match place.resource.group.as_str() {
        "" => format!("{kind}/{}", place.name),
        group => format!("{kind}.{group}/{}", place.name),
    }
}

/// An object of which no more is known than where it was.
pub fn identity(place: &Place) -> Value {
    let (resource, mut metadata) = (&place.resource, json!({"name": place.name}));
    if let Some(fields) = metadata.as_object_mut().filter(|_| !place.namespace.is_empty()) {
        fields.insert("namespace".to_owned(), json!(place.namespace));
    }
    json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata})
}

/// A refused write; fields the server does not know are shown with the flags that set them.
pub fn write_error(
    error: cluster::Error,
    kind: &str,
    flags: &[(&'static str, &'static str)],
) -> Box<CliError> {
    let cause = error.cause();
    if let Some(required) = required_field(&cause) {
        let flag = flag_of(required, flags).map(|flag| format!(" ({flag})")).unwrap_or_default();
        let message = format!("this hub's {kind} does not go without {required}{flag}");
        return CliError::named(problem::CRD_TOO_OLD, Exit::Invalid, message)
            .why("its CRD is of an old version that requires the field")
            .try_("give the flag, or update the operator that owns the CRD");
    }
    let unknown = unknown_fields(&cause);
    if error.class() == Class::Forbidden || unknown.is_empty() {
        return error.into();
    }
    let message = format!("this hub's {kind} does not know {} of the fields asked for", unknown.len());
    let widest = unknown.iter().map(String::len).max().unwrap_or(0);
    let start = CliError::named(problem::CRD_TOO_OLD, Exit::Invalid, message);
    let lines = unknown.iter().map(|field| match flag_of(field, flags) {
        Some(flag) => format!("{field:<widest$}   ({flag})"),
        None => field.clone(),
    });
    lines
        .fold(start, CliError::detail)
        .why("without this check they would be dropped silently")
        .try_("leave the flags out, or update the operator that owns the CRD")
}

/// The field out of the server's `spec.a: Required value`.
fn required_field(message: &str) -> Option<&str> {
    let (before, _) = message.split_once(": Required value")?;
    before.rsplit([' ', '[']).next().filter(|field| field.starts_with("spec."))
}

/// Field names out of the server's `strict decoding error: unknown field "spec.a", unknown field "spec.b"`.
fn unknown_fields(message: &str) -> Vec<String> {
    message
        .split("unknown field \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

fn flag_of(field: &str, flags: &[(&str, &'static str)]) -> Option<&'static str> {
    let name = field.strip_prefix("spec.").unwrap_or(field);
    flags
        .iter()
        .find(|(known, _)| name == *known || name.starts_with(&format!("{known}.")))
        .map(|(_, flag)| *flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;

    #[test]
    fn unknown_fields_are_shown_with_their_flags() {
        let status = kube::core::Status {
            code: 400,
            reason: "BadRequest".into(),
            message: "Restore in version \"v1beta1\" cannot be handled as a Restore: strict decoding error: unknown \
                      field \"spec.restoreSyncInterval\", unknown field \"spec.syncRestoreWithNewBackups\""
                .into(),
            ..Default::default()
        };
        let error = cluster::Error::new("create", "restore acm/r1", kube::Error::Api(Box::new(status)));
        let flags = [("restoreSyncInterval", "--sync-interval"), ("syncRestoreWithNewBackups", "--sync")];
        let shown = write_error(error, "Restore", &flags);
        assert_eq!((shown.problem, shown.exit), (Some("crd-too-old"), Exit::Invalid));
        assert_eq!(
            shown.details,
            [
                "spec.restoreSyncInterval         (--sync-interval)",
                "spec.syncRestoreWithNewBackups   (--sync)"
            ]
        );
    }

    #[test]
    fn a_field_an_old_crd_requires_is_named() {
        let text =
            "BackupSchedule.cluster \"s\" is invalid: [spec.maxBackups: Required value, <nil>: Invalid]";
        assert_eq!(required_field(text), Some("spec.maxBackups"));
        assert_eq!(required_field("name: Required value"), None);
        assert_eq!(required_field("no such thing"), None);
    }

    /// A hub's answer about its id, as a pod sees it.
    async fn place_in_a_pod(code: u16, versions: serde_json::Value) -> Result<question::Place> {
        let client = crate::cluster::fake::server(move |request| {
            match request.uri().path().ends_with("/clusterversions") {
                true if code == 200 => (200, versions.to_string()),
                true => crate::cluster::fake::refusal(code),
                false => crate::cluster::fake::refusal(403),
            }
        });
        let context = "in-cluster".to_owned();
        place_of(&Connection { client, context, server: String::new(), context_namespace: None }).await
    }

    #[tokio::test]
    async fn in_a_pod_every_hub_is_called_alike_so_its_id_confirms() {
        let versions = json!({"metadata": {}, "items": [{"metadata": {"name": "version"}, "spec": {"clusterID": "c-1"}}]});
        let place = place_in_a_pod(200, versions).await.unwrap();
        assert_eq!(place, question::Place::HubId("c-1".to_owned()));
        let unknown = place_in_a_pod(200, json!({"metadata": {}, "items": []})).await.unwrap_err();
        assert_eq!((unknown.problem, unknown.exit.code()), (Some("hub-id-unknown"), 5));
        assert_eq!(place_in_a_pod(403, json!({})).await.unwrap_err().exit, Exit::Unreachable);
    }

    #[test]
    fn written_objects_are_named_with_their_group() {
        let place = Place::of::<api::Restore>("acm", "r1");
        assert_eq!(full_name(&place), "restore.cluster.open-cluster-management.io/r1");
    }
}
