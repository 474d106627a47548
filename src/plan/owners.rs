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

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    use super::*;
    use crate::velero::Backup;

    fn owned_by(kind: &str, uid: &str) -> NewObject {
        let owner = OwnerReference {
            kind: kind.to_owned(),
            name: "s".to_owned(),
            uid: uid.to_owned(),
            ..Default::default()
        };
        let mut backup = Backup::default();
        backup.metadata.owner_references = Some(vec![owner]);
        NewObject::VeleroBackup(backup)
    }

    fn uids(object: NewObject) -> Vec<String> {
        let made = serde_json::json!({
            "apiVersion": "velero.io/v1", "kind": "Schedule", "metadata": {"name": "s", "uid": "fresh"},
        });
        let done = [Outcome::Done(Some(Box::new(serde_json::from_value(made).unwrap())))];
        let object = with_owner_uids(object, &done);
        object.metadata().owner_references.iter().flatten().map(|owner| owner.uid.clone()).collect()
    }

    /// S-093
    #[test]
    fn a_first_backup_is_owned_by_the_schedule_made_before_it() {
        assert_eq!(uids(owned_by("Schedule", "")), ["fresh"]);
    }

    #[test]
    fn a_known_owner_stays_and_an_unknown_one_goes() {
        assert_eq!(uids(owned_by("Schedule", "known")), ["known"]);
        assert_eq!(uids(owned_by("Restore", "")), Vec::<String>::new());
    }
}
