//! Why a step about tokens is taken.

use std::fmt;

/// Why a step about tokens is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenReason {
    /// The cluster lacks the addon that makes tokens. Spec: S-157
    NoAddOn,
    /// The cluster lacks what lets the token connect it. Spec: S-162
    NoWork,
    /// A ManifestWork of an older version. Spec: S-158
    OldWork,
    /// The cluster has no account. Spec: S-164
    NoAccount,
    /// A secret from before the account, whose token no longer counts. Spec: S-164
    StaleSecret,
    /// Half of the token's life is over: time for the second one. Spec: S-165
    PairDue,
    /// Tokens are to be valid for another time. Spec: S-163
    OtherValidity,
    /// The secret is to be in backups, with the dates of its token. Spec: S-180
    Mark,
    /// No BackupSchedule wants tokens. Spec: S-190
    NotWanted,
    /// The hub's component that makes tokens is not enabled. Spec: S-036
    NotEnabled,
}

impl fmt::Display for TokenReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddOn => "the cluster lacks the addon that makes tokens",
            Self::NoWork => "the cluster lacks the right to register with the token",
            Self::OldWork => "left by an older version",
            Self::NoAccount => "the cluster has no account with a token to reconnect by",
            Self::StaleSecret => "older than the account that is about to be made",
            Self::PairDue => "half of the first token's life is over: the second one is due",
            Self::OtherValidity => "tokens are to be valid for another time",
            Self::Mark => "tokens belong in backups, with their dates",
            Self::NotWanted => "no BackupSchedule uses managed service accounts",
            Self::NotEnabled => "the managed-serviceaccount component is not enabled",
        })
    }
}
