//! What a restore would do: for `plan`, and as the summary before `restore` and `activate`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::age;
use super::cleanup::CleanupView;
use super::diff::Changes;
use super::hub_id::ShortIds;
use super::line::{columns, columns_within};
use super::problems::problems;
use super::style::Style;
use super::text::{count, harmless, width, wrap};
use crate::api::{self, BackupChoice, RestorePhase};
use crate::plan::latest::{Candidates, hub_of};
use crate::plan::restore::validate::shown_sync_interval;
use crate::plan::restore::{Preview, WantedRestore};
use crate::plan::{Note, Severity};
use crate::velero::{BackupType, RestoreType};

/// What a restore would do, as `-o json` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// Name of the Restore.
    pub name: String,
    /// The Velero Restores, in order.
    pub steps: Vec<StepView>,
    /// What would be removed afterwards.
    pub cleanup: CleanupView,
    /// What a user may expect and does not get.
    pub left_out: Vec<LeftOutView>,
    /// Where the Restore would end.
    pub status: StatusView,
    /// What deserves attention.
    pub warnings: Vec<Note>,
    /// What would change in objects that are here; only with `--diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Managed clusters come to this hub.
    #[serde(skip)]
    pub activates: bool,
    /// Something is in the way, so that none of the steps would be made.
    #[serde(skip)]
    pub is_stopped: bool,
    /// What each part was chosen to be, in the order of screens.
    #[serde(skip)]
    pub choices: Vec<(BackupType, String)>,
}

/// One Velero Restore.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Its place, from 1.
    pub order: usize,
    /// `create`, or `keep` if it is there already.
    pub action: &'static str,
    /// What it restores.
    pub part: &'static str,
    /// Its name.
    pub name: String,
    /// The backup it restores from.
    pub backup: String,
    /// Objects it brings, or items in that backup where its list was not read; `None` where unknown, and for passes
    /// that take only labelled objects.
    pub objects: Option<i64>,
    /// Managed clusters among them, without the hub itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_clusters: Option<usize>,
    /// The objects by `plural.group`, as `namespace/name` or `name`; only with `--details`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<BTreeMap<String, Vec<String>>>,
    /// Why this backup.
    pub reason: String,
    /// When the backup was started.
    #[serde(skip)]
    pub started: Option<Timestamp>,
    /// The hub that made the backup.
    #[serde(skip)]
    pub hub: Option<String>,
    /// Only objects labelled for activation.
    #[serde(skip)]
    pub is_active: bool,
    /// What kind of backup it restores from.
    #[serde(skip)]
    pub backup_type: BackupType,
    /// The objects were counted in the list of the backup.
    #[serde(skip)]
    pub is_counted: bool,
    /// Labels decide which of the objects come.
    #[serde(skip)]
    pub at_most: bool,
}

/// Something that stays out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LeftOutView {
    /// What: a part, or a kind as `plural.group`.
    pub what: String,
    /// Why.
    pub reason: String,
    /// Number of objects of a kind; `None` for a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<usize>,
}

/// Where the Restore would end.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// The phase.
    pub phase: String,
    /// What it would say.
    pub last_message: String,
}

impl PlanView {
    /// Puts together what the planner says about a restore; `stopped` is the status it would get instead.
    pub fn of(
        restore: &api::Restore,
        preview: &Preview,
        candidates: &Candidates<'_>,
        stopped: Option<&api::RestoreStatus>,
    ) -> Self {
        let spec = &restore.spec;
        let choice = |choice: BackupChoice| match choice {
            BackupChoice::Latest => "latest".to_owned(),
            BackupChoice::Skip => "skip".to_owned(),
            BackupChoice::Name(_) => "by name".to_owned(),
        };
        Self {
            name: restore.metadata.name.clone().unwrap_or_default(),
            steps: preview.restores.iter().map(|wanted| step(wanted, spec, candidates)).collect(),
            cleanup: CleanupView::unknown(&spec.cleanup_before_restore.clone().unwrap_or_default()),
            left_out: left_out(preview),
            status: status(restore, stopped),
            warnings: preview.notes.clone(),
            changes: None,
            activates: spec.managed_clusters_choice() != BackupChoice::Skip,
            is_stopped: stopped.is_some(),
            choices: vec![
                (BackupType::Credentials, choice(spec.credentials_choice())),
                (BackupType::Resources, choice(spec.resources_choice())),
                (BackupType::ManagedClusters, choice(spec.managed_clusters_choice())),
            ],
        }
    }

