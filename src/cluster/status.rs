//! Status writes: at most one per pass, only what differs, never over somebody else's change.

use kube::Client;
use kube::core::DynamicObject;
use serde_json::{Map, Value, json};

use super::apply::with_preconditions;
use super::error::{Class, Error};
use super::write::{Place, patch_status};
use crate::api;
use crate::plan::{HubSnapshot, NextStatus, Subject, SubjectKind};

/// What became of a status write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// It was so already; nothing was sent. Spec: R-142
    Unchanged,
    /// Done; the object as the server answered it.
    Done(Box<DynamicObject>),
    /// The object changed in a way that matters; plan again. Spec: S-272
    Conflict,
    /// The object is gone.
    Gone,
}

/// The subject as it was observed, as far as a status write needs it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Base {
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    status: Value,
}

/// Writes the status of the subject of `hub`.
///
/// # Errors
///
/// The server refused or did not answer; the whole pass is then repeated. Spec: R-141
pub async fn write(client: &Client, hub: &HubSnapshot, next: &NextStatus) -> Result<Written, Error> {
    let Some(base) = base_of(hub) else { return Ok(Written::Gone) };
    let place = place_of(&hub.subject);
    let next = serde_json::to_value(next).unwrap_or_default();
    let Some(change) = difference(&base.status, &next) else { return Ok(Written::Unchanged) };
    match send(client, &place, &base, &change).await? {
        Written::Conflict => again(client, &place, &base, &change).await,
        written => Ok(written),
    }
}

/// Tries once more if only something changed that the plan does not read, such as a label. Spec: S-272
async fn again(client: &Client, place: &Place, base: &Base, change: &Value) -> Result<Written, Error> {
    let api = kube::Api::<DynamicObject>::namespaced_with(client.clone(), &place.namespace, &place.resource);
    let found = api.get_opt(&place.name).await.map_err(Error::on("get", place.to_string()))?;
    let Some(found) = found.map(|object| as_we_read_it(place, object)) else { return Ok(Written::Gone) };
    let same = found.uid == base.uid && found.generation == base.generation && found.status == base.status;
    if same { send(client, place, &found, change).await } else { Ok(Written::Conflict) }
}

async fn send(client: &Client, place: &Place, base: &Base, change: &Value) -> Result<Written, Error> {
    let patch = json!({"status": change});
    let patch = with_preconditions(&patch, base.uid.as_deref(), base.resource_version.as_deref());
    match patch_status(client, place, &patch).await {
        Ok(object) => Ok(Written::Done(Box::new(object))),
        Err(error) => match error.class() {
            Class::Conflict => Ok(Written::Conflict),
            Class::NotFound => Ok(Written::Gone),
            _ => Err(error),
        },
    }
}

/// Where the subject is.
pub fn place_of(subject: &Subject) -> Place {
    match subject.kind {
        SubjectKind::BackupSchedule => Place::of::<api::BackupSchedule>(&subject.namespace, &subject.name),
        SubjectKind::Restore => Place::of::<api::Restore>(&subject.namespace, &subject.name),
    }
}

fn base_of(hub: &HubSnapshot) -> Option<Base> {
    if let Some(unreadable) = &hub.unreadable {
        return Some(base_of_object(&unreadable.object));
    }
    let object = match hub.subject.kind {
        SubjectKind::BackupSchedule => serde_json::to_value(hub.subject_schedule()?),
        SubjectKind::Restore => serde_json::to_value(hub.subject_restore()?),
    };
    serde_json::from_value(object.ok()?).ok().map(|object| base_of_object(&object))
}

/// Through our own type, so that both sides of a comparison are written alike.
fn as_we_read_it(place: &Place, object: DynamicObject) -> Base {
    let read = match place.resource.kind.as_str() {
        "Restore" => object.clone().try_parse().map(|restore: api::Restore| serde_json::to_value(restore)),
        _ => object.clone().try_parse().map(|schedule: api::BackupSchedule| serde_json::to_value(schedule)),
    };
    let read = read.ok().and_then(Result::ok).and_then(|value| serde_json::from_value(value).ok());
    base_of_object(&read.unwrap_or(object))
}

fn base_of_object(object: &DynamicObject) -> Base {
    let metadata = &object.metadata;
    Base {
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
        generation: metadata.generation,
        status: object.data.get("status").cloned().unwrap_or_else(|| json!({})),
    }
}

/// The JSON merge patch from one value to the other; `None` if they are equal.
pub fn difference(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut change = Map::new();
    for (key, value) in after {
        match before.get(key) {
            Some(earlier) => difference(earlier, value).map(|inner| change.insert(key.clone(), inner)),
            None => Some(change.insert(key.clone(), value.clone())),
        };
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        change.insert(key.clone(), Value::Null);
    }
    (!change.is_empty()).then_some(Value::Object(change))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: S-031
    #[test]
    fn a_field_that_goes_is_an_explicit_null() {
        let old = json!({"phase": "Enabled", "copy": {"a": 1, "b": 2}});
        let new = json!({"phase": "Enabled", "copy": {"a": 1}});
        assert_eq!(difference(&old, &new), Some(json!({"copy": {"b": null}})));
        assert_eq!(difference(&old, &json!({"phase": "New"})), Some(json!({"phase": "New", "copy": null})));
    }

    /// Spec: S-272, S-295
    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let status = json!({"phase": "Enabled", "list": [1, 2]});
        assert_eq!(difference(&status, &status), None);
    }

    #[test]
    fn lists_are_replaced_whole() {
        assert_eq!(difference(&json!({"l": [1, 2]}), &json!({"l": [2]})), Some(json!({"l": [2]})));
    }
}
