//! A report as a value: tables and charts, from which text, JSON and the picture are made.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// What was measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// On what, how, when.
    pub about: Vec<String>,
    /// The tables, one after the other.
    pub tables: Vec<Table>,
    /// What the picture shows.
    pub charts: Vec<Chart>,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// A short word for programs.
    pub name: &'static str,
    /// Its heading.
    pub title: String,
    /// Names of the columns, with their units.
    pub columns: Vec<&'static str>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// What must be known to read it.
    pub notes: Vec<String>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number, as it is printed.
    Number(String),
    /// Not measured here.
    None,
}

/// Bars in groups.
#[derive(Debug, Clone, Serialize)]
pub struct Chart {
    /// Its heading.
    pub title: String,
    /// What each bar of a group is; one group's bars have the colours of the series in turn.
    pub series: Vec<String>,
    /// The groups.
    pub groups: Vec<Group>,
}

/// Bars that belong together.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// What they are of.
    pub label: String,
    /// Each bar's length, and what is written at its end.
    pub bars: Vec<(u64, String)>,
}

impl Table {
    /// An empty table.
    pub fn new(name: &'static str, title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { name, title: title.into(), columns: columns.to_vec(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a note.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn count(count: u64) -> Self {
        Self::Number(count.to_string())
    }

    /// A number with digits after the point; see [`crate::number::decimal`].
    pub fn decimal(value: u64, scale: u32, digits: u32) -> Self {
        Self::Number(crate::number::decimal(value, scale, digits))
    }

    /// As it is printed: thousands apart, a dash for nothing.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => grouped(number),
            Self::None => "–".to_owned(),
        }
    }
}

/// `1234567.8` as `1,234,567.8`.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let digits = whole.chars().count();
    let mut text = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (digits - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => {
                let number: serde_json::Number = number.parse().map_err(serde::ser::Error::custom)?;
                number.serialize(serializer)
            }
            Self::None => serializer.serialize_none(),
        }
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<Row<'_>> = self.rows.iter().map(|cells| Row { table: self, cells }).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("rows", &rows)?;
        map.serialize_entry("notes", &self.notes)?;
        map.end()
    }
}

struct Row<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.table.columns.iter().zip(self.cells))
    }
}

impl Report {
    /// As lines for a terminal.
    pub fn text(&self) -> String {
        crate::text::plain(self)
    }

    /// As a Markdown document; `head` comes first.
    pub fn markdown(&self, head: &str) -> String {
        crate::text::markdown(self, head)
    }

    /// As JSON.
    ///
    /// # Errors
    /// When a number of a cell is none.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// The charts as a picture.
    pub fn svg(&self) -> String {
        crate::svg::render(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut table = Table::new("one", "One", &["what", "ms"]);
        table.row([Cell::text("a & b"), Cell::decimal(12_345_678, 3, 1)]);
        table.row([Cell::text("c"), Cell::None]);
        table.note("noted");
        let bars = vec![(1_000, "1,000".to_owned()), (10, "10 < 1,000".to_owned())];
        let chart = Chart {
            title: "Chart".to_owned(),
            series: vec!["us".to_owned(), "them".to_owned()],
            groups: vec![Group { label: "a & b".to_owned(), bars }],
        };
        Report { about: vec!["here".to_owned()], tables: vec![table], charts: vec![chart] }
    }

    #[test]
    fn one_value_is_text_markdown_json_and_a_picture() {
        let report = report();
        assert!(report.text().contains("a & b  12,345.7\n"), "{}", report.text());
        assert!(report.markdown("# Head").contains("| a & b | 12,345.7 |\n"), "{}", report.markdown(""));
        let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
        assert_eq!(json["tables"][0]["rows"][0], serde_json::json!({ "what": "a & b", "ms": 12_345.7 }));
        assert!(json["tables"][0]["rows"][1]["ms"].is_null());
        let svg = report.svg();
        assert!(svg.contains("a &amp; b") && svg.contains("10 &lt; 1,000"), "{svg}");
    }
}
