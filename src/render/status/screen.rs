//! The screen as text.

use jiff::Timestamp;

use super::{LoopView, RestoreView, Role, RunView, ScheduleView, Status, Unread};
use crate::render::age;
use crate::render::hub_id::ShortIds;
use crate::render::line::{columns, columns_within};
use crate::render::problems::{next, problems};
use crate::render::style::{Mark, Style};
use crate::render::text::{count, harmless};
use crate::wire::GoDuration;

impl Unread {
    fn text(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::NotServed => "not served here",
            Self::NotCaptured => "not captured",
        }
    }
}

impl Status {
    /// The screen; `hub` and `namespace` are the first two lines.
    pub fn screen(&self, hub: &str, namespace: &str, style: &Style) -> String {
        let ids = ShortIds::of(self.hub_id.as_deref().into_iter().chain(self.writer()));
        let mut text = columns(
            0,
            vec![
                vec!["Hub".to_owned(), format!("{}  {}", style.bold(hub), self.identity(&ids))],
                vec!["Namespace".to_owned(), harmless(namespace).into_owned()],
            ],
        );
        text.push('\n');
        text.push_str(&columns_within(0, self.body(&ids, style), style.width));
        text.push_str(&format!("{}  {}\n\n", title("Loop"), self.loop_line(style.now)));
        match self.problems.is_empty() {
            true => text.push_str(&format!("{} No problems.\n", style.mark(Mark::Good))),
            false => text.push_str(&problems(&self.problems, style)),
        }
        let commands: Vec<(String, String)> =
            self.next.iter().cloned().zip(self.remarks.iter().cloned()).collect();
        text.push_str(&next(&commands, style));
        text
    }

    fn unread_as(&self, what: &str) -> Option<Unread> {
        self.unread.iter().find(|(name, _)| *name == what).map(|(_, why)| *why)
    }

    fn identity(&self, ids: &ShortIds) -> String {
        let id = match self.hub_id.as_deref() {
            None => format!("hub id {}", self.unread_as("hub").map_or("unknown", Unread::text)),
            Some("unknown") => "hub id unknown".to_owned(),
            Some(id) => ids.show(id),
        };
        let role = match (self.role, self.writer()) {
            (Role::Passive, Some(writer)) => format!("passive, follows hub {}", ids.show(writer)),
            (role, _) => format!("{role:?}").to_lowercase(),
        };
        format!("{}  {}", harmless(&id), harmless(&role))
    }

    /// Not in the columns of the rest, because holders have long names.
    fn loop_line(&self, now: Timestamp) -> String {
        match &self.loop_ {
            None => self.none("loop").to_owned(),
            Some(held) => format!("{} {}", harmless(&held.holder), held.text(now)),
        }
    }

    /// What stands for nothing: not there, or why it could not be read.
    fn none(&self, what: &str) -> &'static str {
        self.unread_as(what).map_or("<none>", Unread::text)
    }

    fn body(&self, ids: &ShortIds, style: &Style) -> Vec<Vec<String>> {
        let now = style.now;
        let none = |what: &str| self.none(what).to_owned();
        let mut lines: Vec<Vec<String>> = Vec::new();
        for (i, location) in self.storage.iter().enumerate() {
            let checked = location
                .checked_at
                .map(|at| format!(", checked {} ago", age::age(at, now)))
                .unwrap_or_default();
            let title = if i == 0 { "Storage" } else { "" };
            let state = if location.phase.is_empty() { "not checked by Velero" } else { &location.phase };
            lines.push(vec![
                title.to_owned(),
                harmless(&location.name).into_owned(),
                format!("{}{checked}", style.phase(state)),
            ]);
        }
        if self.storage.is_empty() {
            lines.push(vec!["Storage".to_owned(), none("storage")]);
        }
        lines.push(match &self.schedule {
            None => vec!["Schedule".to_owned(), none("schedules")],
            Some(schedule) => {
                vec!["Schedule".to_owned(), harmless(&schedule.name).into_owned(), schedule.text(style)]
            }
        });
        match &self.last_run {
            None => lines.push(vec!["Last run".to_owned(), none("backups")]),
            Some(run) => lines.extend(run.lines(self.hub_id.as_deref(), ids, style)),
        }
        lines.push(match &self.restore {
            None => vec!["Restore".to_owned(), none("restores")],
            Some(restore) => {
                vec!["Restore".to_owned(), harmless(&restore.name).into_owned(), restore.text(style)]
            }
        });
        lines.extend(self.restore.as_ref().map(RestoreView::clusters_line));
        // What a restore under way says is news; what a settled one says is known, or a problem.
        if let Some(restore) =
            self.restore.as_ref().filter(|r| matches!(r.phase.as_str(), "Started" | "Running"))
        {
            lines.push(vec![String::new(), String::new(), style.dim(harmless(&restore.message))]);
        }
        for first in lines.iter_mut().filter_map(|line| line.first_mut()) {
            *first = title(first);
        }
        lines
    }
}

