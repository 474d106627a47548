//! The tables of `get`: one file per noun.

mod backups;
mod restores;
mod runs;
mod schedules;
#[cfg(test)]
mod tests;

pub use backups::backups;
pub use restores::restores;
pub use runs::{all_runs, runs};
pub use schedules::schedules;

use super::hub_id::ShortIds;
use super::table::Table;

/// What tables leave out or add.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// All columns, and hub ids in full.
    pub wide: bool,
    /// A column for the namespace.
    pub namespaces: bool,
    /// No line of titles.
    pub headless: bool,
}

impl Look {
    /// A table with the usual titles, those of `wide` before `AGE`.
    fn table(self, usual: &[&str], wide: &[&str]) -> Table {
        let namespace: &[&str] = if self.namespaces { &["NAMESPACE"] } else { &[] };
        let wide = if self.wide { wide } else { &[] };
        let titles: Vec<&str> = [namespace, usual, wide, &["AGE"]].concat();
        Table::new(titles).with_phases(&["PHASE", "STATUS"]).cutting("MESSAGE").headless(self.headless)
    }

    /// Cells in the order of the titles.
    fn row(
        self,
        namespace: Option<&String>,
        (usual, wide): (Vec<String>, Vec<String>),
        age: String,
    ) -> Vec<String> {
        let namespace = self.namespaces.then(|| namespace.cloned().unwrap_or_default());
        let wide = if self.wide { wide } else { Vec::new() };
        namespace.into_iter().chain(usual).chain(wide).chain([age]).collect()
    }

    fn hub(self, hub: Option<&str>, ids: &ShortIds) -> String {
        match hub {
            Some(hub) if self.wide => hub.to_owned(),
            Some(hub) => ids.show(hub),
            None => String::new(),
        }
    }
}
