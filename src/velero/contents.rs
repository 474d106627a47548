//! The objects a backup holds, read from its archive one after the other.

use std::io::{Read, Result};
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;

/// An object is never larger; etcd takes 1.5 MiB.
const OBJECT_MAX: u64 = 8 * 1024 * 1024;

/// Where an archive keeps an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its kind: `plural` or `plural.group`.
    pub resource: &'a str,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Place<'a> {
    /// `resources/KIND/namespaces/NAMESPACE/NAME.json` or `resources/KIND/cluster/NAME.json`; other entries hold the
    /// same objects once more, by version.
    fn of(path: &'a Path) -> Option<Self> {
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let name = parts.last()?.strip_suffix(".json")?;
        match parts.as_slice() {
            ["resources", resource, "namespaces", namespace, _] => Some(Self { resource, namespace, name }),
            ["resources", resource, "cluster", _] => Some(Self { resource, namespace: "", name }),
            _ => None,
        }
    }
}

/// Hands over each object that is `wanted`, together with what `wanted` made of its place, until `take` breaks off.
///
/// Only one object is in memory at a time. One that is no JSON is left out: it is Velero's to report.
///
/// # Errors
///
/// The archive cannot be read.
pub fn each<T>(
    archive: impl Read,
    wanted: impl Fn(Place<'_>) -> Option<T>,
    mut take: impl FnMut(T, Value) -> ControlFlow<()>,
) -> Result<()> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Some(known) = Place::of(&path).and_then(&wanted) else { continue };
        let text = std::io::read_to_string((&mut entry).take(OBJECT_MAX))?;
        let Ok(object) = serde_json::from_str(&text) else { continue };
        if take(known, object).is_break() {
            break;
        }
    }
    Ok(())
}

/// An archive of these entries, for tests.
#[cfg(test)]
pub(crate) fn packed(entries: &[(&str, Value)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, object) in entries {
        let text = object.to_string();
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_object_comes_once_with_its_place_until_somebody_has_enough() {
        let entries = [
            ("metadata/version", json!("1.1.0")),
            ("resources/secrets/namespaces/a/s1.json", json!(1)),
            ("resources/secrets/v1-preferredversion/namespaces/a/s1.json", json!(1)),
            ("resources/managedclusters.cluster.open-cluster-management.io/cluster/c1.json", json!(2)),
            ("resources/secrets/namespaces/a/s2.json", json!(3)),
        ];
        let read = |last: i64| {
            let mut found = Vec::new();
            let told = |place: Place<'_>| Some(format!("{}/{}", place.namespace, place.name));
            each(packed(&entries).as_slice(), told, |place, object| {
                found.push(place);
                if object == json!(last) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
            found
        };
        assert_eq!(read(3), ["a/s1", "/c1", "a/s2"]);
        assert_eq!(read(2), ["a/s1", "/c1"]);
    }
}
