//! How a file of reservations is read: which column, or which columns together, say what.

use std::collections::{BTreeMap, BTreeSet};

use errors::{Code, Error};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::rows::Row;
use crate::import::Source;

/// Words that stand for nothing.
const NOTHING: [&str; 4] = ["", "NULL", "NA", "N/A"];

/// What says what in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Rows that count: by column, the values that it has in them. All rows when left out.
    #[serde(default)]
    pub only: BTreeMap<String, BTreeSet<String>>,
    /// The columns that name a reservation; the whole row when left out.
    #[serde(default)]
    pub reference: Vec<String>,
    /// The first day.
    pub arrival: Day,
    /// The day after the last night.
    pub departure: Day,
    /// When it was booked; on the day of arrival when left out or empty.
    pub booked: Option<Day>,
    /// When it became what it is: the day of check-out, cancellation or no-show. As was planned when left out or empty.
    pub settled: Option<Day>,
    /// The column of the room type that was booked.
    pub room_type: String,
    /// The column of the room type that the guests were put into, where there is one.
    pub assigned_type: Option<String>,
    /// What room types are called here, by what they are called in the file; the same when left out.
    #[serde(default)]
    pub types: BTreeMap<String, String>,
    /// How many adults.
    pub adults: Count,
    /// Children, by columns that count them.
    #[serde(default)]
    pub children: Vec<Children>,
    /// What it costs.
    pub price: Price,
    /// Whose it is: a text with `{column}` in it, and `{line}` for the row's line.
    #[serde(default = "guest")]
    pub guest: String,
    /// How it came, likewise; `import` when left out.
    pub source: Option<String>,
    /// What became of it.
    pub status: Status,
}

fn guest() -> String {
    "Guest of line {line}".to_owned()
}

/// Where a day stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Day {
    /// In three columns; the month as a number or by its English name.
    Parts {
        /// The year.
        year: String,
        /// The month.
        month: String,
        /// The day of the month.
        day: String,
    },
    /// In one column, in a format of `strftime`.
    Text {
        /// Which.
        column: String,
        /// For example `%Y-%m-%d`.
        format: String,
    },
    /// So many days after the arrival: the sum of these columns.
    After {
        /// Which.
        after_arrival: Vec<String>,
    },
    /// So many days before it.
    Before {
        /// Which.
        before_arrival: Vec<String>,
    },
}

/// A number of people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Where it stands; nothing there is none.
    pub column: String,
    /// At least so many, whatever is written there.
    #[serde(default)]
    pub least: u8,
}

/// Children of an age.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Children {
    /// Where their number stands; nothing there is none.
    pub column: String,
    /// What age they count as, 0 to 17.
    pub age: u8,
}

/// Where the price stands, in units of the currency with decimals.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// Of each night, in this column.
    Nightly(String),
    /// Of all of them, in this column: divided among them.
    Total(String),
}

/// What became of reservations, by the words of one column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Which.
    pub column: String,
    /// They came, and have left.
    #[serde(default)]
    pub honoured: BTreeSet<String>,
    /// They are in the house.
    #[serde(default)]
    pub in_house: BTreeSet<String>,
    /// They were cancelled.
    #[serde(default)]
    pub cancelled: BTreeSet<String>,
    /// Nobody came.
    #[serde(default)]
    pub no_show: BTreeSet<String>,
    /// They are still to come.
    #[serde(default)]
    pub expected: BTreeSet<String>,
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Honoured,
    InHouse,
    Cancelled,
    NoShow,
    Expected,
}

impl Mapping {
    /// From its file.
    ///
    /// # Errors
    /// `bad_request`, with what is wrong with it.
    pub fn read(source: &Source) -> Result<Self, Error> {
        let wrong = |error| Error::new(Code::BadRequest, format!("{}: {error}", source.name));
        serde_json::from_slice(&source.bytes).map_err(|error: serde_json::Error| wrong(error))
    }

