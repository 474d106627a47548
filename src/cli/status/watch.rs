//! `status -w`: redrawn on a terminal, one line per change elsewhere.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::command::{Seen, StatusArgs};
use super::place::Place;
use crate::cli::error::Result;
use crate::cli::exit::Exit;
use crate::cli::output::{self, DataFormat};
use crate::cli::session::Session;
use crate::cli::terminal::{Resizes, USUAL_SIZE, size_of_stdout};
use crate::cli::watching::Changes;
use crate::render::changes::new_lines;
use crate::render::text::harmless_json;
use crate::render::{Block, Style};
use crate::wire::yaml;

/// How often ages on a terminal are brought up to date.
const REDRAW: Duration = Duration::from_secs(5);
/// Fields that change all the time and are no news.
const RESTLESS: [&str; 4] = ["observedAt", "checkedAt", "renewedAt", "ageSeconds"];

/// Shows the hub until Ctrl-C.
pub(super) async fn run(args: &StatusArgs, session: &Session) -> Result<Exit> {
    let hub = session.hub_or_default().await?;
    let mut changes = Changes::start(hub.client(), Some(hub.namespace()));
    let redraws = session.environment.may_redraw_screen() && args.output.is_none();
    // Off a terminal all is shown for one moment, so that ages are no changes.
    let fixed = Style::plain(session.now());
    let mut shown = Shown { text: String::new(), data: Value::Null };
    let (mut block, mut resizes) = (Block::default(), Resizes::start());
    loop {
        let seen = Seen::of(Place::live(&hub, session).await?, session);
        match args.output {
            Some(format) => shown.data(&seen.data(), format.into())?,
            None if redraws => redraw(&mut block, &seen, session)?,
            None => shown.lines(seen.screen(&fixed), session)?,
        }
        loop {
            tokio::select! {
                () = changes.next() => break,
                () = sleep(REDRAW), if redraws => break,
                () = resizes.next(), if redraws => redraw(&mut block, &seen, session)?,
            }
        }
    }
}

/// Draws the screen where it was drawn before, for the terminal as it is now.
fn redraw(block: &mut Block, seen: &Seen, session: &Session) -> Result<()> {
    let screen = seen.screen(&session.resized().out());
    let lines: Vec<String> = screen.lines().map(str::to_owned).collect();
    output::print(&block.redraw(&lines, size_of_stdout().unwrap_or(USUAL_SIZE)))
}

/// What was shown last.
struct Shown {
    text: String,
    data: Value,
}

impl Shown {
    /// The whole screen at first, then a line for each change.
    fn lines(&mut self, text: String, session: &Session) -> Result<()> {
        if self.text.is_empty() {
            output::print(&text)?;
        } else {
            let stamp = session.now().strftime("%H:%M:%SZ").to_string();
            let lines = new_lines(&self.text, &text);
            output::print(&lines.iter().map(|line| format!("{stamp} {line}\n")).collect::<String>())?;
        }
        self.text = text;
        Ok(())
    }

    /// One document for each change.
    fn data(&mut self, data: &Value, format: DataFormat) -> Result<()> {
        let mut calm = data.clone();
        calm_down(&mut calm);
        if self.data == calm {
            return Ok(());
        }
        self.data = calm;
        match format {
            DataFormat::Json => output::print(&format!("{}\n", harmless_json(&data.to_string()))),
            DataFormat::Yaml => output::print(&format!("---\n{}", yaml::to_string(data).unwrap_or_default())),
        }
    }
}

fn calm_down(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !RESTLESS.contains(&name.as_str()));
            fields.values_mut().for_each(calm_down);
        }
        Value::Array(items) => items.iter_mut().for_each(calm_down),
        _ => {}
    }
}
