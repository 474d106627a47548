//! What a command wants to be different about a BackupSchedule, apart from any server.

use serde_json::{Map, Value, json};

use super::args::{DEFAULT_CRON, DEFAULT_TTL, FLAGS};
use crate::api;
use crate::cli::error::{CliError, Result};
use crate::cli::exit::{Exit, problem};
use crate::plan::validate::{SpecProblem, terms};

/// A field of the spec and the value asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// Fields Velero schedules take over only when they are made.
const READ_ONCE: &[&str] = &["skipImmediately", "useOwnerReferencesInBackup", "volumeSnapshotLocations"];

/// The fields as one object.
pub(super) fn to_spec(fields: &[Field]) -> Map<String, Value> {
    fields.iter().map(|field| (field.name.to_owned(), field.value.clone())).collect()
}

/// The object to create.
pub(super) fn new_object(name: &str, namespace: &str, spec: &Map<String, Value>) -> Value {
    json!({
        "apiVersion": format!("{}/{}", api::GROUP, api::VERSION), "kind": "BackupSchedule",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    })
}

/// The spec of a new schedule: defaults, then what was asked for.
pub(super) fn with_defaults(fields: &[Field]) -> Map<String, Value> {
    let mut spec = Map::new();
    spec.insert("veleroSchedule".to_owned(), DEFAULT_CRON.into());
    spec.insert("veleroTtl".to_owned(), DEFAULT_TTL.into());
    spec.extend(to_spec(fields));
    spec
}

/// Reads a spec and checks it.
///
/// # Errors
///
/// Exit 2 for cron text or durations nobody accepts.
pub(super) fn checked(spec: &Map<String, Value>) -> Result<api::BackupScheduleSpec> {
    let read: api::BackupScheduleSpec = serde_json::from_value(Value::Object(spec.clone()))
        .map_err(|error| CliError::new(Exit::Invalid, format!("the schedule cannot be read: {error}")))?;
    terms(&read).map_err(|problem| spec_error(&problem, &read))?;
    Ok(read)
}

fn spec_error(spec_problem: &SpecProblem, spec: &api::BackupScheduleSpec) -> Box<CliError> {
    match spec_problem {
        SpecProblem::BadCron(reason) => {
            let message = format!("'{}' is not a schedule Velero accepts: {reason}", spec.velero_schedule);
            CliError::named(problem::BAD_CRON, Exit::Usage, message)
                .why("five fields of numbers, names, * , - and /; or @hourly … @yearly; or @every 6h")
                .try_for("0 */6 * * *", "every six hours")
                .try_for("0 0 1 * *", "on the first day of the month")
        }
        SpecProblem::EmptyCron => CliError::named(problem::BAD_CRON, Exit::Usage, "--cron is empty"),
        other => CliError::new(Exit::Usage, other.to_string()),
    }
}

/// `cron 0 */2 * * * → 0 */6 * * *`, for each field that differs; empty if none does.
pub(super) fn differences(old: &Map<String, Value>, fields: &[Field], arrow: &str) -> Vec<String> {
    let changed = fields.iter().filter(|field| !is_same(old.get(field.name), &field.value));
    changed
        .map(|field| {
            let flag =
                FLAGS.iter().find(|(name, _)| *name == field.name).map_or(field.name, |(_, flag)| flag);
            let (old, new) = (shown(old.get(field.name)), shown(Some(&field.value)));
            format!("{} {old} {arrow} {new}", flag.trim_start_matches('-'))
        })
        .collect()
}

/// Changed fields that have no effect until the Velero schedules are made anew, as flags.
pub(super) fn without_effect(old: &Map<String, Value>, fields: &[Field]) -> Vec<&'static str> {
    fields
        .iter()
        .filter(|field| READ_ONCE.contains(&field.name) && !is_same(old.get(field.name), &field.value))
        .filter_map(|field| FLAGS.iter().find(|(name, _)| *name == field.name).map(|(_, flag)| *flag))
        .collect()
}

/// An absent bool is false, an absent list is empty.
fn is_same(old: Option<&Value>, new: &Value) -> bool {
    match (old, new) {
        (None, Value::Bool(false)) => true,
        (None, Value::Array(names)) => names.is_empty(),
        (Some(Value::String(old)), Value::String(new)) => {
            let parsed = |text: &str| text.parse::<crate::wire::GoDuration>().ok();
            old == new || (parsed(old).is_some() && parsed(old) == parsed(new))
        }
        (old, new) => old == Some(new),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "<none>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(names)) => names.iter().map(|name| shown(Some(name))).collect::<Vec<_>>().join(","),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &'static str, value: impl Into<Value>) -> Field {
        Field { name, value: value.into() }
    }

    fn spec(json: &Value) -> Map<String, Value> {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn a_new_schedule_backs_up_every_two_hours_and_keeps_five_days() {
        let spec = with_defaults(&[field("paused", true)]);
        assert_eq!(
            Value::Object(spec),
            json!({"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h", "paused": true})
        );
    }

    #[test]
    fn only_real_differences_are_told() {
        let old = spec(&json!({"veleroSchedule": "0 */2 * * *", "veleroTtl": "120h"}));
        let wanted = [
            field("veleroSchedule", "0 */6 * * *"),
            field("veleroTtl", "120h0m0s"),
            field("paused", false),
            field("maxBackups", 3),
        ];
        assert_eq!(
            differences(&old, &wanted, "->"),
            ["cron 0 */2 * * * -> 0 */6 * * *", "max-backups <none> -> 3"]
        );
    }

    #[test]
    fn cron_velero_would_refuse_is_refused_here() {
        let refused = checked(&with_defaults(&[field("veleroSchedule", "0 0 L * *")])).unwrap_err();
        assert_eq!((refused.problem, refused.exit), (Some("bad-cron"), Exit::Usage));
        assert!(
            refused.message.starts_with("'0 0 L * *' is not a schedule Velero accepts: "),
            "{}",
            refused.message
        );
    }

    #[test]
    fn fields_that_are_read_once_are_told() {
        let wanted = [field("skipImmediately", true), field("paused", true)];
        assert_eq!(without_effect(&Map::new(), &wanted), ["--skip-immediately"]);
    }
}
