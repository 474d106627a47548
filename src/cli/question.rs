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

/// A question, and the answers given on the command line.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// How bad a wrong yes would be.
    pub severity: Severity,
    /// What would happen, such as `move managed clusters to hub-west`; reads well after "this would".
    pub consequence: String,
    /// Name of the context, or the hub id in a pod.
    pub context: &'a str,
    /// `--yes` was given.
    pub yes: bool,
    /// What `--confirm` says.
    pub confirm: Option<&'a str>,
}

impl Question<'_> {
    /// What the flags alone answer; `None` if a person has to be asked.
    fn answered_by_flags(&self) -> Option<Result<()>> {
        match (self.severity, self.yes, self.confirm) {
            (Severity::None, ..) | (Severity::Ordinary, true, _) => Some(Ok(())),
            (Severity::Severe, true, Some(name)) if name == self.context => Some(Ok(())),
            (Severity::Severe, _, Some(name)) if name != self.context => Some(Err(self.wrong_context(name))),
            _ => None,
        }
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
            Severity::Severe => write!(output, "Type the name of this context to go on ({}): ", self.context),
            _ => write!(output, "Continue? [y/N] "),
        };
        let mut line = String::new();
        let read = written.and_then(|()| output.flush()).and_then(|()| input.read_line(&mut line));
        let answer = line.trim();
        let agreed = match self.severity {
            Severity::Severe => answer == self.context,
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
            Severity::Severe => format!("add --yes --confirm {}", self.context),
            _ => "add --yes".to_owned(),
        };
        CliError::named(problem::NOT_CONFIRMED, Exit::Refused, message).try_(flags)
    }

    fn wrong_context(&self, name: &str) -> Box<CliError> {
        let message = format!("--confirm says {name}, but this is {}", self.context);
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

    fn question(severity: Severity, yes: bool, confirm: Option<&'static str>) -> Question<'static> {
        let consequence = "move managed clusters to hub-west".to_owned();
        Question { severity, consequence, context: "hub-west", yes, confirm }
    }

    fn typed(question: &Question<'_>, text: &str) -> (Result<()>, String) {
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
}
