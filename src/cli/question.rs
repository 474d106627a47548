//! Questions before something is changed.

use std::io::{BufRead, Write};

use super::error::{CliError, Result};
use super::exit::{Exit, problem};

/// What has to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing.
    None,
    /// `Continue? [y/N]`, or `--yes`.
    Ordinary,
    /// The name of the context, or `--yes` and `--confirm`.
    Severe,
}

/// What tells this hub from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The name of the kubeconfig context.
    Context(String),
    /// The id of the hub: in a pod every hub has the same context.
    HubId(String),
}

impl Place {
    fn word(&self) -> &str {
        match self {
            Self::Context(word) | Self::HubId(word) => word,
        }
    }

    /// As it reads after "Type the".
    fn what(&self) -> &'static str {
        match self {
            Self::Context(_) => "name of this context",
            Self::HubId(_) => "id of this hub",
        }
    }
}

/// A question, and the answers given on the command line.
#[derive(Debug, Clone)]
pub struct Question {
    /// How bad a wrong yes would be.
    pub severity: Severity,
    /// What would happen, such as `move managed clusters to hub-west`; reads well after "this would".
    pub consequence: String,
    /// Where it would happen.
    pub place: Place,
    /// `--yes` was given.
    pub yes: bool,
    /// What `--confirm` says.
    pub confirm: Option<String>,
}

impl Question {
    /// What the flags alone answer; `None` if a person has to be asked.
    fn answered_by_flags(&self) -> Option<Result<()>> {
        match (self.severity, self.yes, self.confirm.as_deref()) {
            (Severity::None, ..) | (Severity::Ordinary, true, _) => Some(Ok(())),
            (Severity::Severe, true, Some(word)) if word == self.place.word() => Some(Ok(())),
            (Severity::Severe, _, Some(word)) if word != self.place.word() => {
                Some(Err(self.wrong_place(word)))
            }
            _ => None,
        }
    }

    /// A person has to answer it.
    pub fn is_open(&self) -> bool {
        self.answered_by_flags().is_none()
    }

    /// Gets an answer: from the flags, or on a terminal from whoever sits there.
    ///
    /// # Errors
    ///
    /// Exit 5 if it is not a yes, or if nobody can be asked.
    pub fn ask(&self, terminal: Option<(&mut dyn BufRead, &mut dyn Write)>) -> Result<()> {
        if let Some(answer) = self.answered_by_flags() {
            return answer;
        }
        let Some((input, output)) = terminal else { return Err(self.not_confirmed()) };
        let written = match self.severity {
            Severity::Severe => {
                write!(output, "Type the {} to go on ({}): ", self.place.what(), self.place.word())
            }
            _ => write!(output, "Continue? [y/N] "),
        };
        let mut line = String::new();
        let read = written.and_then(|()| output.flush()).and_then(|()| input.read_line(&mut line));
        let answer = line.trim();
        let agreed = match self.severity {
            Severity::Severe => answer == self.place.word(),
            _ => answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"),
        };
        match read {
            Ok(_) if agreed => Ok(()),
            Ok(0) => {
                let _ = writeln!(output);
                Err(stopped())
            }
            _ => Err(stopped()),
        }
    }

    fn not_confirmed(&self) -> Box<CliError> {
        let message = format!("this would {}, and nobody confirmed it", self.consequence);
        let flags = match self.severity {
            Severity::Severe => format!("add --yes --confirm {}", self.place.word()),
            _ => "add --yes".to_owned(),
        };
        CliError::named(problem::NOT_CONFIRMED, Exit::Refused, message).try_(flags)
    }

    fn wrong_place(&self, word: &str) -> Box<CliError> {
        let message = format!("--confirm says {word}, but this is {}", self.place.word());
        CliError::named(problem::NOT_CONFIRMED, Exit::Refused, message)
            .why(format!("this would {}", self.consequence))
            .try_("check --context and KUBECONFIG")
    }
}

/// Nothing happened, because the answer was no.
pub fn stopped() -> Box<CliError> {
    CliError::named(problem::NOT_CONFIRMED, Exit::Refused, "stopped; nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(severity: Severity, yes: bool, confirm: Option<&str>) -> Question {
        let consequence = "move managed clusters to hub-west".to_owned();
        let place = Place::Context("hub-west".to_owned());
        Question { severity, consequence, place, yes, confirm: confirm.map(str::to_owned) }
    }

    fn typed(question: &Question, text: &str) -> (Result<()>, String) {
        let (mut input, mut output) = (text.as_bytes(), Vec::new());
        let answer = question.ask(Some((&mut input, &mut output)));
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn without_a_terminal_an_ordinary_question_needs_yes() {
        assert!(question(Severity::None, false, None).ask(None).is_ok());
        assert!(question(Severity::Ordinary, true, None).ask(None).is_ok());
        let refused = question(Severity::Ordinary, false, None).ask(None).unwrap_err();
        assert_eq!((refused.exit, refused.problem), (Exit::Refused, Some("not-confirmed")));
        assert_eq!(refused.tries, [("add --yes".to_owned(), String::new())]);
    }

    #[test]
    fn yes_alone_never_answers_a_severe_question() {
        let refused = question(Severity::Severe, true, None).ask(None).unwrap_err();
        assert_eq!(refused.tries[0].0, "add --yes --confirm hub-west");
        assert!(question(Severity::Severe, false, Some("hub-west")).ask(None).is_err());
        assert!(question(Severity::Severe, true, Some("hub-west")).ask(None).is_ok());
    }

    #[test]
    fn the_wrong_context_is_refused_even_on_a_terminal() {
        let (answer, asked) = typed(&question(Severity::Severe, true, Some("hub-east")), "hub-west\n");
        assert!(answer.unwrap_err().message.contains("hub-east"));
        assert_eq!(asked, "");
    }

    #[test]
    fn on_a_terminal_only_a_clear_yes_goes_ahead() {
        for (text, agreed) in
            [("y\n", true), ("YES\n", true), ("\n", false), ("n\n", false), ("", false), ("yeah\n", false)]
        {
            assert_eq!(typed(&question(Severity::Ordinary, false, None), text).0.is_ok(), agreed, "{text:?}");
        }
    }

    #[test]
    fn a_severe_question_wants_the_name_of_the_context() {
        let (answer, asked) = typed(&question(Severity::Severe, true, None), " hub-west \n");
        assert!(answer.is_ok());
        assert_eq!(asked, "Type the name of this context to go on (hub-west): ");
        assert!(typed(&question(Severity::Severe, true, None), "y\n").0.is_err());
    }

    #[test]
    fn in_a_pod_a_severe_question_wants_the_id_of_the_hub() {
        let place = Place::HubId("be97a9eb".to_owned());
        let in_a_pod =
            |confirm| Question { place: place.clone(), ..question(Severity::Severe, true, confirm) };
        assert!(in_a_pod(Some("in-cluster")).ask(None).is_err(), "so every hub is called");
        assert!(in_a_pod(Some("be97a9eb")).ask(None).is_ok());
        let (answer, asked) = typed(&in_a_pod(None), "be97a9eb\n");
        assert!(answer.is_ok());
        assert_eq!(asked, "Type the id of this hub to go on (be97a9eb): ");
    }
}
