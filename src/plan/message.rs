//! The length of what a status says: an object quotes what a user wrote, and that may be of any size.

/// Characters of a message, at most; the beginning says which field is wrong.
const LONGEST: usize = 1000;

/// A message as a status holds it.
pub fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} more bytes)", message.split_at(end).0, message.len() - end),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_keeps_its_beginning_and_no_character_is_cut_in_two() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ü".repeat(LONGEST + 3));
        assert!(long.starts_with(&"ü".repeat(LONGEST)) && long.ends_with("… (6 more bytes)"), "{long}");
    }
}
