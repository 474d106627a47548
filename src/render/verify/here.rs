//! Could the run be restored on this hub, now?

use std::collections::{BTreeMap, BTreeSet};

use kube::ResourceExt;

use super::facts::{Contents, Facts};
use super::operators;
use crate::api::BackupSchedulePhase;
use crate::plan::ServedApis;
use crate::render::age::seconds;
use crate::render::checks::{Check, Group};
use crate::render::hub_id::ShortIds;
use crate::render::text::count;
use crate::velero::object_list::split;

pub(super) fn group(facts: &Facts) -> Group {
    let mut checks = vec![other_hub(facts)];
    if let (Ok(contents), Some(served)) = (&facts.contents, &facts.served) {
        checks.push(kinds_served(contents, served));
        checks.extend(operators::check(contents, facts.operators.as_deref()));
    }
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
fn kinds_served(contents: &Contents, served: &ServedApis) -> Check {
    let known: BTreeSet<(&str, &str)> = served
        .versions
        .iter()
        .flat_map(|version| version.resources.iter().map(|kind| (version.group.as_str(), kind.kind.as_str())))
        .collect();
    let mut missing: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut kinds_found = 0;
    let counts = contents.counts();
    let kinds = counts.iter().map(|(key, objects)| (split(key), *objects));
    for ((group, _, kind), objects) in kinds.filter(|((group, ..), _)| !group.is_empty()) {
        kinds_found += 1;
        if !known.contains(&(group, kind)) {
            *missing.entry((group, kind)).or_default() += objects;
        }
    }
    if missing.is_empty() {
        return Check::ok("kinds", format!("{} in the backups, all served here", count(kinds_found, "kind")));
    }
    let told = match missing.len() {
        1 => "1 kind is not served here".to_owned(),
        n => format!("{n} kinds are not served here"),
    };
    let lines = missing.iter().map(|((group, kind), objects)| {
        format!("{}.{group}   {}", kind.to_lowercase(), count(*objects, "object"))
    });
    lines
        .fold(Check::fail("kinds", told), Check::detail)
        .problem("kind-not-served")
        .hint("install the operators that own them, or Velero will leave these objects out")
}

fn nothing_in_the_way(facts: &Facts) -> Check {
    let unfinished = facts.restores.iter().find(|restore| !restore.phase().is_terminal());
    let enabled = facts
        .schedules
        .iter()
        .find(|schedule| matches!(schedule.phase(), BackupSchedulePhase::Enabled | BackupSchedulePhase::New));
    match (unfinished, enabled) {
        (Some(restore), _) => Check::ok(
            "in the way",
            format!("restore {} is {}: it would go on with this run", restore.name_any(), restore.phase()),
        ),
        (None, Some(schedule)) if facts.is_ours() != Some(true) => {
            let told = format!("schedule {} is {}", schedule.name_any(), schedule.phase());
            Check::warn("in the way", told)
                .problem("schedule-in-the-way")
                .hint("kubectl acmbackup pause before a restore")
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
