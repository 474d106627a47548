//! What deserves attention: one line each, the stable name at its end.

use super::style::{Mark, Style};
use super::text::harmless;
use crate::plan::{Note, Severity};

/// How a note is marked.
pub fn mark_of(severity: Severity) -> Mark {
    match severity {
        Severity::Info => Mark::Neutral,
        Severity::Warning => Mark::Attention,
        Severity::Error => Mark::Bad,
    }
}

/// Notes as lines, the worst first.
pub fn problems(notes: &[Note], style: &Style) -> String {
    let mut sorted: Vec<&Note> = notes.iter().collect();
    sorted.sort_by_key(|note| std::cmp::Reverse(note.severity));
    sorted.into_iter().map(|note| problem(note, style)).collect()
}

fn problem(note: &Note, style: &Style) -> String {
    let subject = if note.subject.is_empty() { String::new() } else { format!("{}: ", note.subject) };
    let name =
        note.name.as_ref().map(|name| format!("   {}", style.dim(format!("[{name}]")))).unwrap_or_default();
    let lines = format!("{subject}{}", note.message);
    let mut lines = lines.lines();
    let first = lines.next().unwrap_or_default();
    let mut text = format!("{} {}{name}\n", style.mark(mark_of(note.severity)), harmless(first));
    for line in lines {
        text.push_str(&format!("  {}\n", harmless(line)));
    }
    text
}

/// The closing part of a screen: commands, and what each is good for; nothing without commands.
pub fn next(commands: &[(String, String)]) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let cells = |(command, remark): &(String, String)| {
        vec![harmless(command).into_owned(), harmless(remark).into_owned()]
    };
    let lines = commands.iter().map(cells).collect();
    format!("\nNext\n{}", super::line::columns(2, lines))
}
