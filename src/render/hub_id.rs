//! Hub ids, shortened where that is unambiguous.

use std::collections::{BTreeMap, BTreeSet};

const SHORT_CHARS: usize = 8;

/// Short forms of hub ids that are shown together.
#[derive(Debug, Clone, Default)]
pub struct ShortIds(BTreeMap<String, String>);

impl ShortIds {
    /// Shortens all of `ids`, or none if two of them would look the same.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        let cut = |id: &str| id.chars().take(SHORT_CHARS).collect::<String>();
        let short: BTreeSet<String> = ids.iter().map(|id| cut(id)).collect();
        let distinct = short.len() == ids.len();
        Self(
            ids.iter()
                .map(|id| ((*id).to_owned(), if distinct { cut(id) } else { (*id).to_owned() }))
                .collect(),
        )
    }

    /// The short form; the id itself if it was not among the ids.
    pub fn show(&self, id: &str) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_only_while_they_stay_distinct() {
        let ids = ["be97a9eb-60b8", "1f30bfe5-0000"];
        assert_eq!(ShortIds::of(ids).show("be97a9eb-60b8"), "be97a9eb");
        let alike = ["be97a9eb-60b8", "be97a9eb-0000"];
        assert_eq!(ShortIds::of(alike).show("be97a9eb-60b8"), "be97a9eb-60b8");
    }
}