/// As wide as the widest of all, so that both blocks stand in the same columns.
fn title(text: &str) -> String {
    format!("{text:<9}")
}

impl ScheduleView {
    fn text(&self, style: &Style) -> String {
        let phase = if self.phase.is_empty() { "not processed yet" } else { &self.phase };
        let kept =
            self.ttl.as_deref().and_then(|ttl| ttl.parse::<GoDuration>().ok()).filter(|ttl| !ttl.is_zero());
        let kept = kept.map(|ttl| format!(", keeps {}", age::seconds(ttl.as_secs()))).unwrap_or_default();
        let next = self
            .next_run_at
            .map(|at| format!(", next run {}", age::ahead(at, style.now, "due now")))
            .unwrap_or_default();
        let zone = if self.cron.contains("TZ=") || self.cron.starts_with("@every") { "" } else { " UTC" };
        format!("{}, {}{zone}{kept}{next}", style.phase(phase), harmless(&self.cron))
    }
}

impl RunView {
    fn lines(&self, ours: Option<&str>, ids: &ShortIds, style: &Style) -> Vec<Vec<String>> {
        let foreign = self.hub.as_deref().filter(|hub| Some(*hub) != ours);
        let writer =
            foreign.map(|hub| format!(", written by hub {}", harmless(&ids.show(hub)))).unwrap_or_default();
        let age = age::age(self.started_at, style.now);
        let text = format!("{age} ago, {}{writer}", style.phase(&self.status));
        let mut lines = vec![vec!["Last run".to_owned(), harmless(&self.id).into_owned(), text]];
        for part in &self.parts {
            let phase = if part.backup.is_none() { "missing" } else { part.phase.as_str() };
            let phase = if phase.is_empty() { "waiting" } else { phase };
            let items = part
                .items
                .map(|n| format!("  {}", count(usize::try_from(n).unwrap_or(0), "item")))
                .unwrap_or_default();
            lines.push(vec![String::new(), part.part.to_owned(), format!("{}{items}", style.phase(phase))]);
        }
        lines
    }
}

impl RestoreView {
    fn text(&self, style: &Style) -> String {
        let phase = if self.phase.is_empty() { "not processed yet" } else { &self.phase };
        let every = self
            .sync_interval
            .as_ref()
            .map(|every| format!(", every {}", harmless(&age::interval(every))))
            .unwrap_or_default();
        let step = match (&self.run, self.in_step) {
            (Some(run), Some(true)) => format!(", in step with {run}"),
            (Some(run), _) => format!(", still at {run}"),
            (None, _) => String::new(),
        };
        format!("{}{every}{}", style.phase(phase), harmless(&step))
    }

    fn clusters_line(&self) -> Vec<String> {
        let clusters = match self.managed_clusters.to_lowercase() {
            skip if skip == "skip" => "not activated".to_owned(),
            other => harmless(&other).into_owned(),
        };
        vec![String::new(), "managed clusters".to_owned(), clusters]
    }
}

impl LoopView {
    fn text(&self, now: Timestamp) -> String {
        let renewed =
            self.renewed_at.map(|at| format!(", renewed {} ago", age::age(at, now))).unwrap_or_default();
        let state = if self.overdue { "held the lease" } else { "holds the lease" };
        format!("{state}{renewed}")
    }
}
