//! The list of objects that Velero stores beside each backup.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// How many objects of each kind a backup holds, and the names of those that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectList {
    /// Number of objects by `group/version/Kind`, or `version/Kind` for the core group.
    pub counts: BTreeMap<String, usize>,
    /// Names kept, `namespace/name` or `name`, by the same key.
    pub names: BTreeMap<String, BTreeSet<String>>,
}

impl ObjectList {
    /// Reads a list while it arrives; only names for which `keep(kind, name)` is true stay in memory.
    ///
    /// # Errors
    ///
    /// The list cannot be read, or is none.
    pub fn read(reader: impl Read, keep: impl Fn(&str, &str) -> bool) -> std::io::Result<Self> {
        let mut list = Self::default();
        let mut decoder = serde_json::Deserializer::from_reader(std::io::BufReader::new(reader));
        decoder.deserialize_map(Kinds { list: &mut list, keep: &keep })?;
        Ok(list)
    }

    /// Number of all objects.
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// Of a list that kept all names, those for which `take(kind, name)` is true.
    #[must_use]
    pub fn only(&self, take: impl Fn(&str, &str) -> bool) -> Self {
        let taken = |(kind, names): (&String, &BTreeSet<String>)| {
            let names: BTreeSet<String> = names.iter().filter(|name| take(kind, name)).cloned().collect();
            (!names.is_empty()).then(|| (kind.clone(), names))
        };
        let names: BTreeMap<String, BTreeSet<String>> = self.names.iter().filter_map(taken).collect();
        Self { counts: names.iter().map(|(kind, names)| (kind.clone(), names.len())).collect(), names }
    }

    /// The names kept of a kind, whatever its version.
    pub fn names_of(&self, group: &str, kind: &str) -> BTreeSet<&str> {
        let is_kind = |key: &&String| split(key).0 == group && split(key).2 == kind;
        let keys = self.names.keys().filter(is_kind);
        keys.filter_map(|key| self.names.get(key)).flatten().map(String::as_str).collect()
    }
}

/// Group (empty for the core group), version and kind of a key.
pub fn split(key: &str) -> (&str, &str, &str) {
    let (api_version, kind) = key.rsplit_once('/').unwrap_or(("", key));
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    (group, version, kind)
}

struct Kinds<'a, F> {
    list: &'a mut ObjectList,
    keep: &'a F,
}

impl<'de, F: Fn(&str, &str) -> bool> Visitor<'de> for Kinds<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of objects by kind")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut kinds: A) -> Result<(), A::Error> {
        while let Some(kind) = kinds.next_key::<String>()? {
            let mut names = BTreeSet::new();
            let count = kinds.next_value_seed(Names { names: &mut names, kind: &kind, keep: self.keep })?;
            if !names.is_empty() {
                self.list.names.insert(kind.clone(), names);
            }
            self.list.counts.insert(kind, count);
        }
        Ok(())
    }
}

struct Names<'a, F> {
    names: &'a mut BTreeSet<String>,
    kind: &'a str,
    keep: &'a F,
}

impl<'de, F: Fn(&str, &str) -> bool> DeserializeSeed<'de> for Names<'_, F> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: Fn(&str, &str) -> bool> Visitor<'de> for Names<'_, F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(name) = names.next_element::<String>()? {
            count += 1;
            if (self.keep)(self.kind, &name) {
                self.names.insert(name);
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"cluster.open-cluster-management.io/v1/ManagedCluster":["a","b"],
        "v1/Secret":["a/auto-import-account","a/other","b/other"]}"#;

    #[test]
    fn objects_are_counted_and_only_names_asked_for_are_kept() {
        let list = ObjectList::read(LIST.as_bytes(), |kind, name| {
            kind == "v1/Secret" && name.ends_with("/auto-import-account")
        })
        .unwrap();
        assert_eq!(list.total(), 5);
        assert_eq!(list.names_of("", "Secret"), BTreeSet::from(["a/auto-import-account"]));
        assert!(list.names_of("cluster.open-cluster-management.io", "ManagedCluster").is_empty());
    }

    #[test]
    fn what_is_taken_of_a_list_is_counted_anew() {
        let list = ObjectList::read(LIST.as_bytes(), |_, _| true).unwrap();
        let taken = list.only(|kind, name| kind == "v1/Secret" && name.starts_with("a/"));
        assert_eq!(taken.counts, [("v1/Secret".to_owned(), 2)].into());
    }

    #[test]
    fn anything_but_a_list_is_an_error() {
        for text in ["", "[]", r#"{"v1/Secret": 7}"#, r#"{"v1/Secret": ["a"#] {
            assert!(ObjectList::read(text.as_bytes(), |_, _| true).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_a_group_a_version_and_a_kind() {
        assert_eq!(split("apps/v1/Deployment"), ("apps", "v1", "Deployment"));
        assert_eq!(split("v1/Secret"), ("", "v1", "Secret"));
    }
}
