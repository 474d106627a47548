//! Lines that people type in windows in front of two hubs, one after the other.

use acmbackup_lab::{CTRL_C, Size, Terminal, as_in_a_window, free_port, until};
use anyhow::{Context, Result, ensure};
use kube::api::ListParams;

use crate::shell::Shell;
use crate::site::{DEADLINE, Site};

const WINDOW: Size = (160, 50);

/// What stands in the docs for something of a hub, and the list whose newest name is the real one; `None` for a
/// free port.
const STANDS_FOR: &[(&str, Option<&str>)] = &[
    ("20261122100004", Some("runs")),
    ("20261122120103", Some("runs")),
    ("restore-acm-passive", Some("restores")),
    ("restore-acm-test", Some("restores")),
    ("NAME", Some("restores")),
    ("8080", None),
    ("8081", None),
];

/// In front of which hub somebody types.
#[derive(Clone, Copy)]
enum At {
    East,
    West,
}

/// A line, and how it goes on; by itself it asks nothing and ends with 0.
pub(crate) struct Line {
    at: At,
    /// As it is typed, but for what stands for something of the hub.
    pub(crate) text: &'static str,
    /// Whether it is not an example but makes what the next ones need.
    pub(crate) is_aside: bool,
    shows: Option<&'static str>,
    types: Option<&'static str>,
    goes_on: bool,
    code: i32,
}

pub(crate) const fn east(text: &'static str) -> Line {
    Line { at: At::East, text, is_aside: false, shows: None, types: None, goes_on: false, code: 0 }
}

pub(crate) const fn west(text: &'static str) -> Line {
    Line { at: At::West, ..east(text) }
}

impl Line {
    pub(crate) const fn aside(self) -> Self {
        Self { is_aside: true, ..self }
    }

    pub(crate) const fn ends(self, code: i32) -> Self {
        Self { code, ..self }
    }

    /// It shows this before anything else happens.
    pub(crate) const fn shows(self, text: &'static str) -> Self {
        Self { shows: Some(text), ..self }
    }

    pub(crate) const fn answered(self, answer: &'static str) -> Self {
        Self { types: Some(answer), ..self }
    }

    pub(crate) const fn interrupted(self) -> Self {
        self.answered(CTRL_C)
    }

    /// It is left alone until the scene is over.
    pub(crate) const fn goes_on(self) -> Self {
        Self { goes_on: true, ..self }
    }

    async fn ends_as_it_should(&self, mut window: Terminal) -> Result<()> {
        if let Some(keys) = self.types {
            window.types(keys)?;
        }
        let code = window.ends_within(DEADLINE).await.with_context(|| self.text)?;
        ensure!(code == self.code, "{} ended with {code}:\n{}", self.text, window.history().join("\n"));
        Ok(())
    }

    /// Whether backups come of it.
    fn backs_up(&self) -> bool {
        let backs_up = ["acmbackup schedule", "acmbackup backup"].iter().any(|verb| self.text.contains(verb));
        backs_up && !self.text.contains("--dry-run")
    }
}

/// Two hubs with one storage, and a shell that knows both.
pub(crate) struct Play {
    pub(crate) shell: Shell,
    pub(crate) east: Site,
    pub(crate) west: Site,
}

impl Play {
    /// Types the lines of a scene; what goes on meanwhile is ended after the last one.
    pub(crate) async fn scene(&self, lines: &[Line]) -> Result<()> {
        let mut going_on = Vec::new();
        for line in lines {
            let window = self.begin(line).await?;
            match line.goes_on {
                true => going_on.push((line, window)),
                false => line.ends_as_it_should(window).await?,
            }
            if line.backs_up() {
                self.all_know_the_backups().await?;
            }
        }
        for (line, window) in going_on {
            line.ends_as_it_should(window).await?;
        }
        Ok(())
    }

    async fn begin(&self, line: &Line) -> Result<Terminal> {
        let (here, there) = match line.at {
            At::East => (&self.east, &self.west),
            At::West => (&self.west, &self.east),
        };
        let mut command = self.shell.command(&spoken(line.text, here)?, &[&here.hub, &there.hub])?;
        as_in_a_window(&mut command);
        let window = Terminal::start(command, WINDOW)?;
        if let Some(text) = line.shows {
            let shown = async || Ok(window.history().iter().any(|line| line.contains(text)));
            let came = until(DEADLINE, text, shown).await;
            came.with_context(|| format!("{} shows\n{}", line.text, window.history().join("\n")))?;
        }
        Ok(window)
    }

    /// People read for a minute after a run is taken, and by then both hubs know it.
    async fn all_know_the_backups(&self) -> Result<()> {
        let first_run = self.east.completed_backups(5).await?.len();
        let made = self.east.backups().list(&ListParams::default()).await?.items.len();
        for hub in [&self.east, &self.west] {
            hub.completed_backups(made.max(first_run)).await?;
        }
        Ok(())
    }
}

/// The line with the names and numbers of this hub.
fn spoken(text: &str, hub: &Site) -> Result<String> {
    let mut spoken = text.to_owned();
    for (stand_in, list) in STANDS_FOR.iter().filter(|(stand_in, _)| text.contains(stand_in)) {
        let real = match list {
            None => free_port()?.to_string(),
            Some(list) => {
                let names = hub.run(&format!("get {list} -o name"))?;
                let newest = names.lines().max().with_context(|| format!("{text}: there are no {list}"))?;
                newest.rsplit('/').next().unwrap_or_default().to_owned()
            }
        };
        spoken = spoken.replace(stand_in, &real);
    }
    Ok(spoken)
}
