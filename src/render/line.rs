//! Screens made of lines whose cells stand under each other.

use super::table::aligned;
use super::text::{width, wrap};

/// Lines of cells in columns two blanks apart, each line indented by `indent` blanks.
pub fn columns(indent: usize, lines: Vec<Vec<String>>) -> String {
    let margin = " ".repeat(indent);
    aligned(lines).lines().map(|line| format!("{margin}{line}\n")).collect()
}

/// As [`columns`], but the last cells continue below themselves where the terminal ends; `None` = it does not.
pub fn columns_within(indent: usize, lines: Vec<Vec<String>>, terminal: Option<usize>) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |i: usize| lines.iter().filter_map(|line| line.get(i)).map(|cell| width(cell)).max();
    let before: usize = (0..count.saturating_sub(1)).filter_map(widest).map(|columns| columns + 2).sum();
    let room = terminal.map(|columns| columns.saturating_sub(indent + before));
    let continued = lines.into_iter().flat_map(|line| match line.split_last() {
        Some((last, first)) if line.len() == count => continued(first, wrap(last, room)),
        _ => vec![line],
    });
    columns(indent, continued.collect())
}

/// One line for each part of the last cell.
fn continued(first: &[String], last: Vec<String>) -> Vec<Vec<String>> {
    let below = vec![String::new(); first.len()];
    let parts = last.into_iter().enumerate();
    parts.map(|(i, part)| [if i == 0 { first } else { &below }, &[part]].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_continues_below_itself() {
        let lines = || vec![vec!["a".to_owned(), "one two three".to_owned()], vec!["other".to_owned()]];
        assert_eq!(columns_within(0, lines(), Some(15)), "a      one two\n       three\nother\n");
        assert_eq!(columns_within(0, lines(), None), "a      one two three\nother\n");
    }
}
