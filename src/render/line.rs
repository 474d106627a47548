//! Screens made of lines whose cells stand under each other.

use super::table::aligned;

/// Lines of cells in columns two blanks apart, each line indented by `indent` blanks.
pub fn columns(indent: usize, lines: Vec<Vec<String>>) -> String {
    let margin = " ".repeat(indent);
    aligned(lines).lines().map(|line| format!("{margin}{line}\n")).collect()
}
