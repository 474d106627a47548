//! How the loop's log looks: lines for people, JSON for machines; always on standard error.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::cluster::clock;
use crate::wire::harmless::harmless;

/// `11:15:31Z  restore/r1  Enabled → Started`: the time, what it is about, what happened.
#[derive(Debug, Clone, Copy)]
pub struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        write!(writer, "{}  ", clock::now().strftime("%H:%M:%SZ"))?;
        match *event.metadata().level() {
            Level::ERROR => write!(writer, "error  ")?,
            Level::WARN => write!(writer, "warning  ")?,
            _ => {}
        }
        if let Some(subject) = parts.subject {
            write!(writer, "{}  ", harmless(&subject))?;
        }
        writeln!(writer, "{}", harmless(&parts.message))
    }
}

/// The two fields a person reads; the others are in the message already.
#[derive(Default)]
struct Parts {
    subject: Option<String>,
    message: String,
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "subject" => self.subject = Some(format!("{value:?}")),
            "message" => self.message = format!("{value:?}"),
            _ => {}
        }
    }
}