    /// Something would silently be missing, or be removed, or nothing would be restored at all.
    pub fn matters(&self) -> bool {
        self.is_stopped || !self.left_out.is_empty() || self.cleanup.may_remove()
    }

    /// The backups that would be restored from; what was shown is what must happen.
    pub fn backups(&self) -> Vec<(&'static str, &str)> {
        self.steps.iter().map(|step| (step.part, step.backup.as_str())).collect()
    }

    /// The screen of `plan`; `title` says what is looked at, `details` names every object.
    pub fn screen(&self, title: &str, details: bool, style: &Style) -> String {
        let mut text = format!("{}\n\n", style.bold(harmless(title)));
        if self.is_stopped {
            let why = format!("Nothing would be restored: {}", harmless(&self.status.last_message));
            text.extend(wrap(&why, style.width).into_iter().map(|line| line + "\n"));
            text.push_str("\nIf that were not so:\n\n");
        }
        match self.steps.is_empty() {
            true => text.push_str("Nothing would be restored.\n"),
            false => {
                let steps = self.in_order().map(|(step, is_again)| step.cells(is_again)).collect();
                text.push_str(&columns_within(0, tamed(steps), style.width));
            }
        }
        let mut rest = vec![vec!["Cleanup".to_owned(), self.cleanup.shown()]];
        rest.extend(self.cleanup.lines(details).into_iter().map(|line| vec![String::new(), line]));
        for (i, line) in self.left_out_lines().into_iter().enumerate() {
            let title = if i == 0 { "Left out" } else { "" };
            rest.push(vec![title.to_owned(), line]);
        }
        let becomes = if self.activates && !self.is_stopped { "; this hub becomes active" } else { "" };
        rest.push(vec!["Ends as".to_owned(), format!("{}{becomes}", self.status.phase)]);
        if !self.is_stopped && !self.status.last_message.is_empty() {
            rest.push(vec![String::new(), self.status.last_message.clone()]);
        }
        text.push_str(&format!("\n{}", columns_within(0, tamed(rest), style.width)));
        if details {
            text.push_str(&self.object_lines());
        }
        // What is left out was said above.
        let told: Vec<Note> =
            self.warnings.iter().filter(|note| !note.message.starts_with("left out")).cloned().collect();
        if !told.is_empty() {
            text.push_str(&format!("\n{}", problems(&told, style)));
        }
        text.extend(self.changes.as_ref().map(|changes| changes.screen(style)));
        text
    }

    /// The summary before a Restore is created.
    pub fn summary(&self, title: &str, style: &Style) -> String {
        let mut lines: Vec<Vec<String>> = Vec::new();
        let hubs = ShortIds::of(self.steps.iter().filter_map(|step| step.hub.as_deref()));
        for part in BackupType::DATA {
            lines.push(self.summary_line(part, &hubs, style.now));
        }
        self.with_cleanup(title, (lines, ""), style)
    }

    /// The summary before an activation: what is still to be restored.
    pub fn activation(&self, title: &str, style: &Style) -> String {
        let line = |(step, is_again): (&StepView, bool)| {
            vec![in_words(step.part), step.from(is_again), step.age(style.now)]
        };
        let in_part = self.in_order().filter(|(step, is_again)| step.is_active && !is_again);
        let in_part: Vec<String> = in_part.map(|(step, _)| in_words(step.part)).collect();
        let remark = match in_part.is_empty() {
            true => String::new(),
            false => format!("  of {} only what is labelled cluster-activation\n", in_part.join(" and ")),
        };
        self.with_cleanup(title, (self.in_order().map(line).collect(), &remark), style)
    }

    /// The steps, and whether one before takes from the same backup.
    fn in_order(&self) -> impl Iterator<Item = (&StepView, bool)> {
        self.steps.iter().enumerate().map(|(i, step)| {
            let mut before = self.steps.iter().take(i);
            (step, before.any(|before| before.backup == step.backup))
        })
    }

    /// The parts in columns with a remark, the cleanup below the first two columns, and what deserves attention.
    fn with_cleanup(&self, title: &str, (lines, remark): (Vec<Vec<String>>, &str), style: &Style) -> String {
        let first = lines.iter().filter_map(|line| line.first()).map(|cell| width(cell)).max().unwrap_or(0);
        let hint = if self.cleanup.objects.is_empty() { "" } else { "   (plan --details lists them)" };
        let cleanup = vec![format!("{:<first$}", "cleanup"), format!("{}{hint}", self.cleanup.shown())];
        format!(
            "{}\n{}{remark}{}{}{}",
            style.bold(harmless(title)),
            columns(2, tamed(lines)),
            columns_within(2, tamed(vec![cleanup]), style.width),
            self.move_line(),
            problems(&self.warnings, style)
        )
    }

