//! `schedule --recreate`: delete the object and create it again, without ever losing what it said.

use kube::ResourceExt;
use serde_json::{Map, Value, json};

use super::change;
use super::command::{Task, refused, spec_of};
use super::others::Others;
use crate::api;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::cli::question::Severity;
use crate::cli::wait::Written;
use crate::cli::writing::{DryRun, Matter};
use crate::cluster::Class;
use crate::cluster::list::items;
use crate::cluster::write::{self, Deletion, Mode, Place};
use crate::render::Mark;
use crate::velero;
use crate::wire::yaml;

/// The server would refuse a second object of the same name even in a dry run.
const TRIAL_NAME: &str = "acmbackup-dry-run";
/// What `kubectl apply` keeps about an object; it would be wrong about the new one.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const STAYS_PAUSED: &str = "it is paused and stays so; --paused=false lets it make backups";

const GONE: &str = "the old object is deleted, and the server did not confirm the new one";
const LEAVING: &str = "once they are done nothing is left of it; the new one is not made";
const UNCERTAIN: &str = "the old object may be deleted already; the new one is not made";

impl Task<'_> {
    /// Deletes the schedule and creates it again with what was asked for.
    pub(super) async fn recreate(&self, old: &api::BackupSchedule) -> Result<Written> {
        let mut spec = spec_of(old);
        spec.extend(change::to_spec(&self.fields));
        let wanted = change::checked(&spec)?;
        self.look_first(&wanted).await?;
        self.warn(&wanted);
        if wanted.paused && self.args.paused.is_none() {
            self.session.note(Mark::Attention, STAYS_PAUSED);
        }
        let object = with_marks_of(old, change::new_object(&self.name, self.hub.namespace(), &spec));
        match self.write().dry_run {
            Some(DryRun::Client) => return self.done((&object, Written::Nothing), "recreated"),
            Some(DryRun::Server) => {
                let answer = renamed(self.on_trial(&object).await?, &self.name);
                return self.done((&answer, Written::Nothing), "recreated");
            }
            None => self.on_trial(&object).await?,
        };
        self.confirm(old, wanted.paused).await?;
        let keep = Keep(Some(&object));
        let result = match self.delete(old).await {
            Ok(true) => self.make(&object).await.map_err(|error| with_object(error, GONE, &object)),
            Ok(false) => Err(with_object(self.held(), LEAVING, &object)),
            Err(error) if error.problem == Some(problem::UNREACHABLE) => {
                Err(with_object(error, UNCERTAIN, &object))
            }
            Err(error) => Err(error),
        };
        keep.release();
        result
    }

    fn held(&self) -> Box<CliError> {
        CliError::new(Exit::Refused, format!("{} is being deleted, but finalizers hold it", self.name))
    }

    /// What the server would make of the object.
    async fn on_trial(&self, object: &Value) -> Result<Value> {
        let place = Place::of::<api::BackupSchedule>(self.hub.namespace(), TRIAL_NAME);
        let object = renamed(object.clone(), TRIAL_NAME);
        let answer = write::create(self.hub.client(), &place, &object, Mode::ServerDryRun).await;
        Ok(json!(answer.map_err(refused)?))
    }

    async fn confirm(&self, old: &api::BackupSchedule, paused: bool) -> Result<()> {
        let (severity, backups) = match old.spec.use_owner_references_in_backup {
            true => (Severity::Severe, ", and delete its backups, which are owned by the Velero schedules"),
            false => (Severity::Ordinary, ""),
        };
        let still = if paused { ", paused" } else { "" };
        let recreated = format!("delete {} and create it again{still}{backups}", self.name);
        let collision = match paused {
            true => None,
            false => Others::read((self.hub, self.session), Some(old)).await?.on_making(),
        };
        let (noted, consequence) = match collision {
            Some((noted, collision)) => (noted, format!("{recreated}, {collision}")),
            None => (String::new(), recreated),
        };
        let summary = format!("{noted}This will {consequence}.\n");
        self.ask(Matter { severity, consequence, summary }).await
    }

    /// True once it is gone, false while finalizers hold it.
    async fn delete(&self, old: &api::BackupSchedule) -> Result<bool> {
        let uid = old.metadata.uid.as_deref();
        let left = write::delete(
            self.hub.client(),
            &self.place(),
            Deletion { uid, ..Deletion::default() },
            Mode::Real,
        )
        .await?;
        Ok(left.is_none_or(|object| object.metadata.deletion_timestamp.is_none()))
    }

    async fn make(&self, object: &Value) -> Result<Written> {
        self.delete_owned().await?;
        self.post(object).await
    }

    /// Deletes the Velero schedules the old one owned: until those are gone the new one cannot make its own.
    async fn delete_owned(&self) -> Result<()> {
        let (client, namespace) = (self.hub.client(), self.hub.namespace());
        // By name: no BackupSchedule of this name is left, so whatever uid they carry, their owner is gone.
        let is_owned = |velero: &velero::Schedule| {
            let owners = velero.owner_references();
            owners.iter().any(|owner| owner.kind == "BackupSchedule" && owner.name == self.name)
        };
        let owned = items::<velero::Schedule>(client, Some(namespace)).await?.into_iter().filter(is_owned);
        for velero in owned {
            let place = Place::of::<velero::Schedule>(namespace, &velero.name_any());
            let deletion = Deletion { uid: velero.metadata.uid.as_deref(), ..Deletion::default() };
            match write::delete(client, &place, deletion, Mode::Real).await {
                Err(error) if matches!(error.class(), Class::NotFound | Class::Conflict) => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// Shows the object if its making is cut off, as by Ctrl-C.
struct Keep<'a>(Option<&'a Value>);

impl Keep<'_> {
    /// The object is made, or an error shows it.
    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Keep<'_> {
    fn drop(&mut self) {
        if let Some(object) = self.0 {
            eprintln!(
                "\nThe schedule may be deleted already. To create it again, give this to kubectl create -f -"
            );
            eprintln!("{}", lines(object).join("\n"));
        }
    }
}

/// The old one is gone or going, so the error carries what it takes to create it.
fn with_object(error: Box<CliError>, state: &str, object: &Value) -> Box<CliError> {
    let error = error.why(state).try_("give the lines above to: kubectl create -f -");
    lines(object).into_iter().fold(error, CliError::detail)
}

fn lines(object: &Value) -> Vec<String> {
    let text = yaml::to_string(object).unwrap_or_else(|_| object.to_string());
    text.lines().map(|line| crate::render::text::harmless(line).into_owned()).collect()
}

fn renamed(mut object: Value, name: &str) -> Value {
    if let Some(known) = object.pointer_mut("/metadata/name") {
        *known = name.into();
    }
    object
}

/// The new object with the labels and annotations of the old one.
fn with_marks_of(old: &api::BackupSchedule, mut object: Value) -> Value {
    let marks = |all: &Option<std::collections::BTreeMap<String, String>>| -> Map<String, Value> {
        let kept = all.iter().flatten().filter(|(key, _)| *key != LAST_APPLIED);
        kept.map(|(key, value)| (key.clone(), value.clone().into())).collect()
    };
    let metadata = &old.metadata;
    for (field, kept) in [("labels", marks(&metadata.labels)), ("annotations", marks(&metadata.annotations))]
    {
        if let Some(Value::Object(fields)) = object.pointer_mut("/metadata").filter(|_| !kept.is_empty()) {
            fields.insert(field.to_owned(), Value::Object(kept));
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Value {
        change::new_object("s", "acm", &change::with_defaults(&[]))
    }

    #[test]
    fn a_schedule_made_anew_keeps_its_labels_and_annotations() {
        let old = json!({"metadata": {
            "name": "s", "uid": "u", "labels": {"team": "a"}, "annotations": {"why": "b", LAST_APPLIED: "{}"},
        }});
        let made = with_marks_of(&serde_json::from_value(old).unwrap(), object());
        assert_eq!(
            made["metadata"],
            json!({"name": "s", "namespace": "acm", "labels": {"team": "a"}, "annotations": {"why": "b"}})
        );
        let bare =
            with_marks_of(&serde_json::from_value(json!({"metadata": {"name": "s"}})).unwrap(), object());
        assert_eq!(bare, object());
    }

    #[test]
    fn when_creating_fails_after_the_deletion_the_error_holds_the_whole_object() {
        let error =
            with_object(CliError::new(Exit::Unreachable, "the server cannot be reached"), GONE, &object());
        let read: Value = yaml::from_str(&error.details.join("\n")).unwrap();
        assert_eq!(read, object());
        assert_eq!(error.exit, Exit::Unreachable);
    }

    #[test]
    fn the_trial_differs_in_its_name_only() {
        let trial = renamed(object(), TRIAL_NAME);
        assert_ne!(trial, object());
        assert_eq!(renamed(trial, "s"), object());
    }
}
