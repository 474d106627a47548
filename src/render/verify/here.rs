//! Could the run be restored on this hub, now?

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::facts::Facts;
use super::operators;
use crate::api::BackupSchedulePhase;
use crate::plan::ServedApis;
use crate::render::age::seconds;
use crate::render::checks::{Check, Group};
use crate::render::contents::Contents;
use crate::render::hub_id::ShortIds;
use crate::render::text::count;
use crate::velero::object_list::split;

pub(super) fn group(facts: &Facts) -> Group {
    let mut checks = vec![other_hub(facts)];
    let contents = facts.contents.as_ref().ok();
    checks.extend(facts.served.as_ref().map(|served| kinds_served(contents, served)));
    checks.extend(operators::check(contents, facts.operators.as_deref()));
    checks.push(nothing_in_the_way(facts));
    checks.extend(silence(facts));
    Group { name: "this hub", checks }
}

fn other_hub(facts: &Facts) -> Check {
    match facts.is_ours() {
        Some(false) => Check::ok("writer", "not the hub that wrote the run"),
        Some(true) => Check::ok("writer", "this hub wrote the run: a takeover would be another hub's"),
        None => Check::warn("writer", "cannot tell whether this hub wrote the run").problem("hub-id-unknown"),
    }
}

/// Velero leaves out what the hub does not know, and calls that Completed.
fn kinds_served(contents: Option<&Contents>, served: &ServedApis) -> Check {
    let Some(contents) = contents else {
        return Check::skipped("kinds", "kinds in the backups not compared with those served here");
    };
    let missing = contents.not_served(served);
    let told = match missing.len() {
        0 => {
            let kinds = contents.counts().keys().filter(|key| !split(key).0.is_empty()).count();
            return Check::ok("kinds", format!("{} in the backups, all served here", count(kinds, "kind")));
        }
        1 => "1 kind is not served here".to_owned(),
        n => format!("{n} kinds are not served here"),
    };
    lines(&missing)
        .into_iter()
        .fold(Check::fail("kinds", told), Check::detail)
        .problem("kind-not-served")
        .hint("install the operators that own them, or Velero will leave these objects out")
}

/// Kinds and numbers, each below each other.
fn lines(missing: &BTreeMap<String, usize>) -> Vec<String> {
    let widest = missing.keys().map(String::len).max().unwrap_or(0);
    let digits = missing.values().max().map_or(0, |most| most.to_string().len());
    let line = |(kind, objects): (&String, &usize)| {
        let word = if *objects == 1 { "object" } else { "objects" };
        format!("{kind:<widest$}   {objects:>digits$} {word}")
    };
    missing.iter().map(line).collect()
}

fn nothing_in_the_way(facts: &Facts) -> Check {
    let unfinished = facts.restores.iter().find(|restore| !restore.phase().is_terminal());
    let enabled = facts
        .schedules
        .iter()
        .find(|schedule| matches!(schedule.phase(), BackupSchedulePhase::Enabled | BackupSchedulePhase::New));
    match (unfinished, enabled) {
        (Some(restore), _) if restore.spec.sync_restore_with_new_backups && restore.phase().is_enabled() => {
            Check::ok(
                "in the way",
                format!(
                    "restore {} is {}: it would go on with this run",
                    restore.name_any(),
                    restore.phase()
                ),
            )
        }
        (Some(restore), _) => {
            let told = format!("restore {} is not finished: {}", restore.name_any(), restore.phase());
            Check::warn("in the way", told)
                .problem("restore-in-the-way")
                .hint(format!("kubectl acmbackup wait restore/{}   before another one", restore.name_any()))
        }
        (None, Some(schedule)) if facts.is_ours() != Some(true) => {
            let told = format!("schedule {} is {}", schedule.name_any(), schedule.phase());
            Check::warn("in the way", told)
                .problem("schedule-in-the-way")
                .hint("kubectl acmbackup pause   before a restore")
        }
        _ => Check::ok("in the way", "nothing in the way"),
    }
}

/// Whatever run is verified, it is the newest one of its writer that tells.
fn silence(facts: &Facts) -> Option<Check> {
    let hub = facts.run.hub.as_deref().filter(|_| facts.is_ours() == Some(false))?;
    let writer = facts.writers.iter().find(|writer| writer.hub == hub)?;
    let ours = facts.hub.as_ref().map(|hub| hub.hub_id.as_str());
    let short = ShortIds::of([hub].into_iter().chain(ours)).show(hub);
    let silence = seconds(writer.silence(facts.now));
    Some(match writer.seems_alive(facts.now) {
        false => Check::ok("silence", format!("hub {short} has written nothing for {silence}")),
        true => Check::warn("silence", format!("hub {short} wrote {silence} ago and may still be alive"))
            .problem("old-hub-alive"),
    })
}