    fn summary_line(&self, part: BackupType, hubs: &ShortIds, now: Timestamp) -> Vec<String> {
        let chosen = self.choices.iter().find(|(of, _)| *of == part).map(|(_, choice)| choice.clone());
        let step = self.steps.iter().find(|step| step.part == part.part());
        let mut cells = vec![in_words(part.part()), chosen.unwrap_or_default()];
        match (step, part) {
            (Some(step), _) => cells.extend([step.backup.clone(), step.age(now)]),
            (None, BackupType::ManagedClusters) => {
                let owner = self.steps.iter().find_map(|step| step.hub.as_deref());
                cells.push(owner.map(|hub| format!("stay with hub {}", hubs.show(hub))).unwrap_or_default());
            }
            (None, _) => cells.push("not restored".to_owned()),
        }
        cells
    }
}

fn step(wanted: &WantedRestore, spec: &api::RestoreSpec, candidates: &Candidates<'_>) -> StepView {
    let backup = candidates.named(&wanted.backup);
    // What is labelled for an activation waits for it, and lists tell no labels.
    let waits = spec.managed_clusters_choice() == BackupChoice::Skip
        && matches!(wanted.part, RestoreType::Credentials | RestoreType::ResourcesGeneric);
    StepView {
        order: wanted.order,
        action: if wanted.exists { "keep" } else { "create" },
        part: wanted.part.part(),
        name: wanted.name.clone(),
        backup: wanted.backup.clone(),
        objects: backup
            .filter(|_| !wanted.part.is_active())
            .and_then(|backup| backup.status.as_ref()?.items()),
        reason: wanted.reason.to_string(),
        started: backup.and_then(|backup| Some(backup.status.as_ref()?.start_timestamp.as_ref()?.0)),
        hub: backup.and_then(hub_of).map(str::to_owned),
        is_active: wanted.part.is_active(),
        backup_type: wanted.part.backup_type(),
        managed_clusters: None,
        names: None,
        is_counted: false,
        at_most: waits || spec.label_selector.is_some() || spec.or_label_selectors.is_some(),
    }
}

fn left_out(preview: &Preview) -> Vec<LeftOutView> {
    let view = |left: &crate::plan::restore::LeftOut| LeftOutView {
        what: left.what.part().to_owned(),
        reason: left.reason.to_string(),
        objects: None,
    };
    preview.left_out.iter().map(view).collect()
}

fn status(restore: &api::Restore, stopped: Option<&api::RestoreStatus>) -> StatusView {
    if let Some(status) = stopped {
        return StatusView { phase: status.phase.to_string(), last_message: status.last_message.clone() };
    }
    let passive = restore.spec.managed_clusters_choice() == BackupChoice::Skip;
    let follows = restore.spec.sync_restore_with_new_backups && passive;
    let phase = if follows { RestorePhase::Enabled } else { RestorePhase::Finished };
    let interval = age::interval(shown_sync_interval(&restore.spec));
    let message =
        if follows { format!("then follows new backups, looking every {interval}") } else { String::new() };
    StatusView { phase: phase.to_string(), last_message: message }
}

/// A part as a summary names it.
fn in_words(part: &str) -> String {
    match part.trim_end_matches("-active") {
        "managed-clusters" => "managed clusters".to_owned(),
        part => part.to_owned(),
    }
}

/// Nothing that comes from objects or files steers a terminal.
fn tamed(lines: Vec<Vec<String>>) -> Vec<Vec<String>> {
    lines.into_iter().map(|line| line.iter().map(|cell| harmless(cell).into_owned()).collect()).collect()
}

impl StepView {
    fn age(&self, now: Timestamp) -> String {
        self.started.map(|at| format!("{} old", age::age(at, now))).unwrap_or_default()
    }

    fn counted(&self, objects: usize) -> String {
        let bound = if self.at_most { "at most " } else { "" };
        let clusters = self.managed_clusters.map(|n| format!(", {}", count(n, "managed cluster")));
        let word = if self.is_counted { "object" } else { "item" };
        format!("{bound}{}{}", count(objects, word), clusters.unwrap_or_default())
    }

