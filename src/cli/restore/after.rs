//! What to do once waiting for a restore is over.

use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::writing::WriteArgs;
use crate::render::problems::next;

/// Says what comes next; `activates`: managed clusters came along.
pub(super) fn say((name, activates): (&str, bool), exit: Exit, write: &WriteArgs, session: &Session) {
    if write.output.is_none() {
        let commands: Vec<(String, String)> = command((name, activates), exit, session).into_iter().collect();
        session.tell(&next(&commands, &session.err()));
    }
}

/// The next command, and what it is good for; who stopped waiting was told already how to take it up again.
fn command((name, activates): (&str, bool), exit: Exit, session: &Session) -> Option<(String, String)> {
    let (rest, remark) = match (exit, activates) {
        (Exit::Done, true) => ("schedule".to_owned(), "so that this hub writes the backups"),
        (Exit::Done, false) => ("verify".to_owned(), "could this hub take over now?"),
        (Exit::EndedBadly | Exit::EndedInPart, _) => (format!("logs restore/{name} --level error"), ""),
        _ => return None,
    };
    Some((session.command(&rest), remark.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn what_comes_next_depends_on_how_the_restore_ended() {
        let cli = crate::cli::Cli::try_parse_from(["kubectl-acmbackup", "restore", "-n", "acm"]).unwrap();
        let session = Session::new(cli.globals);
        let next = |activates, exit| command(("r", activates), exit, &session).map(|(command, _)| command);
        let shown = |rest: &str| Some(format!("kubectl acmbackup {rest} -n acm"));
        assert_eq!(next(false, Exit::Done), shown("verify"));
        assert_eq!(next(true, Exit::Done), shown("schedule"));
        for bad in [Exit::EndedBadly, Exit::EndedInPart] {
            assert_eq!(next(true, bad), shown("logs restore/r --level error"), "nothing is safe to back up");
        }
        for stopped in [Exit::TimedOut, Exit::Interrupted] {
            assert_eq!(next(true, stopped), None);
        }
    }
}
