//! Decoding one object so that another one that does not decode stops nothing.

use kube::core::DynamicObject;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::plan::Unreadable;

/// An object, or what the server has in its place and why that does not decode.
#[derive(Debug, Clone)]
pub(super) struct Guarded<K>(pub(super) Result<K, Box<Unreadable>>);

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let readable = K::deserialize(&value).map_err(|_| unreadable::<K>(value));
        match readable {
            Ok(object) => Ok(Self(Ok(object))),
            Err(unreadable) => Ok(Self(Err(unreadable.map_err(D::Error::custom)?))),
        }
    }
}

impl<K: DeserializeOwned> Guarded<K> {
    /// Reads an object from its text, which takes a fraction of the time and memory.
    ///
    /// # Errors
    ///
    /// It is no object at all.
    pub(super) fn from_text(text: &str) -> serde_json::Result<Self> {
        match serde_json::from_str(text) {
            Ok(object) => Ok(Self(Ok(object))),
            Err(_) => Ok(Self(Err(unreadable::<K>(serde_json::from_str(text)?)?))),
        }
    }
}

fn unreadable<K: DeserializeOwned>(value: Value) -> serde_json::Result<Box<Unreadable>> {
    let why = why::<K>(&value);
    let mut object: DynamicObject = serde_json::from_value(value)?;
    object.metadata.managed_fields = None;
    Ok(Box::new(Unreadable { object, why }))
}

/// Names the field; told apart from the attempt above, because keeping track of the place costs time.
fn why<K: DeserializeOwned>(value: &Value) -> String {
    match serde_path_to_error::deserialize::<_, K>(value) {
        Ok(_) => String::new(),
        Err(error) => format!("{}: {}", error.path(), error.inner()),
    }
}

/// Decodes an object the server answered.
pub(crate) fn read<K: DeserializeOwned>(object: &DynamicObject) -> Result<K, Box<Unreadable>> {
    let unreadable = |why: String| Box::new(Unreadable { object: object.clone(), why });
    let value = serde_json::to_value(object).map_err(|error| unreadable(error.to_string()))?;
    K::deserialize(&value).map_err(|_| unreadable(why::<K>(&value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::{BackupSchedule, Restore};

    fn why_of<K: DeserializeOwned>(value: Value) -> String {
        let guarded: Guarded<K> = serde_json::from_value(value).unwrap();
        guarded.0.map(|_| "readable").unwrap_err().why
    }

    #[test]
    fn the_field_is_named_however_deep_it_is() {
        let schedule = json!({"metadata": {"name": "s"}, "spec": {"maxBackups": "many"}});
        assert_eq!(
            why_of::<BackupSchedule>(schedule),
            "spec.maxBackups: invalid type: string \"many\", expected i64"
        );
        let restore = json!({"metadata": {"name": "r"}, "spec": {"hooks": {"resources": [{"name": 7}]}}});
        assert!(why_of::<Restore>(restore).starts_with("spec.hooks.resources[0].name: "));
    }

    #[test]
    fn the_object_is_kept_as_the_server_has_it() {
        let value = json!({"metadata": {"name": "s", "uid": "u"}, "spec": 7, "status": {"phase": "New"}});
        let guarded: Guarded<BackupSchedule> = serde_json::from_value(value).unwrap();
        let unreadable = guarded.0.map(|_| "readable").unwrap_err();
        assert_eq!(unreadable.object.metadata.uid.as_deref(), Some("u"));
        assert_eq!(unreadable.object.data["status"]["phase"], "New");
    }
}
