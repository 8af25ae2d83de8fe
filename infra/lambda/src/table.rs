//! Figures by name, to be printed or read by a program.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Millionths of a second.
    Micros,
}

/// A number and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// How many.
    pub value: u64,
}

/// What was measured of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The function, and what it was asked for.
    pub name: String,
    /// The figures, in the same order in each row.
    pub figures: Vec<Figure>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    /// A line for each call.
    pub rows: Vec<Row>,
}

impl Row {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), figures: Vec::new() }
    }

    pub(crate) fn push(&mut self, name: &str, unit: Unit, value: u64) {
        self.figures.push(Figure { name: name.to_owned(), unit, value });
    }

    pub(crate) fn time(&mut self, name: &str, time: Duration) {
        self.push(name, Unit::Micros, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// The figure of this name.
    pub fn figure(&self, name: &str) -> Option<u64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}

impl Table {
    /// As a Markdown document below this head.
    pub fn markdown(&self, head: &str) -> String {
        let names = self.rows.first().map(|row| row.figures.iter().map(|figure| figure.name.clone()));
        let line = |cells: &mut dyn Iterator<Item = String>| {
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let names: Vec<String> = names.into_iter().flatten().collect();
        let mut text = head.to_owned();
        text += &line(&mut ["function".to_owned()].into_iter().chain(names.iter().cloned()));
        text += &line(&mut ["---".to_owned()].into_iter().chain(names.iter().map(|_| "---:".to_owned())));
        for row in &self.rows {
            let figures = row.figures.iter().map(ToString::to_string);
            text += &line(&mut [row.name.clone()].into_iter().chain(figures));
        }
        text
    }
}

impl fmt::Display for Figure {
    /// Megabytes and milliseconds, two digits behind the point, cut off.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, unit) = match self.unit {
            Unit::Bytes => (1_000_000, "MB"),
            Unit::Micros => (1_000, "ms"),
        };
        let text = format!("{}.{:02} {unit}", self.value / whole, self.value % whole * 100 / whole);
        f.pad(&text)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.rows.first() else { return Ok(()) };
        write!(f, "{:24}", "")?;
        for figure in &first.figures {
            write!(f, " {:>15}", figure.name)?;
        }
        for row in &self.rows {
            write!(f, "\n{:24}", row.name)?;
            for figure in &row.figures {
                write!(f, " {figure:>15}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_people_in_megabytes_and_milliseconds() {
        let mut row = Row::new("floor");
        row.push("program", Unit::Bytes, 2_345_678);
        row.time("init", Duration::from_micros(4_056));
        assert_eq!(row.figure("init"), Some(4_056));
        let table = Table { rows: vec![row] };
        assert!(table.to_string().ends_with("        2.34 MB         4.05 ms"), "{table}");
        let document =
            "Head\n\n| function | program | init |\n| --- | ---: | ---: |\n| floor | 2.34 MB | 4.05 ms |\n";
        assert_eq!(table.markdown("Head\n\n"), document);
    }
}