    /// What the screen shows; `is_again`: a step before takes from the same backup.
    fn cells(&self, is_again: bool) -> Vec<String> {
        let what = match (self.action, self.objects) {
            ("keep", _) => "restored already".to_owned(),
            (_, Some(n)) => self.counted(usize::try_from(n).unwrap_or(0)),
            (_, None) if self.is_active && !is_again => "objects labelled cluster-activation only".to_owned(),
            (_, None) => String::new(),
        };
        let part = self.part.trim_end_matches("-active").to_owned();
        vec![self.order.to_string(), part, self.from(is_again), what]
    }

    /// The backup; `is_again`: a step before takes from the same one.
    fn from(&self, is_again: bool) -> String {
        match is_again {
            true => "same, only labelled cluster-activation".to_owned(),
            false => self.backup.clone(),
        }
    }
}

/// A warning that the hub which wrote the backups may still be alive.
pub fn old_hub_note(message: String) -> Note {
    Note { severity: Severity::Warning, ..Note::warning("old-hub-alive", "", message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Cleanup;
    use crate::plan::ServedApis;
    use crate::render::cleanup::DeletionView;
    use crate::render::contents::Contents;
    use crate::render::looks::looks;
    use crate::velero::object_list::ObjectList;

    fn view(policy: &str) -> PlanView {
        let evil = |text: &str| format!("{text}\u{1b}[2J");
        PlanView {
            name: evil("r1"),
            steps: vec![StepView {
                order: 1,
                action: "create",
                part: "credentials",
                name: "r1-x".to_owned(),
                backup: evil("acm-credentials-schedule-1"),
                objects: Some(1),
                reason: String::new(),
                started: None,
                hub: Some(evil("hub")),
                is_active: false,
                backup_type: BackupType::Credentials,
                managed_clusters: None,
                names: None,
                is_counted: false,
                at_most: false,
            }],
            cleanup: CleanupView { policy: policy.to_owned(), ..CleanupView::default() },
            left_out: vec![generic_left_out(&evil("none in time"))],
            status: StatusView { phase: evil("Finished"), last_message: evil("done") },
            warnings: vec![Note::warning("older-run", "credentials", evil("old"))],
            changes: None,
            activates: false,
            is_stopped: false,
            choices: vec![(BackupType::Credentials, evil("latest"))],
        }
    }

    fn generic_left_out(reason: &str) -> LeftOutView {
        LeftOutView { what: "resources-generic".to_owned(), reason: reason.to_owned(), objects: None }
    }

    #[test]
    fn nothing_in_a_plan_steers_the_terminal() {
        let (view, style) = (view("x\u{1b}c"), Style::plain(Timestamp::UNIX_EPOCH));
        for text in [
            view.screen("Restore r1", true, &style),
            view.summary("r1", &style),
            view.activation("r1", &style),
        ] {
            assert!(!text.contains('\u{1b}') && text.contains("acm-credentials-schedule-1?[2J"), "{text:?}");
        }
    }

    fn with_deletions() -> PlanView {
        let gone = |namespace: &str, name: &str| DeletionView {
            kind: "secrets".to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            reason: "acm-credentials-schedule-20261122120003 does not hold it".to_owned(),
        };
        let objects = vec![gone("team-a", "old-app-credentials"), gone("team-b", "cloud")];
        let cleanup = CleanupView {
            policy: "CleanupRestored".to_owned(),
            deletions: Some(2),
            by_kind: [("secrets".to_owned(), 2)].into(),
            objects,
            at_most: false,
        };
        let reason =
            "the backup at 2026-11-22T12:05:31Z started more than 30 seconds after that of resources";
        let left_out = vec![generic_left_out(reason)];
        let message = "hub 1f30bfe5 wrote 6m ago; it must be stopped before its clusters move";
        let status = StatusView { phase: "Finished".to_owned(), last_message: String::new() };
        let warnings = vec![old_hub_note(message.to_owned())];
        let mut view = PlanView { cleanup, left_out, status, warnings, activates: true, ..view("") };
        view.steps[0].backup = "acm-credentials-schedule-20261122120003".to_owned();
        view.steps[0].hub = Some("1f30bfe5-60b8-4511-805c-298e7c0898b3".to_owned());
        view.choices[0].1 = "latest".to_owned();
        view
    }

    /// The six steps of an activation on a hub that lacks two kinds, with lists of two clusters.
    fn six_steps() -> PlanView {
        let step = |(i, part): (usize, RestoreType)| StepView {
            order: i + 1,
            part: part.part(),
            backup: format!("{}-20261122120003", part.backup_type().schedule_name()),
            objects: None,
            hub: Some("1f30bfe5-60b8-4511-805c-298e7c0898b3".to_owned()),
            is_active: part.is_active(),
            backup_type: part.backup_type(),
            started: Some(Timestamp::UNIX_EPOCH - jiff::SignedDuration::from_mins(38)),
            ..with_deletions().steps.remove(0)
        };
        let steps = RestoreType::ALL.into_iter().enumerate().map(step).collect();
        PlanView { steps, left_out: Vec::new(), ..with_deletions() }
    }

    fn contents() -> Contents {
        let list = |(part, text): (BackupType, &str)| {
            (part, ObjectList::read(text.as_bytes(), |_, _| true).unwrap())
        };
        let clusters =
            r#"{"cluster.open-cluster-management.io/v1/ManagedCluster": ["a", "b", "local-cluster"]}"#;
        let resources =
            r#"{"argoproj.io/v1beta1/ArgoCD": ["x/y", "x/z"], "tower.ansible.com/v1/AnsibleJob": ["x/y"]}"#;
        let lists = [
            (BackupType::Credentials, r#"{"v1/Secret": ["a/auto-import-account", "x/cloud"]}"#),
            (BackupType::Resources, resources),
            (BackupType::ResourcesGeneric, "{}"),
            (BackupType::ManagedClusters, clusters),
        ];
        Contents { lists: lists.map(list).into() }
    }

    #[test]
    fn a_plan_counts_what_comes_and_names_what_stays_out() {
        let (mut view, now) = (six_steps(), Timestamp::UNIX_EPOCH);
        view.count(&contents(), "local-cluster");
        view.leave_out(contents().not_served(&ServedApis::default()));
        view.name_objects(&contents());
        assert_eq!(view.what_moves(), "2 managed clusters");
        let title = "Restore restore-acm-20261122121530 on hub-west, not created";
        insta::assert_snapshot!("looks-six", looks(now, |style| view.screen(title, false, style)));
        insta::assert_snapshot!("objects", view.screen(title, true, &Style::plain(now)));
        let title = "restore-acm-passive will move the managed clusters to hub-west, from";
        insta::assert_snapshot!("looks-activation", looks(now, |style| view.activation(title, style)));
        view.steps.drain(..3);
        insta::assert_snapshot!("looks-following", looks(now, |style| view.activation(title, style)));
        view.cleanup.deletions = Some(0);
        assert!(view.matters(), "kinds that are not served are silently left out");
    }

    #[test]
    fn a_plan_that_is_stopped_says_so_first_and_promises_nothing() {
        let last_message = "Restore r1 is ignored because Restore r2 is not finished".to_owned();
        let status = StatusView { phase: "FinishedWithErrors".to_owned(), last_message };
        let mut view = PlanView { is_stopped: true, activates: true, status, ..with_deletions() };
        view.cleanup = CleanupView { deletions: Some(0), ..CleanupView::unknown(&Cleanup::CleanupRestored) };
        view.left_out.clear();
        assert!(view.matters(), "nothing at all would be restored");
        let now = Timestamp::UNIX_EPOCH;
        insta::assert_snapshot!("looks-stopped", looks(now, |style| view.screen("Restore r1", false, style)));
    }

    #[test]
    fn what_labels_choose_is_a_bound_and_kept_steps_are_not_counted() {
        let mut view = six_steps();
        for step in &mut view.steps {
            (step.at_most, step.action) = (true, if step.order == 1 { "keep" } else { "create" });
        }
        view.count(&contents(), "local-cluster");
        let cells: Vec<String> = view.steps.iter().filter_map(|step| step.cells(false).pop()).collect();
        assert_eq!(cells[0], "restored already");
        assert_eq!(cells[1], "at most 3 objects");
        assert_eq!(cells[3], "at most 0 objects");
    }

    #[test]
    fn every_terminal_shows_a_plan_its_way() {
        let (view, now) = (with_deletions(), Timestamp::UNIX_EPOCH);
        let title = "Restore restore-acm-20261122121530 on hub-west, not created";
        insta::assert_snapshot!("looks-plan", looks(now, |style| view.screen(title, false, style)));
        insta::assert_snapshot!("looks-details", looks(now, |style| view.screen(title, true, style)));
        insta::assert_snapshot!("looks-summary", looks(now, |style| view.summary(title, style)));
    }
}
