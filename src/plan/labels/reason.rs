//! Why an object is labelled, and with what.

use std::fmt;

use crate::api::keys;

/// Why a label of an object is written or taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelReason {
    /// A ClusterDeployment gets its certificates from it.
    CertificateBundle,
    /// A ClusterDeployment pulls images with it.
    PullSecret,
    /// A ClusterDeployment is installed with the manifests in this secret.
    ManifestsSecret,
    /// A ClusterDeployment is installed with the manifests in this configmap.
    ManifestsConfigMap,
    /// It belongs to a ClusterPool, or to a ClusterDeployment made for one.
    ClusterPool,
    /// It is an import secret, which must not come along.
    ImportSecret,
    /// The ClusterDeployment was made for a ClusterPool: Hive must let it be created again.
    PoolDeployment,
    /// The assisted installer looks at it.
    AgentInstall,
    /// It is the credential of a bare metal host.
    BareMetal,
}

impl LabelReason {
    /// The key the rule is about.
    pub(super) fn key(self) -> &'static str {
        if self == Self::PoolDeployment { keys::DISABLE_CREATION_WEBHOOK } else { keys::BACKUP }
    }

    /// The value to write; `None` takes the label off. Spec: S-201 to S-208
    pub(super) fn value(self) -> Option<&'static str> {
        match self {
            Self::CertificateBundle => Some("certificatebundle"),
            Self::PullSecret => Some("pullsecret"),
            Self::ManifestsSecret => Some("manifestssecret"),
            Self::ManifestsConfigMap => Some("manifestsconfigmap"),
            Self::ClusterPool => Some("clusterpool"),
            Self::ImportSecret => None,
            Self::PoolDeployment => Some("true"),
            Self::AgentInstall => Some("agent-install"),
            Self::BareMetal => Some("baremetal"),
        }
    }
}

impl fmt::Display for LabelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CertificateBundle => {
                "into the credentials backup: a certificate bundle of a ClusterDeployment"
            }
            Self::PullSecret => "into the credentials backup: the pull secret of a ClusterDeployment",
            Self::ManifestsSecret | Self::ManifestsConfigMap => {
                "into the credentials backup: manifests of a ClusterDeployment"
            }
            Self::ClusterPool => "into the credentials backup: it belongs to a ClusterPool",
            Self::ImportSecret => {
                "out of the credentials backup: an import secret is made anew on the other hub"
            }
            Self::PoolDeployment => "made for a ClusterPool: Hive lets it be restored only with this label",
            Self::AgentInstall => "into the credentials backup: the assisted installer needs it",
            Self::BareMetal => "into the credentials backup: the credential of a bare metal host",
        })
    }
}