    /// Every column that it names.
    pub(super) fn columns(&self) -> BTreeSet<&str> {
        let days = [Some(&self.arrival), Some(&self.departure), self.booked.as_ref(), self.settled.as_ref()];
        let texts = [Some(&self.guest), self.source.as_ref()];
        let mut all: BTreeSet<&str> = days.into_iter().flatten().flat_map(Day::columns).collect();
        all.extend(texts.into_iter().flatten().flat_map(|text| named(text)));
        all.remove("line");
        let (Price::Nightly(price) | Price::Total(price)) = &self.price;
        let single = [&self.room_type, &self.adults.column, &self.status.column, price];
        let many = self.only.keys().chain(&self.reference).chain(&self.assigned_type);
        let children = self.children.iter().map(|children| &children.column);
        all.extend(single.into_iter().chain(many).chain(children).map(String::as_str));
        all
    }

    /// Whether the row counts.
    pub(super) fn takes(&self, row: &Row<'_>) -> bool {
        self.only.iter().all(|(column, values)| values.contains(row.get(column)))
    }

    /// The room type of this column, by its name here.
    pub(super) fn room_type(&self, row: &Row<'_>, column: &str) -> Result<String, String> {
        let text = row.get(column);
        if NOTHING.contains(&text) {
            return Err(format!("{column} names no room type"));
        }
        Ok(self.types.get(text).map_or(text, String::as_str).to_owned())
    }
}

impl Day {
    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Parts { year, month, day } => vec![year, month, day],
            Self::Text { column, .. } => vec![column],
            Self::After { after_arrival: columns } | Self::Before { before_arrival: columns } => {
                columns.iter().map(String::as_str).collect()
            }
        }
    }

    /// Whether there is anything in its columns.
    pub(super) fn is_said(&self, row: &Row<'_>) -> bool {
        self.columns().into_iter().any(|column| !NOTHING.contains(&row.get(column)))
    }

    /// The day that it says; `arrival` is known unless it is the arrival itself.
    pub(super) fn read(&self, row: &Row<'_>, arrival: Option<Date>) -> Result<Date, String> {
        let far = |columns: &[String]| -> Result<i64, String> {
            columns.iter().map(|column| number(row, column).map(i64::from)).sum()
        };
        let from = |days: i64| {
            let arrival = arrival.ok_or("the arrival cannot be told by itself")?;
            let span = jiff::Span::new().try_days(days).map_err(|error| error.to_string())?;
            arrival.checked_add(span).map_err(|error| error.to_string())
        };
        match self {
            Self::Parts { year, month, day } => {
                let text = format!("{}-{}-{}", row.get(year), month_of(row.get(month)), row.get(day));
                let date = Date::strptime("%Y-%m-%d", &text);
                date.map_err(|_| format!("{year}, {month} and {day} are no day: {text}"))
            }
            Self::Text { column, format } => {
                let text = row.get(column);
                Date::strptime(format, text).map_err(|_| format!("{column} is no day: {text}"))
            }
            Self::After { after_arrival } => from(far(after_arrival)?),
            Self::Before { before_arrival } => from(-far(before_arrival)?),
        }
    }
}

/// The number of a month that may be named.
fn month_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let months = jiff::civil::date(2000, 1, 1).series(1.month()).take(12);
    let name = |month: &Date| month.strftime("%B").to_string().to_lowercase();
    let found = months.into_iter().find(|month| lower.len() >= 3 && name(month).starts_with(&lower));
    found.map_or_else(|| text.to_owned(), |month| month.month().to_string())
}

impl Count {
    pub(super) fn read(&self, row: &Row<'_>) -> Result<u8, String> {
        let count = number(row, &self.column)?.max(self.least.into());
        u8::try_from(count).map_err(|_| format!("{} is too large: {count}", self.column))
    }
}

impl Children {
    pub(super) fn read(&self, row: &Row<'_>) -> Result<Vec<u8>, String> {
        let count = number(row, &self.column)?;
        if count > 100 {
            return Err(format!("{} is too large: {count}", self.column));
        }
        Ok(vec![self.age; usize::try_from(count).unwrap_or_default()])
    }
}

