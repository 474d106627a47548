//! InternalHubComponent, of which only the metadata matters here.

use kube::CustomResource;
use serde::{Deserialize, Serialize};

/// The component with which the hub's installer waits for Restores; what it says is the installer's. Spec: R-005
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "operator.open-cluster-management.io",
    version = "v1",
    kind = "InternalHubComponent",
    plural = "internalhubcomponents",
    namespaced,
    schema = "disabled",
    doc = "A component the hub's installer waits for."
)]
pub struct InternalHubComponentSpec {}
