//! Is the run whole, fresh, and alive long enough?

use kube::ResourceExt;

use super::facts::Facts;
use crate::plan::runs::RunStatus;
use crate::plan::writers::{Rhythm, ToldBy};
use crate::render::age::seconds;
use crate::render::checks::{Check, Group};
use crate::render::hub_id::ShortIds;
use crate::render::text::count;
use crate::velero::{BackupPhase, BackupStatus, BackupType};

pub(super) fn group(facts: &Facts) -> Group {
    let mut checks = vec![complete(facts), fresh(facts), expires(facts), spare(facts)];
    checks.extend(warnings(facts));
    checks.extend([validation(facts), one_hub(facts)]);
    Group { name: "backups", checks }
}

fn complete(facts: &Facts) -> Check {
    let found = format!("{} of {} parts", facts.run.parts.len(), BackupType::DATA.len());
    let check = match facts.run.status {
        RunStatus::Complete => return Check::ok("complete", format!("complete: {found} Completed")),
        RunStatus::InProgress => Check::fail("complete", format!("still running: {found} are there"))
            .hint("kubectl acmbackup wait schedule --for run"),
        RunStatus::Partial | RunStatus::Failed => {
            Check::fail("complete", format!("not complete: {found} are there"))
                .hint(format!("kubectl acmbackup logs run/{} --level warn", facts.run.id))
        }
    };
    let told = BackupType::DATA.into_iter().filter_map(|part| {
        let status = facts.backup(part).map(|backup| backup.status.clone().unwrap_or_default());
        not_completed(part, status)
    });
    told.fold(check.problem("incomplete-run"), Check::detail)
}

fn not_completed(part: BackupType, status: Option<BackupStatus>) -> Option<String> {
    let Some(status) = status else { return Some(format!("{} is missing", part.part())) };
    let why = status.failure_reason.map(|why| format!(": {why}")).unwrap_or_default();
    (status.phase != BackupPhase::Completed).then(|| format!("{} is {}{why}", part.part(), status.phase))
}

fn fresh(facts: &Facts) -> Check {
    let rhythm = &facts.rhythm;
    let (most, from) = match facts.max_age {
        Some(most) => (most, "--max-age".to_owned()),
        None => (2 * rhythm.period, format!("two periods of {}", told(rhythm))),
    };
    let (age, limit) = (seconds(facts.age()), format!("{} ({from})", seconds(most)));
    match facts.age() <= most {
        true => Check::ok("fresh", format!("fresh: {age} old, younger than {limit}")),
        false => Check::fail("fresh", format!("{age} old, older than {limit}"))
            .problem("stale-backups")
            .hint("kubectl acmbackup status   shows what keeps newer runs from being made"),
    }
}

/// A rhythm, and where it is known from.
fn told(rhythm: &Rhythm) -> String {
    let period = seconds(rhythm.period);
    match &rhythm.told_by {
        ToldBy::Cron(cron) => cron.clone(),
        ToldBy::ValidationBackup => format!("{period}, by the lifetime of its validation backup"),
        ToldBy::Runs => format!("{period}, as its runs lie apart"),
        ToldBy::Nobody => format!("{period}, assumed: its runs do not tell"),
    }
}

fn expires(facts: &Facts) -> Check {
    let Some(at) = facts.run.expires else { return Check::ok("expiry", "does not expire") };
    let left = at.as_second() - facts.now.as_second();
    let check = match left {
        left if left <= 0 => {
            Check::fail("expiry", format!("expired {} ago, and may be gone any moment", seconds(-left)))
        }
        left if facts.rhythm.is_soon(left) => Check::warn("expiry", format!("expires in {}", seconds(left))),
        left => return Check::ok("expiry", format!("expires in {}", seconds(left))),
    };
    check.problem("expires-soon")
}

/// One run is one mistake away from none.
fn spare(facts: &Facts) -> Check {
    let is_alive = |expires: Option<jiff::Timestamp>| expires.is_none_or(|at| at > facts.now);
    let whole =
        facts.runs.iter().filter(|run| run.status == RunStatus::Complete && is_alive(run.expires)).count();
    match whole {
        0 => Check::fail("spare run", "no run is complete").problem("incomplete-run"),
        1 => Check::warn("spare run", "only one complete run is there").problem("single-run"),
        runs => Check::ok("spare run", format!("{runs} complete runs are there")),
    }
}

fn warnings(facts: &Facts) -> Vec<Check> {
    let of_part = |part: BackupType| {
        let status = facts.backup(part)?.status.as_ref()?;
        let (errors, warnings) = (status.errors.unwrap_or(0), status.warnings.unwrap_or(0));
        let (number, word) = if errors > 0 { (errors, "error") } else { (warnings, "warning") };
        let number = usize::try_from(number).ok().filter(|number| *number > 0)?;
        let level = if errors > 0 { "error" } else { "warn" };
        let logs = format!("kubectl acmbackup logs run/{} --level {level}", facts.run.id);
        Some(Check::warn("messages", format!("{} has {}", part.part(), count(number, word))).hint(logs))
    };
    BackupType::DATA.into_iter().filter_map(of_part).collect()
}

/// The validation backup dies when a period passes without a run: then the schedule behind it has stopped.
fn validation(facts: &Facts) -> Check {
    let is_validation = |name: &str| BackupType::of_backup_name(name) == Some(BackupType::Validation);
    let is_alive = facts.backups.iter().filter(|backup| is_validation(&backup.name_any())).any(|backup| {
        let expires = backup.status.as_ref().and_then(|status| status.expiration.as_ref());
        expires.is_none_or(|at| at.0 > facts.now)
    });
    match is_alive {
        true => Check::ok("validation", "a validation backup is alive: the schedule is at work"),
        false => Check::warn("validation", "no validation backup is alive: the schedule may have stopped")
            .problem("stale-backups"),
    }
}

fn one_hub(facts: &Facts) -> Check {
    let alive = facts.writers.iter().filter(|writer| writer.seems_alive(facts.now));
    let mut hubs: Vec<&str> = alive.map(|writer| writer.hub.as_str()).collect();
    hubs.sort_unstable();
    if facts.run.hub.is_none() {
        return Check::warn("hub", "the run does not say which hub wrote it").problem("hub-id-unknown");
    }
    if hubs.len() < 2 {
        return Check::ok("hub", "one hub writes to this storage");
    }
    let ids = ShortIds::of(hubs.iter().copied());
    let shown: Vec<String> = hubs.iter().map(|hub| ids.show(hub)).collect();
    Check::fail("hub", format!("{} hubs write to this storage: {}", hubs.len(), shown.join(", ")))
        .problem("collision")
        .hint("pause the schedule on all but one of them")
}
