//! Widths, cuts and line breaks of text on a screen.

use std::borrow::Cow;

pub use crate::wire::harmless::{harmless, harmless_json, harmless_lines};

/// Columns a text takes, escape sequences not counted.
pub fn width(text: &str) -> usize {
    tabled::grid::util::string::get_text_width(text)
}

/// `text` cut to `columns`, ending in `mark` if something is missing; escape sequences stay and take no room.
pub fn cut<'a>(text: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(width(mark));
    let (mut kept, mut used, mut is_escape) = (String::new(), 0, false);
    for c in text.chars() {
        is_escape |= c == '\u{1b}';
        let columns = if is_escape { 0 } else { width(c.encode_utf8(&mut [0; 4])) };
        if used <= room && used + columns > room {
            kept.push_str(mark);
        }
        used += columns;
        if is_escape || used <= room {
            kept.push(c);
        }
        is_escape &= !c.is_ascii_alphabetic();
    }
    Cow::Owned(kept)
}

/// `text` in lines of at most `columns`, broken between words; one line where there is no limit.
///
/// A word longer than a line stays whole.
pub fn wrap(text: &str, columns: Option<usize>) -> Vec<String> {
    let Some(columns) = columns else { return vec![text.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            // Blanks where a line breaks are no longer needed.
            Some(_) if word.is_empty() => {}
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// `n thing` or `n things`.
pub fn count(n: usize, singular: &str) -> String {
    match n {
        1 => format!("1 {singular}"),
        n => format!("{n} {singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_text_breaks_between_words_only() {
        assert_eq!(wrap("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(wrap("one two    three", Some(9)), ["one two", "three"]);
        assert_eq!(wrap("one unbreakable", Some(5)), ["one", "unbreakable"]);
        assert_eq!(wrap("one two three", None), ["one two three"]);
    }

    #[test]
    fn a_cut_text_fits_and_says_so() {
        assert_eq!(cut("abcdef", 6, "…"), "abcdef");
        assert_eq!(cut("abcdefg", 6, "…"), "abcde…");
        assert_eq!(cut("abcdefg", 6, "..."), "abc...");
        assert_eq!(cut("中文中文", 5, "…"), "中文…");
        assert_eq!(cut("\u{1b}[2mabcdef\u{1b}[0m", 6, "…"), "\u{1b}[2mabcdef\u{1b}[0m");
        assert_eq!(cut("ab\u{1b}[2mcdefg\u{1b}[0m", 6, "…"), "ab\u{1b}[2mcde…\u{1b}[0m");
    }
}
