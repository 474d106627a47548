//! What to do next, by what the screen shows.

use crate::cli::session::Session;
use crate::render::status::{Role, Status};

/// Commands, each with what it is good for.
pub(super) fn next_commands(status: &Status, session: &Session) -> Vec<(String, String)> {
    let command = |rest: &str, remark: &str| (session.command(rest), remark.to_owned());
    let restore = status.restore.as_ref();
    let is = |problem: &str| status.problems.iter().any(|note| note.name.as_deref() == Some(problem));
    if is("crd-missing") {
        return vec![command("install --crds-only", "where no MultiClusterHub does it")];
    }
    if is("velero-missing") {
        return Vec::new();
    }
    match (status.role, restore) {
        (Role::Unknown, _) => {
            vec![command("doctor --for look", "what may not be read, and the role that grants it")]
        }
        (Role::Contested, _) => vec![
            ("kubectl acmbackup pause".to_owned(), "on the other hub, if this one should go on".to_owned()),
            command("schedule --recreate", "then, here"),
        ],
        (Role::Passive, Some(restore)) if restore.phase == "Enabled" => vec![
            command("verify", "could this hub take over now?"),
            command("activate", "take over the managed clusters"),
        ],
        (Role::Passive | Role::Activating | Role::Idle, Some(restore)) if has_failed(&restore.phase) => vec![
            command(&format!("describe restore/{}", restore.name), "why, and what is behind it"),
            command(&format!("logs restore/{} --level error", restore.name), "what Velero says"),
        ],
        (Role::Passive | Role::Activating, Some(restore)) => {
            vec![command(&format!("wait restore/{}", restore.name), "until it has settled")]
        }
        // Another hub took over what this one did.
        (Role::Idle, _) if status.schedule.is_some() => vec![
            command("describe schedule", "what is left of it"),
            command("schedule --recreate --paused=false", "if this hub must write the backups again"),
        ],
        // Where no backup can be stored, a schedule is refused.
        (Role::Idle, _) if is("namespace-not-found") || is("storage-missing") => {
            vec![command("doctor", "what is missing here, and how to get it")]
        }
        (Role::Idle, _) if status.last_run.is_some() => vec![
            command("latest", "what a restore would use"),
            command("restore --sync", "follow the hub that writes the backups"),
            command("schedule", "make backups of this hub"),
        ],
        (Role::Idle, _) => vec![command("schedule", "make backups of this hub")],
        (Role::Active, _) if status.schedule.as_ref().is_some_and(|schedule| schedule.phase == "Paused") => {
            vec![command("resume", "make backups again")]
        }
        (Role::Active, _) if status.schedule.is_none() => {
            vec![command("schedule", "so that this hub writes the backups")]
        }
        _ => Vec::new(),
    }
}

/// It ended with errors, or will not get further by itself.
fn has_failed(phase: &str) -> bool {
    matches!(phase, "Error" | "EnabledWithErrors" | "FinishedWithErrors")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::render::status::{Observed, Unread};

    fn commands(observed: &Observed) -> Vec<String> {
        let session = Session::new(crate::cli::Cli::parse_from(["kubectl-acmbackup", "status"]).globals);
        let status = Status::of(observed, "acm", session.now());
        next_commands(&status, &session).into_iter().map(|(what, _)| what).collect()
    }

    fn empty() -> Observed {
        Observed {
            no_namespace: false,
            hub_id: Ok("east".to_owned()),
            schedules: Ok(vec![]),
            restores: Ok(vec![]),
            locations: Ok(vec![]),
            velero_schedules: Ok(vec![]),
            backups: Ok(vec![]),
            lease: Ok(None),
            servers: Ok(vec![]),
        }
    }

    #[test]
    fn where_nothing_may_be_read_nobody_is_told_to_make_backups() {
        let (schedules, restores) = (Err(Unread::Forbidden), Err(Unread::Forbidden));
        let observed = Observed { schedules, restores, locations: Err(Unread::Forbidden), ..empty() };
        assert_eq!(commands(&observed), ["kubectl acmbackup doctor --for look"]);
    }

    #[test]
    fn where_nothing_can_be_stored_nobody_is_told_to_make_backups() {
        let doctor = ["kubectl acmbackup doctor"];
        assert_eq!(commands(&empty()), doctor);
        assert_eq!(commands(&Observed { no_namespace: true, ..empty() }), doctor);
    }
}
