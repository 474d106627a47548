//! Owners that are made in the same plan as what they own.

use super::{NewObject, Outcome};

/// Completes owner references without a uid from objects created by earlier steps; drops those of nobody.
///
/// A plan cannot know the uid of what it is about to create. Spec: S-093
#[must_use]
pub fn with_owner_uids(mut object: NewObject, done: &[Outcome]) -> NewObject {
    if let Some(owners) = object.metadata_mut().owner_references.as_mut() {
        for owner in owners.iter_mut().filter(|owner| owner.uid.is_empty()) {
            owner.uid = uid_of(&owner.kind, &owner.name, done).unwrap_or_default();
        }
        owners.retain(|owner| !owner.uid.is_empty());
    }
    object
}

fn uid_of(kind: &str, name: &str, done: &[Outcome]) -> Option<String> {
    done.iter().find_map(|outcome| match outcome {
        Outcome::Done(Some(object)) => {
            let is_kind = object.types.as_ref().is_some_and(|types| types.kind == kind);
            (is_kind && object.metadata.name.as_deref() == Some(name)).then(|| object.metadata.uid.clone())?
        }
        _ => None,
    })
}
