//! Tables as CSV (RFC 4180): UTF-8, CRLF, a header on the first page only, so that pages can be put behind one another.
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe in front: what somebody entered must not be worked out
//! on an operator's machine. Numbers are ours and stay what they are.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use errors::{Error, Result};

use crate::cursor::PageQuery;
use crate::problem::Problem;
use store::Position;

/// What spreadsheets take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// What somebody may have entered.
    Text(String),
    /// A number, an instant or an id: made by us.
    Plain(String),
    /// Nothing.
    Empty,
}

impl Cell {
    /// A text that may be missing.
    pub fn text(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    /// Whatever is ours.
    pub fn plain(value: impl std::fmt::Display) -> Self {
        Self::Plain(value.to_string())
    }

    fn written(self) -> String {
        match self {
            Self::Text(text) if text.starts_with(FORMULA) => format!("'{text}"),
            Self::Text(text) | Self::Plain(text) => text,
            Self::Empty => String::new(),
        }
    }
}

/// A table, or a page of one.
#[derive(Debug)]
pub struct Csv {
    name: &'static str,
    bytes: Vec<u8>,
    headed: bool,
    next: Option<String>,
}

impl Csv {
    /// A page of a table of this name, with the way to the next one in `Link`.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn page(
        name: &'static str,
        columns: &[&str],
        rows: impl IntoIterator<Item = Vec<Cell>>,
        (page, next): (&PageQuery, Option<&Position>),
    ) -> Result<Self> {
        let headed = page.after.is_none();
        let bytes = written(headed.then_some(columns), rows)?;
        Ok(Self { name, bytes, headed, next: next.map(|next| page.query_of(next)) })
    }

    /// A whole table.
    ///
    /// # Errors
    /// `internal` when it cannot be written.
    pub fn whole(
        name: &'static str,
        columns: &[&str],
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Result<Self> {
        Ok(Self { name, bytes: written(Some(columns), rows)?, headed: true, next: None })
    }
}

fn written(columns: Option<&[&str]>, rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(columns) = columns {
        writer.write_record(columns).map_err(Error::internal)?;
    }
    for row in rows {
        writer.write_record(row.into_iter().map(Cell::written)).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let kind = if self.headed { "present" } else { "absent" };
        let mut response = self.bytes.into_response();
        let mut set = |name: HeaderName, value: String| match HeaderValue::from_str(&value) {
            Ok(value) => {
                response.headers_mut().insert(name, value);
                Ok(())
            }
            Err(error) => Err(Problem(Error::internal(error))),
        };
        let all = [
            (header::CONTENT_TYPE, Some(format!("text/csv; charset=utf-8; header={kind}"))),
            (header::CONTENT_DISPOSITION, Some(format!("attachment; filename=\"{}.csv\"", self.name))),
            (header::LINK, self.next.map(|query| format!("<?{query}>; rel=\"next\""))),
        ];
        for (name, value) in all {
            if let Some(Err(problem)) = value.map(|value| set(name, value)) {
                return problem.into_response();
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_a_text_and_numbers_stay_numbers() {
        let row = ["=1+1", "+49", "-1", "@home", "\tx", "a=b", "a,\"b\"\r\nc", "ü"];
        let row: Vec<_> = row.iter().map(|text| Cell::text(Some(*text))).collect();
        let row = row.into_iter().chain([Cell::plain("-5.00"), Cell::Empty]);
        let text = String::from_utf8(written(Some(&["a"; 10]), [row.collect()]).unwrap()).unwrap();
        let expected = "'=1+1,'+49,'-1,'@home,'\tx,a=b,\"a,\"\"b\"\"\r\nc\",ü,-5.00,\r\n";
        assert_eq!(text, format!("{}\r\n{expected}", ["a"; 10].join(",")));
    }
}
