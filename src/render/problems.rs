//! What deserves attention: one line each, the stable name at its end.

use super::line::columns;
use super::style::{Mark, Style};
use super::text::{harmless, width, wrap};
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
    let mark = style.mark(mark_of(note.severity));
    let room = style.width.map(|columns| columns.saturating_sub(width(&mark) + 1));
    let message = format!("{subject}{}", note.message);
    let lines = message.lines().enumerate().map(|(i, line)| {
        let name = if i == 0 { name.as_str() } else { "" };
        format!("{}{name}", harmless(line))
    });
    let mut parts = lines.flat_map(|line| wrap(&line, room));
    let first = parts.next().unwrap_or_default();
    let rest: String = parts.map(|part| format!("  {part}\n")).collect();
    format!("{mark} {first}\n{rest}")
}

/// The closing part of a screen: commands, and what each is good for; nothing without commands.
///
/// Where the terminal is too narrow for both, the remarks stand below the commands.
pub fn next(commands: &[(String, String)], style: &Style) -> String {
    if commands.is_empty() {
        return String::new();
    }
    let cells = |(command, remark): &(String, String)| {
        vec![harmless(command).into_owned(), harmless(remark).into_owned()]
    };
    let lines: Vec<Vec<String>> = commands.iter().map(cells).collect();
    let beside = columns(2, lines.clone());
    let fits = style.width.is_none_or(|columns| beside.lines().all(|line| width(line) <= columns));
    let below = |line: &Vec<String>| match line.as_slice() {
        [command, remark] if !remark.is_empty() => format!("  {command}\n      {remark}\n"),
        line => format!("  {}\n", line.concat()),
    };
    let shown = if fits { beside } else { lines.iter().map(below).collect() };
    format!("\n{}\n{shown}", style.bold("Next"))
}
