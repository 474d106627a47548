//! A kind of object that is neither ours nor Velero's.

use std::fmt;

use kube::core::DynamicObject;
use serde::{Deserialize, Serialize};

/// A kind as the API server serves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKind {
    /// API group; empty for the core group.
    pub group: String,
    /// Version, such as `v1`.
    pub version: String,
    /// Kind, in the server's spelling.
    pub kind: String,
    /// Plural, as in the server's paths.
    pub plural: String,
}

/// An object of such a kind, to create.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OtherObject {
    /// Its kind.
    #[serde(skip)]
    pub kind: ObjectKind,
    /// The object; its `types` say the same as `kind`.
    pub object: Box<DynamicObject>,
}

impl ObjectKind {
    /// A kind from its group, version, kind and plural.
    pub fn new([group, version, kind, plural]: [&str; 4]) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into(), plural: plural.into() }
    }

    /// `plural.group`, as permissions and lists name it.
    pub fn resource(&self) -> String {
        match self.group.as_str() {
            "" => self.plural.clone(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Group and version, as `apiVersion` of an object.
    pub fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }
}

/// As screens and logs name it: the kind in lower case.
impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.to_lowercase())
    }
}
