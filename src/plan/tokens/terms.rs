//! How long tokens are valid, and the two accounts that have them.

use crate::api::keys;
use crate::plan::validate::Terms;
use crate::wire::GoDuration;

/// Sixty days. Spec: S-155
const DEFAULT_VALIDITY: GoDuration = GoDuration::from_secs(1440 * 3600);

/// The accounts of a cluster; their tokens are renewed half a period apart. Spec: S-005
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Primary,
    Pair,
}

impl Account {
    pub(super) const BOTH: [Self; 2] = [Self::Primary, Self::Pair];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Primary => keys::TOKEN_ACCOUNT,
            Self::Pair => keys::TOKEN_ACCOUNT_PAIR,
        }
    }

    pub(super) fn work(self) -> &'static str {
        match self {
            Self::Primary => "addon-managed-serviceaccount-import",
            Self::Pair => "addon-managed-serviceaccount-import-pair",
        }
    }

    /// Name of the work an older version made for another install namespace. Spec: S-158
    pub(super) fn old_work(self) -> String {
        format!("{}-custom", self.work())
    }

    pub(super) fn binding(self) -> &'static str {
        match self {
            Self::Primary => "managedserviceaccount-import",
            Self::Pair => "managedserviceaccount-import-pair",
        }
    }
}

/// How long tokens are valid. Spec: S-155
pub(super) fn validity(terms: &Terms) -> GoDuration {
    if !terms.token_ttl.is_zero() {
        terms.token_ttl
    } else if !terms.ttl.is_zero() {
        terms.ttl.saturating_add(terms.ttl)
    } else {
        DEFAULT_VALIDITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-155
    #[test]
    fn tokens_outlive_the_backups_they_are_in_unless_told_otherwise() {
        let validity_of = |ttl: &str, token_ttl: &str| {
            let cron = "0 * * * *".parse().unwrap();
            let (ttl, token_ttl) = (ttl.parse().unwrap(), token_ttl.parse().unwrap());
            validity(&Terms { cron, ttl, token_ttl }).to_string()
        };
        assert_eq!(validity_of("120h", "50h"), "50h0m0s");
        assert_eq!(validity_of("120h", "0"), "240h0m0s");
        assert_eq!(validity_of("0", "0"), "1440h0m0s");
    }
}
