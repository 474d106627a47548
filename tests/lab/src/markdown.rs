//! Figures as docs/performance.md has them.

/// A line of a table.
#[must_use]
pub fn row<C: AsRef<str>>(cells: &[C]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

/// The first lines of a table.
#[must_use]
pub fn head<C: AsRef<str>>(cells: &[C]) -> String {
    format!("{}\n{}", row(cells), row(&vec!["---"; cells.len()]))
}

/// `10,597`
#[must_use]
pub fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `12 KiB`, `30.4 MiB`
#[must_use]
pub fn size(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_what_markdown_wants() {
        assert_eq!(
            format!("{}\n{}", head(&["a", "b"]), row(&["1", "2"])),
            "| a | b |\n| --- | --- |\n| 1 | 2 |"
        );
    }

    #[test]
    fn numbers_and_sizes_are_easy_to_read() {
        assert_eq!(
            [7, 350, 3500, 1_234_567].map(|number: u64| thousands(number)),
            ["7", "350", "3,500", "1,234,567"]
        );
        assert_eq!([28 * 1024, 31_876_710].map(size), ["28 KiB", "30.4 MiB"]);
    }
}
