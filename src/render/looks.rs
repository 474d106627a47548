//! For tests: a screen as it looks on every terminal there is.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::style::Style;
use super::text::width;

/// Columns, UTF-8, colour.
const LOOKS: [(Option<usize>, bool, bool); 5] = [
    (Some(80), true, false),
    (Some(80), false, true),
    (Some(160), true, true),
    (Some(160), false, false),
    (None, false, false),
];

/// The screen on terminals of 80 and 160 columns, with and without UTF-8 and colour, and in a pipe.
///
/// Colour must change nothing else, and without UTF-8 all must be ASCII. An escape sequence shows as `‹32›`; a line
/// that does not fit ends in `◂`.
pub(crate) fn looks(now: Timestamp, screen: impl Fn(&Style) -> String) -> String {
    LOOKS.iter().fold(String::new(), |mut all, (width, unicode, color)| {
        let style = Style { color: *color, unicode: *unicode, width: *width, now };
        let plain = screen(&Style { color: false, ..style });
        assert!(*unicode || plain.is_ascii(), "not ASCII: {plain}");
        assert!(plain.lines().all(|line| line == line.trim_end()), "blanks at the end of a line: {plain:?}");
        let coloured = visible(&screen(&style));
        assert_eq!(without_marks(&coloured), plain, "colour changes more than the colour");
        let columns = width.map_or("a pipe".to_owned(), |columns| format!("{columns} columns"));
        let (letters, paint) =
            (if *unicode { "UTF-8" } else { "ASCII" }, if *color { ", colour" } else { "" });
        let lines = coloured.lines().zip(plain.lines());
        let shown: String =
            lines.map(|(line, plain)| format!("{line}{}\n", too_wide(plain, *width))).collect();
        let _ = write!(all, "── {columns}, {letters}{paint}\n{shown}\n");
        all
    })
}

fn too_wide(line: &str, columns: Option<usize>) -> &'static str {
    if columns.is_some_and(|columns| width(line) > columns) { "◂" } else { "" }
}

/// Escape sequences of colours, made readable.
fn visible(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| match part.split_once('m') {
        Some((code, rest)) => format!("{all}‹{code}›{rest}"),
        None => panic!("an escape sequence that is no colour: {part:?}"),
    })
}

fn without_marks(text: &str) -> String {
    let mut parts = text.split('‹');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('›').map_or(part, |(_, rest)| rest))
}
