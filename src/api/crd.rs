//! Our CRDs as values; the only place that makes CRD YAML.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

use super::{BackupSchedule, Restore};

/// Both CRDs, BackupSchedule first.
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![BackupSchedule::crd(), Restore::crd()]
}
