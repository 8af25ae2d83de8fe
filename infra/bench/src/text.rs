//! A report as text: aligned columns for a terminal, Markdown for a document.

use crate::report::{Cell, Report, Table};

/// Aligned columns: words to the left, numbers to the right.
pub(crate) fn plain(report: &Report) -> String {
    let mut lines = report.about.clone();
    for table in &report.tables {
        lines.extend([String::new(), table.title.clone()]);
        let widths: Vec<usize> = (0..table.columns.len()).map(|column| width(table, column)).collect();
        let heads: Vec<Cell> = table.columns.iter().map(|column| Cell::text(*column)).collect();
        lines.push(line(&heads, &widths));
        lines.extend(table.rows.iter().map(|row| line(row, &widths)));
        lines.extend(table.notes.iter().map(|note| format!("  {note}")));
    }
    lines.join("\n") + "\n"
}

fn width(table: &Table, column: usize) -> usize {
    let cells = table.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.shown().chars().count());
    let head = table.columns.get(column).map_or(0, |head| head.chars().count());
    cells.max().unwrap_or(0).max(head)
}

fn line(cells: &[Cell], widths: &[usize]) -> String {
    let mut text = String::from(" ");
    for (n, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let shown = cell.shown();
        let cell = if n == 0 { format!(" {shown:<width$}") } else { format!("  {shown:>width$}") };
        text.push_str(&cell);
    }
    text.trim_end().to_owned()
}

/// One section for each table.
pub(crate) fn markdown(report: &Report, head: &str) -> String {
    let mut lines = vec![head.to_owned()];
    lines.extend(report.about.iter().map(|line| format!("- {line}")));
    for table in &report.tables {
        let rule = |n: usize| if n == 0 { "---" } else { "---:" };
        let rules: Vec<&str> = (0..table.columns.len()).map(rule).collect();
        lines.extend([String::new(), format!("## {}", table.title), String::new()]);
        lines.push(format!("| {} |", table.columns.join(" | ")));
        lines.push(format!("| {} |", rules.join(" | ")));
        let cells = |row: &Vec<Cell>| row.iter().map(Cell::shown).collect::<Vec<_>>().join(" | ");
        lines.extend(table.rows.iter().map(|row| format!("| {} |", cells(row))));
        lines.extend(table.notes.iter().flat_map(|note| [String::new(), note.clone()]));
    }
    lines.join("\n") + "\n"
}
