//! Pictures of a terminal, as SVG: how it stood at the end, or how it changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use avt::{Cell, Color, Line, Pen, Terminal};

use crate::recording::Recording;

/// Pixels of a character.
const CELL: (usize, usize) = (8, 17);
/// Pixels around the text.
const MARGIN: usize = 14;
/// Shortest time a moving picture stands still.
const FRAME: Duration = Duration::from_millis(200);
/// How long its end is shown.
const END: Duration = Duration::from_secs(6);

/// Everything that was shown, from top to bottom.
///
/// # Errors
///
/// When the recording has no size.
pub fn still(recording: &Recording) -> Result<String> {
    let (columns, rows) = (usize::from(recording.size.0), usize::from(recording.size.1));
    let mut terminal = Terminal::with_scrollback(columns, rows, None)?;
    terminal.feed(recording.text().as_str());
    let mut lines: Vec<String> = terminal.screen().all_lines().map(drawn).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let mut body = String::new();
    for (row, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let _ = writeln!(body, r#"<g transform="translate(0 {})">{line}</g>"#, row * CELL.1);
    }
    Ok(window((columns, lines.len()), "", &body))
}

/// The window as it changed, over and over again.
///
/// # Errors
///
/// When the recording has no size.
pub fn moving(recording: &Recording) -> Result<String> {
    let size = (usize::from(recording.size.0), usize::from(recording.size.1));
    let frames = frames(recording)?;
    let height = size.1 * CELL.1;
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut defs, mut strip) = (String::new(), String::new());
    for (number, (_, lines)) in frames.iter().enumerate() {
        for (row, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let next = known.len();
            let id = *known.entry(line).or_insert_with(|| {
                let _ = writeln!(defs, r#"<g id="l{next}">{line}</g>"#);
                next
            });
            let _ = write!(strip, r##"<use href="#l{id}" y="{}"/>"##, number * height + row * CELL.1);
        }
        strip.push('\n');
    }
    let total = frames.last().map_or(Duration::ZERO, |(at, _)| *at) + END;
    let mut style = String::from("@keyframes film {");
    for (number, (at, _)) in frames.iter().enumerate() {
        let percent = 100.0 * at.as_secs_f64() / total.as_secs_f64();
        let _ = write!(style, "{percent:.3}%{{transform:translateY(-{}px)}}", number * height);
    }
    let _ = write!(style, "}} .film {{animation: film {:.1}s step-end infinite}}", total.as_secs_f64());
    let body = format!("<defs>\n{defs}</defs>\n<g class=\"film\">\n{strip}</g>\n");
    Ok(window(size, &style, &body))
}

/// What the window showed, and from when on.
fn frames(recording: &Recording) -> Result<Vec<(Duration, Vec<String>)>> {
    let mut terminal = Terminal::new(recording.size.0.into(), recording.size.1.into())?;
    let mut frames: Vec<(Duration, Vec<String>)> = Vec::new();
    for (number, (at, text)) in recording.events.iter().enumerate() {
        terminal.feed(text.as_str());
        let next = recording.events.get(number + 1).map(|(next, _)| *next);
        if next.is_some_and(|next| next.saturating_sub(*at) < FRAME) {
            continue;
        }
        let lines: Vec<String> = terminal.screen().visible_lines().map(drawn).collect();
        if frames.last().is_none_or(|(_, last)| *last != lines) {
            let begin = if frames.is_empty() { Duration::ZERO } else { *at };
            frames.push((begin, lines));
        }
    }
    Ok(frames)
}

/// A dark window of so many columns and rows around what is drawn.
fn window((columns, rows): (usize, usize), style: &str, body: &str) -> String {
    let (width, height) = (columns * CELL.0, rows * CELL.1);
    let (whole_width, whole_height) = (width + 2 * MARGIN, height + 2 * MARGIN);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole_width} {whole_height}" width="{whole_width}" height="{whole_height}">
<style>
text {{font: 13.3px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d4d4d4; white-space: pre}}
.b {{font-weight: bold; fill: #ffffff}} .f {{fill: #8c8c8c}} .c1 {{fill: #f14c4c}} .c2 {{fill: #3fb950}} .c3 {{fill: #e3b341}}
.c4 {{fill: #58a6ff}} .c5 {{fill: #bc8cff}} .c6 {{fill: #39c5cf}}
{style}</style>
<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>
<svg x="{MARGIN}" y="{MARGIN}" width="{width}" height="{height}">
{body}</svg>
</svg>
"##
    )
}

/// A line of the terminal: one text for each run of characters that look alike, and for each column of a table.
fn drawn(line: &Line) -> String {
    let mut column = 0;
    let mut text = String::new();
    for run in line.chunks(|one, next| one.pen() != next.pen()) {
        let mut rest = run.as_slice();
        while !rest.is_empty() {
            let (cells, others) = rest.split_at(next_cells(rest));
            text.push_str(&drawn_cells(cells, column));
            column += columns(cells);
            rest = others;
        }
    }
    text
}

/// How many characters come before the next gap, or how many the gap has.
fn next_cells(cells: &[Cell]) -> usize {
    let is_blank = |cell: &Cell| cell.char() == ' ';
    let blanks = cells.iter().take_while(|cell| is_blank(cell)).count();
    let gap = cells.windows(2).position(|pair| pair.iter().all(is_blank));
    if blanks > 0 { blanks } else { gap.unwrap_or(cells.len()) }
}

fn columns(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| usize::from(cell.width())).sum()
}

fn drawn_cells(cells: &[Cell], column: usize) -> String {
    let words: String = cells.iter().map(Cell::char).collect();
    if words.trim().is_empty() {
        return String::new();
    }
    let class = cells.first().map(|cell| class(cell.pen())).unwrap_or_default();
    let class = if class.is_empty() { class } else { format!(r#" class="{class}""#) };
    let (x, y, length) = (column * CELL.0, CELL.1 - 4, columns(cells) * CELL.0);
    let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(r#"<text x="{x}" y="{y}"{class} textLength="{length}">{escaped}</text>"#)
}

/// Names of the looks of a character.
fn class(pen: &Pen) -> String {
    let color = match pen.foreground() {
        Some(Color::Indexed(number @ 1..=6)) => Some(format!("c{number}")),
        _ => None,
    };
    let bold = pen.is_bold().then(|| "b".to_owned());
    let faint = pen.is_faint().then(|| "f".to_owned());
    bold.into_iter().chain(faint).chain(color).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Recording {
        let mut recording = Recording::new((20, 3));
        recording.add(Duration::from_millis(100), "\u{1b}[1mone\u{1b}[0m\r\n");
        recording.add(Duration::from_millis(150), "a <b>  \u{1b}[32m✔\u{1b}[0m\r\n");
        recording.add(Duration::from_secs(2), "\r\u{1b}[1Aagain\u{1b}[K\r\n");
        recording
    }

    #[test]
    fn a_still_picture_shows_the_end_in_its_colours() {
        let picture = still(&recording()).unwrap();
        assert!(picture.contains(r#"class="b" textLength="24">one<"#), "{picture}");
        assert!(picture.contains(">again<") && !picture.contains('✔'), "{picture}");
    }

    #[test]
    fn a_moving_picture_holds_each_line_once_and_shows_each_state() {
        let picture = moving(&recording()).unwrap();
        assert_eq!(picture.matches(">one<").count(), 1, "{picture}");
        assert!(picture.contains("a &lt;b&gt;") && picture.contains(r#"class="c2""#), "{picture}");
        assert!(picture.contains("0.000%{transform:translateY(-0px)}25.000%{transform:translateY(-51px)}"));
    }
}
