//! A report as text: aligned columns for a terminal, Markdown for a document.

use crate::report::{Cell, Report, Table};

/// Aligned columns: words to the left, numbers to the right.
pub(crate) fn plain(report: &Report) -> String {
    let mut text: String = report.about.iter().map(|line| format!("{line}\n")).collect();
    for table in &report.tables {
        text += &format!("\n{}\n", table.title);
        let widths: Vec<usize> = (0..table.columns.len()).map(|column| width(table, column)).collect();
        let heads: Vec<Cell> = table.columns.iter().map(|column| Cell::text(*column)).collect();
        text += &line(&heads, &widths);
        text.extend(table.rows.iter().map(|row| line(row, &widths)));
        text.extend(table.notes.iter().map(|note| format!("  {note}\n")));
    }
    text
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
        text += &if n == 0 { format!(" {shown:<width$}") } else { format!("  {shown:>width$}") };
    }
    text.trim_end().to_owned() + "\n"
}

/// One section for each table.
pub(crate) fn markdown(report: &Report, head: &str) -> String {
    let mut text = format!("{head}\n");
    text.extend(report.about.iter().map(|line| format!("- {line}\n")));
    for table in &report.tables {
        text += &format!("\n## {}\n\n| {} |\n", table.title, table.columns.join(" | "));
        let rule = |n: usize| if n == 0 { "---" } else { "---:" };
        text += &format!("| {} |\n", (0..table.columns.len()).map(rule).collect::<Vec<_>>().join(" | "));
        for row in &table.rows {
            text += &format!("| {} |\n", row.iter().map(Cell::shown).collect::<Vec<_>>().join(" | "));
        }
        text.extend(table.notes.iter().map(|note| format!("\n{note}\n")));
    }
    text
}
