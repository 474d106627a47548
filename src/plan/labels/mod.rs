//! Labels that bring secrets and configmaps of the hub into the credentials backup.

mod facts;
mod reason;
mod rules;
mod steps;

pub use facts::{CredentialFacts, DEPLOYMENT_FIELDS, manifests_config_map};
pub use reason::LabelReason;
pub use rules::CREDENTIAL_KEYS;
pub use steps::steps;
