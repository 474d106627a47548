//! Tables as kubectl prints them: two blanks between columns, no rules, no trailing blanks.

use tabled::builder::Builder;
use tabled::settings::{Padding, Style as Borders};

use super::style::Style;
use super::text::{harmless, width};

/// A table under construction.
#[derive(Debug, Clone, Default)]
pub struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
    cut_column: Option<usize>,
    phase_columns: Vec<usize>,
    headless: bool,
}

/// Shortest a cut column gets.
const CUT_MIN_COLUMNS: usize = 10;

impl Table {
    /// A table with these titles, upper-case and without blanks.
    pub fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        Self { titles: titles.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Names the one column of free text, which is cut where the terminal is too narrow.
    #[must_use]
    pub fn cutting(mut self, title: &str) -> Self {
        self.cut_column = self.titles.iter().position(|t| t == title);
        self
    }

    /// Names the columns that hold phases, which are coloured.
    #[must_use]
    pub fn with_phases(mut self, titles: &[&str]) -> Self {
        self.phase_columns = (0..self.titles.len())
            .filter(|i| self.titles.get(*i).is_some_and(|t| titles.contains(&t.as_str())))
            .collect();
        self
    }

    /// Leaves the line of titles out.
    #[must_use]
    pub fn headless(mut self, headless: bool) -> Self {
        self.headless = headless;
        self
    }

    /// Adds a row; empty cells show as `<none>`, control characters are made harmless.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| cell_text(cell.as_ref())).collect());
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines, each ending in a line feed; nothing for a table without rows and titles.
    pub fn render(&self, style: &Style) -> String {
        let mut lines: Vec<Vec<String>> = Vec::with_capacity(self.rows.len() + 1);
        if !self.headless {
            lines.push(self.titles.clone());
        }
        lines.extend(self.rows.iter().cloned());
        if let (Some(column), Some(columns)) = (self.cut_column, style.width) {
            cut_to(&mut lines, (column, columns), style);
        }
        self.paint(&mut lines, style);
        aligned(lines)
    }

    fn paint(&self, lines: &mut [Vec<String>], style: &Style) {
        for line in lines.iter_mut().skip(usize::from(!self.headless)) {
            for column in &self.phase_columns {
                if let Some(cell) = line.get_mut(*column) {
                    *cell = style.phase(cell);
                }
            }
        }
    }
}

/// Lines of cells in columns two blanks apart, without trailing blanks.
pub(super) fn aligned(lines: Vec<Vec<String>>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut table = Builder::from_iter(lines).build();
    table.with(Borders::empty()).with(Padding::new(0, 2, 0, 0));
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn cell_text(cell: &str) -> String {
    match cell {
        "" => "<none>".to_owned(),
        text => harmless(text).into_owned(),
    }
}

fn cut_to(lines: &mut [Vec<String>], (column, columns): (usize, usize), style: &Style) {
    let widest =
        |i: usize| lines.iter().filter_map(|line| line.get(i)).map(|cell| width(cell)).max().unwrap_or(0);
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let others: usize = (0..count).filter(|i| *i != column).map(|i| widest(i) + 2).sum();
    // Where the others wrap already, the text fills what is left of their last line.
    let lines_taken = (others + CUT_MIN_COLUMNS).div_ceil(columns.max(1));
    let room = (lines_taken * columns).saturating_sub(others);
    for cell in lines.iter_mut().filter_map(|line| line.get_mut(column)) {
        *cell = style.cut(cell, room);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn sample() -> Table {
        let mut table =
            Table::new(["NAME", "PHASE", "MESSAGE", "AGE"]).cutting("MESSAGE").with_phases(&["PHASE"]);
        table.row(["schedule-acm", "Enabled", "all is well and has been for quite some time now", "4d"]);
        table.row(["other", "", "\u{1b}[31mred", ""]);
        table
    }

    #[test]
    fn off_a_terminal_nothing_is_cut_and_lines_have_no_trailing_blanks() {
        assert_eq!(
            sample().render(&Style::plain(Timestamp::UNIX_EPOCH)),
            "NAME          PHASE    MESSAGE                                           AGE\n\
             schedule-acm  Enabled  all is well and has been for quite some time now  4d\n\
             other         <none>   ?[31mred                                          <none>\n"
        );
    }

    #[test]
    fn where_a_line_wraps_anyway_the_text_fills_its_last_row() {
        let text = |columns| {
            let style = Style { width: Some(columns), ..Style::plain(Timestamp::UNIX_EPOCH) };
            sample().render(&style).lines().nth(2).unwrap_or_default().chars().count()
        };
        assert_eq!(text(30), 60, "two rows, and no third for the rest of a sentence");
        assert_eq!(text(20), 60);
    }

    #[test]
    fn on_a_narrow_terminal_only_the_free_text_is_cut() {
        let narrow = Style { width: Some(50), unicode: true, ..Style::plain(Timestamp::UNIX_EPOCH) };
        assert_eq!(
            sample().headless(true).render(&narrow),
            "schedule-acm  Enabled  all is well and ha…  4d\nother         <none>   ?[31mred             <none>\n"
        );
    }

    #[test]
    fn colour_does_not_move_columns() {
        let plain = Style::plain(Timestamp::UNIX_EPOCH);
        let coloured = sample().render(&Style { color: true, ..plain });
        assert!(coloured.contains("\u{1b}[32mEnabled\u{1b}[0m"), "{coloured:?}");
        let stripped = ["\u{1b}[32m", "\u{1b}[2m", "\u{1b}[0m"]
            .iter()
            .fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(stripped, sample().render(&plain));
    }
}
