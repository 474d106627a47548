//! Lines that are drawn again in place, without touching what stands above them.

use super::text::width;

/// To the left, and everything from here on is gone.
const CLEAR_BELOW: &str = "\r\u{1b}[J";
/// The rest of the line is gone.
const CLEAR_LINE: &str = "\u{1b}[K";

/// Lines that stand at the end of what a terminal shows.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Columns of each line drawn last.
    drawn: Vec<usize>,
}

impl Block {
    /// What to write so that `lines` replace those drawn last, on a terminal of these columns and rows.
    ///
    /// The terminal may have another size than the last time: one that became narrower has wrapped the lines.
    /// Lines that do not fit below each other are left out from the end.
    pub fn redraw(&mut self, lines: &[String], (columns, rows): (usize, usize)) -> String {
        let taken = |line: usize| line.div_ceil(columns.max(1)).max(1);
        let room = rows.saturating_sub(1).max(1);
        let up = self.drawn.iter().copied().map(taken).sum::<usize>().min(room);
        let mut used = 0;
        self.drawn = lines.iter().map(|line| width(line)).collect();
        self.drawn.retain(|line| {
            used += taken(*line);
            used <= room
        });
        let back = if up == 0 { String::new() } else { format!("\r\u{1b}[{up}A") };
        let shown: String =
            lines.iter().take(self.drawn.len()).map(|line| format!("{line}{CLEAR_LINE}\r\n")).collect();
        format!("{back}{shown}{CLEAR_BELOW}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_second_drawing_goes_up_to_where_the_first_began() {
        let mut block = Block::default();
        assert_eq!(block.redraw(&lines("one\ntwo"), (80, 24)), "one\u{1b}[K\r\ntwo\u{1b}[K\r\n\r\u{1b}[J");
        assert_eq!(block.redraw(&lines("1"), (80, 24)), "\r\u{1b}[2A1\u{1b}[K\r\n\r\u{1b}[J");
        assert!(block.redraw(&[], (80, 24)).starts_with("\r\u{1b}[1A"));
        assert!(!block.redraw(&[], (80, 24)).contains('A'), "there is nothing to go up to");
    }

    #[test]
    fn lines_a_narrower_terminal_has_wrapped_are_all_replaced() {
        let mut block = Block::default();
        block.redraw(&lines("0123456789\n\u{1b}[2m012345\u{1b}[0m\n"), (20, 24));
        assert!(block.redraw(&lines("x"), (6, 24)).starts_with("\r\u{1b}[3A"));
    }

    #[test]
    fn what_does_not_fit_is_left_out_at_the_end() {
        let mut block = Block::default();
        let drawn = block.redraw(&lines("a\nb\nc\nd"), (80, 3));
        assert!(drawn.contains('b') && !drawn.contains('c'), "{drawn:?}");
        assert!(block.redraw(&lines("a"), (80, 3)).starts_with("\r\u{1b}[2A"));
    }
}
