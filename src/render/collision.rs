//! What another hub did, by which this one would end in a collision.

use super::hub_id::ShortIds;
use crate::plan::collision::Collision;

/// In one sentence; ids are as short as they can be beside `ours`.
pub fn sentence(collision: &Collision, ours: &str) -> String {
    let short = |id: &str| ShortIds::of([id, ours]).show(id);
    match collision {
        Collision::ForeignBackup { backup, theirs, .. } => {
            format!("hub {} wrote {backup}, which is the newest run", short(theirs))
        }
        Collision::Restored { record, by } => {
            format!("hub {} activated the managed clusters, as {record} says", short(by))
        }
    }
}