impl Price {
    /// What each of so many nights costs, in minor units of a currency that has so many decimals.
    pub(super) fn read(&self, row: &Row<'_>, nights: usize, decimals: u32) -> Result<Vec<i64>, String> {
        let (Self::Nightly(column) | Self::Total(column)) = self;
        let minor = minor(row.get(column), decimals)
            .ok_or_else(|| format!("{column} is no price: {}", row.get(column)))?;
        let count = i64::try_from(nights).unwrap_or(i64::MAX).max(1);
        let each = |night: usize| match self {
            Self::Nightly(_) => minor,
            // What does not divide is with the first nights.
            Self::Total(_) => {
                minor / count + i64::from(i64::try_from(night).is_ok_and(|night| night < minor % count))
            }
        };
        Ok((0..nights).map(each).collect())
    }
}

impl Status {
    pub(super) fn read(&self, row: &Row<'_>) -> Result<End, String> {
        let text = row.get(&self.column);
        let words = [
            (&self.honoured, End::Honoured),
            (&self.in_house, End::InHouse),
            (&self.cancelled, End::Cancelled),
            (&self.no_show, End::NoShow),
            (&self.expected, End::Expected),
        ];
        let found = words.into_iter().find(|(words, _)| words.contains(text));
        found
            .map(|(_, end)| end)
            .ok_or_else(|| format!("{} is no status that is mapped: {text}", self.column))
    }
}

/// Columns between braces.
fn named(text: &str) -> Vec<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

/// The text with what stands in the row.
pub(super) fn rendered(text: &str, row: &Row<'_>) -> String {
    let mut told = text.replace("{line}", &row.line.to_string());
    for column in named(text) {
        told = told.replace(&format!("{{{column}}}"), row.get(column));
    }
    told
}

/// A whole number; nothing is none. Some programs write it with decimals that are zero.
fn number(row: &Row<'_>, column: &str) -> Result<u32, String> {
    let text = row.get(column);
    if NOTHING.contains(&text) {
        return Ok(0);
    }
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|digit| digit == b'0'));
    let whole = whole.map_or(text, |(whole, _)| whole);
    whole.parse().map_err(|_| format!("{column} is no number: {text}"))
}

/// An amount with decimals, by point or comma, in minor units: rounded half up, never below nothing.
fn minor(text: &str, decimals: u32) -> Option<i64> {
    let text = if text.contains('.') { text.to_owned() } else { text.replace(',', ".") };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !digits(whole) || !digits(part) {
        return None;
    }
    let kept = usize::try_from(decimals).ok()?;
    let up = i64::from(part.as_bytes().get(kept).is_some_and(|digit| *digit >= b'5'));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(kept).collect();
    let part: i64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    Some(whole.parse::<i64>().ok()? * 10_i64.checked_pow(decimals)? + part + up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_minor_unit() {
        for (text, decimals, told) in [
            ("75", 2, Some(7_500)),
            ("96.3", 2, Some(9_630)),
            ("107,42", 2, Some(10_742)),
            ("0.005", 2, Some(1)),
            ("12.5", 0, Some(13)),
            ("1.2", 3, Some(1_200)),
            ("-6.38", 2, None),
            ("", 2, None),
            ("1.234,50", 2, None),
        ] {
            assert_eq!(minor(text, decimals), told, "{text}");
        }
    }

    #[test]
    fn months_have_names_and_numbers() {
        for (text, number) in [("July", "7"), ("sep", "9"), ("12", "12"), ("Ma", "Ma"), ("May", "5")] {
            assert_eq!(month_of(text), number);
        }
    }

    #[test]
    fn columns_stand_between_braces() {
        assert_eq!(named("{a} of {line}, {b c}"), ["a", "line", "b c"]);
        assert_eq!(named("none {"), Vec::<&str>::new());
    }
}
