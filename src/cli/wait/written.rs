//! What was written before the waiting, so that a state from before the write is not taken for its result.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::condition::Verdict;

/// What was written before the waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Nothing; what is seen counts.
    Nothing,
    /// Several objects that were not there before.
    Several,
    /// One object, as the server answered.
    Object {
        /// Tells it from another one of its name; empty if the server did not say.
        uid: String,
        /// Changes with everybody who writes it, the loop too.
        version: String,
    },
}

impl Written {
    /// What the server answered to the write.
    pub fn object(answer: &Value) -> Self {
        let field = |name: &str| answer.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self::Object { uid: field("/metadata/uid"), version: field("/metadata/resourceVersion") }
    }

    /// The verdict, unless it may be about a state from before the write.
    ///
    /// `is_fresh`: the loop may not have looked at what was written yet.
    pub(super) fn allow_for(&self, verdict: Verdict, seen: Option<&ObjectMeta>, is_fresh: bool) -> Verdict {
        match verdict {
            _ if self.is_of_another(seen) => Verdict::Pending,
            Verdict::Bad | Verdict::Gone if is_fresh => Verdict::Pending,
            // The loop writes nothing where its answer stays the same, so this cannot be waited for without end.
            Verdict::Over(_) if is_fresh && self.is_untouched(seen) => Verdict::Pending,
            verdict => verdict,
        }
    }

    fn is_of_another(&self, seen: Option<&ObjectMeta>) -> bool {
        match (self, seen.and_then(|meta| meta.uid.as_ref())) {
            (Self::Object { uid, .. }, Some(seen)) => !uid.is_empty() && uid != seen,
            _ => false,
        }
    }

    /// Nobody has written it since, or it is even older.
    fn is_untouched(&self, seen: Option<&ObjectMeta>) -> bool {
        let (Self::Object { version, .. }, Some(seen)) = (self, seen) else { return false };
        let seen = seen.resource_version.as_deref().unwrap_or_default();
        let is_older = seen.parse::<u64>().ok().zip(version.parse::<u64>().ok());
        seen == version || is_older.is_some_and(|(seen, written)| seen < written)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::exit::Exit;

    const DONE: Verdict = Verdict::Over(Exit::Done);
    const COLLIDED: Verdict = Verdict::Over(Exit::EndedBadly);

    fn written() -> Written {
        Written::object(&json!({"metadata": {"uid": "new", "resourceVersion": "10"}}))
    }

    fn judged(verdict: Verdict, (uid, version): (&str, &str), is_fresh: bool) -> Verdict {
        let seen = ObjectMeta {
            uid: Some(uid.to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        };
        written().allow_for(verdict, Some(&seen), is_fresh)
    }

    #[test]
    fn the_deleted_object_of_the_same_name_says_nothing_about_the_new_one() {
        for verdict in [DONE, COLLIDED, Verdict::Bad] {
            assert_eq!(judged(verdict.clone(), ("old", "9"), true), Verdict::Pending);
            assert_eq!(judged(verdict.clone(), ("old", "9"), false), Verdict::Pending);
            assert_eq!(judged(verdict.clone(), ("new", "11"), false), verdict);
        }
    }

    #[test]
    fn a_phase_nobody_has_written_since_the_change_is_not_taken_for_its_result() {
        assert_eq!(judged(DONE, ("new", "9"), true), Verdict::Pending, "the watch lags behind the write");
        assert_eq!(judged(DONE, ("new", "10"), true), Verdict::Pending);
        assert_eq!(judged(DONE, ("new", "10"), false), DONE, "the answer of the loop did not change");
        assert_eq!(judged(DONE, ("new", "11"), true), DONE);
    }

    #[test]
    fn a_bad_phase_counts_at_once_only_if_nothing_was_written() {
        assert_eq!(judged(Verdict::Bad, ("new", "11"), true), Verdict::Pending);
        assert_eq!(judged(Verdict::Bad, ("new", "11"), false), Verdict::Bad);
        assert_eq!(Written::Nothing.allow_for(Verdict::Bad, None, false), Verdict::Bad);
        assert_eq!(Written::Several.allow_for(Verdict::Gone, None, true), Verdict::Pending);
    }
}
