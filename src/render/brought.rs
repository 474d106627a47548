//! What a restore brings, told from the object lists of its backups.

use std::collections::BTreeMap;

use super::contents::{Contents, resource};
use super::hub_id::ShortIds;
use super::plan::{LeftOutView, PlanView, StepView};
use super::text::{count, harmless};
use crate::plan::Note;
use crate::velero::BackupType;
use crate::velero::object_list::{ObjectList, split};

impl PlanView {
    /// Counts what the steps bring; `local` is the hub that wrote the backups among its clusters.
    pub fn count(&mut self, contents: &Contents, local: &str) {
        let clusters = contents.clusters(local);
        for step in self.steps.iter_mut().filter(|step| step.action == "create") {
            let Some(list) = contents.lists.get(&step.backup_type) else { continue };
            step.is_counted = true;
            step.managed_clusters =
                (step.backup_type == BackupType::ManagedClusters).then(|| clusters.count());
            // The list does not say how many objects have the label of activation.
            step.objects =
                (!step.is_active || list.total() == 0).then(|| list.total().try_into().ok()).flatten();
        }
        let knows_tokens = contents.lists.contains_key(&BackupType::Credentials);
        let without = clusters.without_token.len();
        if knows_tokens && without > 0 && self.moving().is_some() {
            let told = count(without, "imported cluster");
            let have = if without == 1 { "has" } else { "have" };
            let told = format!("{told} {have} no import token and will stay Pending Import");
            self.warnings.push(Note::warning("no-import-token", "", told));
        }
    }

    /// Number of managed clusters that would come; `None` where that is not known, or none are restored.
    pub fn moving(&self) -> Option<usize> {
        self.steps.iter().find_map(|step| step.managed_clusters)
    }

    /// `3512 managed clusters`, or without a number where that is not known.
    pub fn what_moves(&self) -> String {
        self.moving().map_or_else(|| "managed clusters".to_owned(), |n| count(n, "managed cluster"))
    }

    /// Which clusters move from where, as a line of a summary; empty where that is not known.
    pub(super) fn move_line(&self) -> String {
        let Some(step) = self.steps.iter().find(|step| step.managed_clusters.is_some()) else {
            return String::new();
        };
        let hub = step.hub.as_deref().map(|hub| format!(" from hub {}", ShortIds::of([hub]).show(hub)));
        let verb = if self.moving() == Some(1) { "moves" } else { "move" };
        let line = format!("  {} {verb}{} to this hub\n", self.what_moves(), hub.unwrap_or_default());
        harmless(line.trim_end()).into_owned() + "\n"
    }

    /// Names every object of every step.
    pub fn name_objects(&mut self, contents: &Contents) {
        for step in self.steps.iter_mut().filter(|step| step.action == "create" && !step.is_active) {
            step.names = contents.lists.get(&step.backup_type).map(by_resource);
        }
    }

    /// Adds kinds that are not served here, with the number of their objects.
    pub fn leave_out(&mut self, missing: BTreeMap<String, usize>) {
        self.left_out.extend(missing.into_iter().map(|(what, objects)| LeftOutView {
            what,
            reason: NOT_SERVED.to_owned(),
            objects: Some(objects),
        }));
    }

    /// What is left out, a line each; kinds that are not served share one.
    pub(super) fn left_out_lines(&self) -> Vec<String> {
        let (kinds, others): (Vec<_>, Vec<_>) = self.left_out.iter().partition(|left| left.objects.is_some());
        let counted: Vec<String> =
            kinds.iter().map(|left| format!("{} {}", left.objects.unwrap_or(0), left.what)).collect();
        let kinds = (!counted.is_empty()).then(|| format!("{}: {NOT_SERVED}", listed(&counted)));
        let others = others.into_iter().map(|left| format!("{}: {}", left.what, left.reason));
        others.chain(kinds).collect()
    }

    /// Every object, below the step that brings it.
    pub(super) fn object_lines(&self) -> String {
        self.steps.iter().map(StepView::object_lines).collect()
    }
}

const NOT_SERVED: &str = "not served here";

impl StepView {
    fn object_lines(&self) -> String {
        let Some(names) = self.names.as_ref().filter(|names| !names.is_empty()) else { return String::new() };
        let objects = names.iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name)));
        let lines = objects.map(|(kind, name)| match name.split_once('/') {
            Some((namespace, name)) => format!("   {kind}/{name} in {namespace}"),
            None => format!("   {kind}/{name}"),
        });
        let lines: String = lines.map(|line| format!("{}\n", harmless(&line))).collect();
        format!("\n{}  {}\n{lines}", self.order, self.part)
    }
}

/// Names by `plural.group`, whatever the version.
fn by_resource(list: &ObjectList) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, found) in &list.names {
        let (group, _, kind) = split(key);
        names.entry(resource(group, kind)).or_default().extend(found.iter().cloned());
    }
    names
}

/// `a, b and c`
fn listed(things: &[String]) -> String {
    match things.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => things.concat(),
    }
}
