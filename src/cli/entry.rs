//! From the command line to the exit code; the one place that prints errors.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::environment::{self, Environment};
use super::error::CliError;
use super::exit::Exit;
use super::session::Session;
use super::{Cli, Command, completion, help, logging, output, schema};
use crate::cluster::clock;
use crate::cluster::job::Job;
use crate::render::Style;
use crate::render::style::ColorChoice;
use crate::render::text::harmless_json;

/// Runs the program on its own arguments.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let (json, color) = (wants(&words, "json"), color_choice(&words));
    install_panic_hook(json, color);
    if completion::answered(&words) {
        return ExitCode::SUCCESS;
    }
    let result = match parse(&words) {
        Ok(Wanted::Answer(cli)) => execute(*cli),
        Ok(Wanted::Schema(cli)) => show_schema(&cli.command),
        Err(Parsed::Shown) => return ExitCode::SUCCESS,
        Err(Parsed::Usage(error)) => Err(error),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = error.exit;
            complain(error, json, color);
            exit.into()
        }
    }
}

/// The command tree as users see it.
pub fn command() -> clap::Command {
    help::with_groups(Cli::command())
}

/// What is wanted of a command.
enum Wanted {
    /// That it is carried out.
    Answer(Box<Cli>),
    /// The schema of its JSON.
    Schema(Box<Cli>),
}

/// Why there is nothing to execute.
enum Parsed {
    /// Help or the version was asked for and printed.
    Shown,
    /// The arguments make no sense.
    Usage(Box<CliError>),
}

fn parse(words: &[OsString]) -> Result<Wanted, Parsed> {
    let read = |mut matches: ArgMatches| {
        let wanted = if schema::is_asked(&matches) { Wanted::Schema } else { Wanted::Answer };
        Cli::from_arg_matches_mut(&mut matches).map(Box::new).map(wanted)
    };
    let tree = if wants(words, "jsonschema") { schema::of_no_object(command()) } else { command() };
    tree.try_get_matches_from(words).and_then(read).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = output::print(&page(&error, color_choice(words)));
            Parsed::Shown
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{}", page(&error, color_choice(words)));
            Parsed::Usage(CliError::new(Exit::Usage, ""))
        }
        _ => Parsed::Usage(usage_error(&error)),
    })
}

/// A page of help, without the blanks clap leaves at the ends of lines.
fn page(error: &clap::Error, color: ColorChoice) -> String {
    let style = Environment::read().stdout_style(color, clock::now());
    let text = if style.color { error.render().ansi().to_string() } else { error.render().to_string() };
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What clap says, in the form of all our errors.
fn usage_error(error: &clap::Error) -> Box<CliError> {
    let text = error.render().to_string();
    let lines =
        text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("For more information"));
    let mut wanted = CliError::new(Exit::Usage, "");
    for line in lines {
        match (line.strip_prefix("error: "), line.strip_prefix("Usage: ")) {
            (Some(message), _) => wanted.message = message.to_owned(),
            (_, Some(usage)) => wanted.usage = Some(usage.to_owned()),
            _ => wanted.details.push(line.trim().to_owned()),
        }
    }
    wanted
}

fn show_schema(command: &Command) -> super::Result<Exit> {
    output::print_data(&schema::of(command), output::DataFormat::Json).map(|()| Exit::Done)
}

fn execute(cli: Cli) -> super::Result<Exit> {
    let session = Session::new(cli.globals);
    let (leading, job) = (session.globals.leading(), cli.command.job());
    logging::start(&session, &cli.command);
    let mut builder = match cli.command {
        // A single thread halves the processor time of one-shot commands.
        ref command if command.is_short() => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Defect, format!("cannot start: {error}")))?;
    // The loop ends in its own way.
    let result = match cli.command.is_short() {
        true => runtime.block_on(until_interrupted(super::run(cli.command, session))),
        false => runtime.block_on(super::run(cli.command, session)),
    };
    // A thread may still wait for an answer nobody will give. It ends with the process: to shut down the clock it waits by
    // would be a defect of ours in its eyes.
    std::mem::forget(runtime);
    result.map_err(|error| error.asking_for(job).leading_to(&leading))
}

