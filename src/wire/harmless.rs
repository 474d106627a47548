//! Foreign text made harmless: nothing that comes from an object may steer a terminal.

use std::borrow::Cow;

/// Replaces every control character, escape sequences and direction overrides included, by `?`; line
/// breaks and tabs become one blank, so that a value never leaves its line.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(tame).collect())
}

/// As [`harmless`], but lines stay lines.
pub fn harmless_lines(text: &str) -> String {
    text.lines().map(|line| harmless(line).into_owned()).collect::<Vec<_>>().join("\n")
}

/// JSON in which the characters [`harmless`] replaces are written as `\\u` and their number: the same value, and no
/// terminal it steers.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let is_foreign = |c: char| is_harmful(c) && c != '\n';
    if !json.chars().any(is_foreign) {
        return Cow::Borrowed(json);
    }
    let escaped = |c: char| match is_foreign(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    Cow::Owned(json.chars().map(escaped).collect())
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn tame(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        harmful if is_harmful(harmful) => '?',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_from_objects_do_not_reach_the_terminal() {
        assert_eq!(harmless("\u{1b}[2Jgone\u{7}\nnext\u{202e}"), "?[2Jgone? next?");
        assert_eq!(harmless("Ünïcode stays, 中文 too"), "Ünïcode stays, 中文 too");
        assert_eq!(harmless_lines("a\u{9b}31m\nb"), "a?31m\nb");
    }
}
