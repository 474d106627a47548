//! What a cleanup came to, in words for the status. Spec: R-436

use crate::plan::{Outcome, Plan, Record, Step};

/// How many objects were removed and what could not be; `None` without a cleanup.
pub(in crate::plan) fn tally(plan: &Plan, outcomes: &[Outcome]) -> Option<String> {
    let steps = plan.steps.iter().zip(outcomes).filter(|(step, _)| step.record == Some(Record::CleanedUp));
    let ends: Vec<Option<String>> = steps.map(|(step, outcome)| problem(step, outcome)).collect();
    let mut problems = ends.iter().flatten();
    let removed = ends.len() - problems.clone().count();
    match (problems.next(), removed) {
        (None, 0) => None,
        (None, 1) => Some("cleanup removed 1 object".to_owned()),
        (None, removed) => Some(format!("cleanup removed {removed} objects")),
        (Some(first), removed) => {
            let more = match problems.count() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            Some(format!("cleanup removed {removed} of {} objects, {first}{more}", ends.len()))
        }
    }
}

/// What a status says a cleanup came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Objects that went.
    pub removed: usize,
    /// Objects that were to go.
    pub of: usize,
    /// Why others stayed; empty if none did.
    pub problem: String,
}

/// What `tally` put into a status; `None` if it says nothing about a cleanup.
pub fn told(message: &str) -> Option<Told> {
    let (_, text) = message.rsplit_once("cleanup removed ")?;
    let (removed, rest) = text.split_once(' ')?;
    let removed = removed.parse().ok()?;
    let Some((of, rest)) = rest.strip_prefix("of ").and_then(|rest| rest.split_once(' ')) else {
        return Some(Told { removed, of: removed, problem: String::new() });
    };
    let problem = rest.split_once(", ").map_or(rest, |(_, problem)| problem);
    Some(Told { removed, of: of.parse().ok()?, problem: problem.to_owned() })
}

/// Why the object of a step is still there; `None` if it is not.
fn problem(step: &Step, outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(failure) => Some(failure.message.clone()),
        Outcome::Conflict => Some(format!("{}: it changed meanwhile", step.action)),
        Outcome::Skipped => Some(format!("{}: not tried", step.action)),
        Outcome::Done(_) | Outcome::AlreadyThere(_) | Outcome::Gone => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::cleanup::CleanupReason;
    use crate::plan::{Action, Failure, ObjectKind, Target, TargetKind};

    fn said(outcomes: &[Outcome]) -> Option<String> {
        let kind = ObjectKind::new(["hive.openshift.io", "v1", "ClusterDeployment", "clusterdeployments"]);
        let target = Target {
            kind: TargetKind::Other(kind),
            namespace: "c".to_owned(),
            name: "c".to_owned(),
            uid: None,
            resource_version: None,
        };
        let reason = CleanupReason { restored_from: None, backup: "b".to_owned() };
        let step = Step::optional(Action::DetachAndDelete(target), reason).recording(Record::CleanedUp);
        tally(&Plan { steps: vec![step; outcomes.len()], ..Plan::default() }, outcomes)
    }

    /// what could not be removed is reported by name
    #[test]
    fn what_stays_is_named_and_what_goes_is_counted() {
        let failed = || Outcome::Failed(Failure { message: "delete clusterdeployment c/c: no".to_owned() });
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[Outcome::Gone]).unwrap(), "cleanup removed 1 object");
        assert_eq!(said(&[Outcome::Done(None), Outcome::Gone]).unwrap(), "cleanup removed 2 objects");
        assert_eq!(
            said(&[Outcome::Done(None), failed(), Outcome::Conflict]).unwrap(),
            "cleanup removed 1 of 3 objects, delete clusterdeployment c/c: no (and 1 more)"
        );
        assert_eq!(
            said(&[Outcome::Conflict]).unwrap(),
            "cleanup removed 0 of 1 objects, delete clusterdeployment c/c: it changed meanwhile"
        );
    }

    #[test]
    fn what_a_status_says_is_read_back() {
        let read = |outcomes: &[Outcome]| told(&format!("all ran; {}", said(outcomes).unwrap())).unwrap();
        let failed = || Outcome::Failed(Failure { message: "delete x: cleanup, of course, no".to_owned() });
        assert_eq!(read(&[Outcome::Gone, Outcome::Gone]), Told { removed: 2, of: 2, problem: String::new() });
        let problem = "delete x: cleanup, of course, no".to_owned();
        assert_eq!(read(&[Outcome::Gone, failed()]), Told { removed: 1, of: 2, problem });
        assert_eq!(told("all Velero restores have run well"), None);
    }
}