/// Ctrl-C ends a command wherever it is, but who asks or waits answers it first.
async fn until_interrupted(command: impl Future<Output = super::Result<Exit>>) -> super::Result<Exit> {
    tokio::select! {
        biased;
        result = command => result,
        Ok(()) = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

impl Command {
    /// The job whose permissions it takes; `None` where `doctor` knows none.
    fn job(&self) -> Option<Job> {
        Some(match self {
            Self::Schedule(_) | Self::Pause(_) | Self::Resume(_) | Self::Backup(_) => Job::Schedule,
            Self::Restore(_) | Self::Plan(_) => Job::Restore,
            Self::Activate(_) => Job::Activate,
            Self::Prune(_) | Self::Delete(_) => Job::TidyUp,
            Self::Run(_) | Self::Snapshot(_) => Job::Run,
            Self::Latest(_)
            | Self::Wait(_)
            | Self::Status(_)
            | Self::Get(_)
            | Self::Describe(_)
            | Self::Logs(_)
            | Self::Verify(_) => Job::Look,
            _ => return None,
        })
    }

    /// Ends by itself after a few requests.
    fn is_short(&self) -> bool {
        !matches!(self, Self::Run(_))
    }
}

fn complain(error: Box<CliError>, json: bool, color: ColorChoice) {
    if error.message.is_empty() {
        return;
    }
    let error = error.to_be_reported();
    let style: Style = Environment::read().stderr_style(color, clock::now());
    match json {
        true => eprintln!("{}", harmless_json(&error.to_json().to_string())),
        false => eprint!("{}", error.to_text(&style)),
    }
}

/// Whether `-o FORM` is among the words, however it is written; this is asked before parsing is done.
fn wants(words: &[OsString], form: &str) -> bool {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    // A short flag may stand behind others, as in `-Ao json`.
    let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--");
    let is_output = |word: &str| word == "--output" || (is_short(word) && word.ends_with('o'));
    let is_joined = |word: &str| {
        let flag = word.strip_suffix(form).unwrap_or_default();
        flag == "--output=" || is_short(flag) && (flag.ends_with('o') || flag.ends_with("o="))
    };
    words.iter().any(|word| is_joined(word))
        || words.windows(2).any(|pair| matches!(pair, [flag, given] if is_output(flag) && *given == form))
}

fn color_choice(words: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let said = |choice: &str| {
        words.iter().any(|word| word.strip_prefix("--color=") == Some(choice))
            || words.windows(2).any(|pair| matches!(pair, ["--color", value] if *value == choice))
    };
    match (said("never"), said("always"), said("auto")) {
        (true, ..) => ColorChoice::Never,
        (_, true, _) => ColorChoice::Always,
        (.., true) => ColorChoice::Auto,
        _ => environment::color_choice().unwrap_or(ColorChoice::Auto),
    }
}

/// A defect of ours says so, and where to report it, instead of a stack trace.
fn install_panic_hook(json: bool, color: ColorChoice) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        complain(CliError::new(Exit::Defect, what).why(place), json, color);
        std::process::exit(i32::from(Exit::Defect.code()));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn json_errors_are_wanted_however_the_flag_is_written() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for line in [
            "x get -o json",
            "x -ojson get",
            "x get -o=json",
            "x get --output=json",
            "x get --output json",
            "x get -Ao json",
            "x get -Aojson",
        ] {
            assert!(wants(&words(line), "json"), "{line}");
        }
        for line in ["x get json -o yaml", "x restore no json", "x restore --demo json"] {
            assert!(!wants(&words(line), "json"), "{line}");
        }
    }
}
