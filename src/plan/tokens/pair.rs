//! When the second account of a cluster is due: half a period after the first, so that every backup has a valid token.

use jiff::{SignedDuration, Timestamp};
use kube::core::DynamicObject;

use crate::api::keys;

/// How long after half of a token's life the second account may be made. Spec: S-006, S-166
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// When the second account is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Now,
    At(Timestamp),
    /// Not before a token is renewed.
    Never,
}

/// By the tokens a cluster has. Spec: S-166
pub(super) fn due<'a>(secrets: impl Iterator<Item = &'a DynamicObject>, now: Timestamp) -> Due {
    secrets.filter_map(half_life).map(|half| by(half, now)).min().unwrap_or(Due::Never)
}

fn by(half: Timestamp, now: Timestamp) -> Due {
    match now.duration_since(half) {
        age if age > WINDOW => Due::Never,
        age if age.is_positive() => Due::Now,
        _ => Due::At(half),
    }
}

/// When half of a token's life is over; `None` if its dates are not known.
fn half_life(secret: &DynamicObject) -> Option<Timestamp> {
    let [expires, made] = [keys::TOKEN_EXPIRATION, keys::TOKEN_LAST_REFRESH].map(|key| time(secret, key));
    let (expires, made) = (expires?, made?);
    let half = expires.as_millisecond().saturating_sub(made.as_millisecond()) / 2;
    made.checked_add(SignedDuration::from_millis(half)).ok()
}

/// The zero of Go's time counts as none.
fn time(secret: &DynamicObject, key: &str) -> Option<Timestamp> {
    let text = secret.metadata.annotations.as_ref()?.get(key)?;
    text.parse()
        .ok()
        .filter(|time: &Timestamp| !text.starts_with("0001-01-01T00:00:00Z") && time.as_second() != 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(expires: &str, made: &str) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": "auto-import-account", "annotations": {
            keys::TOKEN_EXPIRATION: expires, keys::TOKEN_LAST_REFRESH: made,
        }}}))
        .unwrap()
    }

    fn due_at(now: &str) -> Due {
        let secret = token("2026-11-22T12:00:00Z", "2026-11-22T10:00:00Z");
        due([&secret].into_iter(), now.parse().unwrap())
    }

    /// S-166: half < age and age - half <= 15 min
    #[test]
    fn the_pair_is_due_for_a_quarter_of_an_hour_after_half_the_tokens_life() {
        let half = "2026-11-22T11:00:00Z";
        assert_eq!(due_at("2026-11-22T10:30:00Z"), Due::At(half.parse().unwrap()));
        assert_eq!(due_at(half), Due::At(half.parse().unwrap()));
        assert_eq!(due_at("2026-11-22T11:00:00.001Z"), Due::Now);
        assert_eq!(due_at("2026-11-22T11:15:00Z"), Due::Now);
        assert_eq!(due_at("2026-11-22T11:15:00.001Z"), Due::Never);
    }

    /// S-166
    #[test]
    fn a_token_without_both_dates_says_nothing() {
        let now = "2026-11-22T11:05:00Z".parse().unwrap();
        for (expires, made) in
            [("", "2026-11-22T10:00:00Z"), ("soon", "x"), ("2026-11-22T12:00:00Z", "0001-01-01T00:00:00Z")]
        {
            assert_eq!(due([&token(expires, made)].into_iter(), now), Due::Never, "{expires} {made}");
        }
    }
}
