//! Reads a case: a snapshot with `now`, laid over the base it names.

use std::fs;
use std::path::Path;

use acmbackup::plan::HubSnapshot;
use acmbackup::wire::yaml;
use jiff::Timestamp;
use serde_json::Value;

/// What the planner is given.
pub(crate) struct Case {
    /// The hub.
    pub(crate) snapshot: HubSnapshot,
    /// The moment.
    pub(crate) now: Timestamp,
}

impl Case {
    /// Reads `path`; `base: name` lays it over `bases/<name>.yaml` as a JSON merge patch, then `set` changes
    /// single values by JSON pointer.
    pub(crate) fn read(path: &Path, bases: &Path) -> Result<Self, String> {
        let mut input = value_of(path)?;
        // Taken out first, because a `null` in it is not one of the merge patch.
        let changes = take(&mut input, "set");
        if let Some(base) = take(&mut input, "base") {
            let mut whole = value_of(&bases.join(format!("{}.yaml", base.as_str().unwrap_or_default())))?;
            merge(&mut whole, input);
            input = whole;
        }
        if let Some(Value::Object(changes)) = changes {
            for (pointer, value) in changes {
                set(&mut input, &pointer, value).ok_or(format!("set: nothing at {pointer}"))?;
            }
        }
        let now = take(&mut input, "now").ok_or("`now` is missing")?;
        let now = now.as_str().unwrap_or_default().parse().map_err(|why| format!("now: {why}"))?;
        let snapshot: HubSnapshot = serde_json::from_value(input.clone()).map_err(|why| why.to_string())?;
        let read = serde_json::to_value(&snapshot).map_err(|why| why.to_string())?;
        match lost("", &input, &read) {
            Some(key) => Err(format!("`{key}` is misspelt, or says what is so anyway")),
            None => Ok(Self { snapshot, now }),
        }
    }

    /// The base a case names; `None` without one.
    pub(crate) fn base_of(path: &Path) -> Option<String> {
        take(&mut value_of(path).ok()?, "base")?.as_str().map(str::to_owned)
    }
}

fn value_of(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
    yaml::from_str(&text).map_err(|why| format!("{}: {why}", path.display()))
}

fn take(value: &mut Value, key: &str) -> Option<Value> {
    value.as_object_mut()?.shift_remove(key)
}

/// RFC 7396: maps are joined, `null` removes, everything else replaces.
pub(crate) fn merge(base: &mut Value, over: Value) {
    let Value::Object(over) = over else {
        *base = over;
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Default::default());
    }
    let Some(base) = base.as_object_mut() else { return };
    for (key, value) in over {
        match value {
            Value::Null => drop(base.shift_remove(&key)),
            value => merge(base.entry(key).or_insert(Value::Null), value),
        }
    }
}

/// Sets the value at a JSON pointer (RFC 6901), or removes it with `null`; `/-` appends. `None` without a parent.
fn set(input: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let key = key.replace("~1", "/");
    match (input.pointer_mut(parent)?, value) {
        (Value::Object(map), Value::Null) => map.shift_remove(&key).map(drop),
        (Value::Object(map), value) => {
            map.insert(key, value);
            Some(())
        }
        (Value::Array(list), Value::Null) => {
            list.remove(key.parse().ok()?);
            Some(())
        }
        (Value::Array(list), value) if key == "-" => {
            list.push(value);
            Some(())
        }
        (Value::Array(list), value) => list.get_mut(key.parse::<usize>().ok()?).map(|place| *place = value),
        _ => None,
    }
}

/// The first key of `input` that the snapshot did not take in.
fn lost(path: &str, input: &Value, read: &Value) -> Option<String> {
    match (input, read) {
        (Value::Object(input), Value::Object(read)) => input.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            read.get(key).map_or(Some(path.clone()), |read| lost(&path, value, read))
        }),
        (Value::Array(input), Value::Array(read)) => {
            input.iter().zip(read).find_map(|(input, read)| lost(&format!("{path}[]"), input, read))
        }
        _ => None,
    }
}
