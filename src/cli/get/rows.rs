//! What the tables of `get` show: objects as far as their columns read them, which of thousands is a small part.

use kube::ResourceExt;
use kube::core::DynamicObject;

use super::command::Get;
use super::read::Listed;
use crate::cli::error::Result;
use crate::cli::noun::Noun;
use crate::cli::output::Format;
use crate::plan::runs::Run;
use crate::render::get as tables;
use crate::{api, velero};

/// The lines of a table.
pub(super) enum Rows {
    Schedules(Vec<api::BackupSchedule>),
    Restores(Vec<api::Restore>),
    Backups(Vec<velero::Backup>),
    /// Runs, and the backups they are made of.
    Runs(Vec<(String, Run)>, Vec<velero::Backup>),
}

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Schedules(schedules) => schedules.is_empty(),
            Self::Restores(restores) => restores.is_empty(),
            Self::Backups(backups) => backups.is_empty(),
            Self::Runs(runs, _) => runs.is_empty(),
        }
    }

    /// The first few runs, which are the newest, and the backups they are made of; other lines are all kept.
    pub(super) fn newest(self, number: usize) -> Self {
        let Self::Runs(mut runs, mut backups) = self else { return self };
        runs.truncate(number);
        let used = |name: &str| runs.iter().any(|(_, run)| run.parts.values().any(|part| part == name));
        backups.retain(|backup| used(&backup.name_any()));
        Self::Runs(runs, backups)
    }
}

impl Get<'_> {
    /// Reads the lines of a noun. Exit 4 if none asked for is there.
    pub(super) async fn rows(&self, noun: Noun) -> Result<Rows> {
        Ok(match noun {
            Noun::Schedule => Rows::Schedules(self.asked_for(noun).await?),
            Noun::Restore => Rows::Restores(self.asked_for(noun).await?),
            Noun::Backup => Rows::Backups(self.asked_for(noun).await?),
            Noun::Run => {
                let backups = self.scope.typed::<velero::Backup>(None).await?;
                Rows::Runs(self.runs(&backups)?, backups)
            }
        })
    }

    async fn asked_for<K: Listed>(&self, noun: Noun) -> Result<Vec<K>> {
        let mut found = self.scope.typed::<K>(self.scope.fields()).await?;
        self.scope.select(noun, &mut found)?;
        Ok(found)
    }

    /// The lines of objects that were read whole.
    pub(super) fn rows_of(&self, noun: Noun, objects: &[DynamicObject]) -> Result<Rows> {
        Ok(match noun {
            Noun::Schedule => Rows::Schedules(self.scope.decode(objects)),
            Noun::Restore => Rows::Restores(self.scope.decode(objects)),
            Noun::Backup => Rows::Backups(self.scope.decode(objects)),
            Noun::Run => {
                let backups = self.scope.decode(objects);
                Rows::Runs(self.runs(&backups)?, backups)
            }
        })
    }

    /// The table of these lines.
    pub(super) async fn table(&self, rows: &Rows, headless: bool) -> Result<String> {
        let style = self.scope.session.out();
        let wide = self.args.output == Some(Format::Wide);
        let look = tables::Look { wide, namespaces: self.args.all_namespaces, headless };
        Ok(match rows {
            Rows::Schedules(schedules) => {
                let beside = (self.scope.beside().await?, self.scope.beside().await?);
                tables::schedules(schedules, (&beside.0, &beside.1), &style, look)
            }
            Rows::Restores(restores) => tables::restores(restores, &style, look),
            Rows::Backups(shown) => {
                // A run is known by all its backups, not only by those asked for.
                let all = if wide { Some(self.scope.beside().await?) } else { None };
                tables::backups(shown, all.as_ref().unwrap_or(shown), &style, look)
            }
            Rows::Runs(runs, backups) => tables::runs(runs, backups, &style, look),
        })
    }
}
