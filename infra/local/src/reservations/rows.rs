//! The rows of a file as reservations.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use csv::{ReaderBuilder, StringRecord};
use domain::pool::Nights;
use errors::{Code, Error, Result};
use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::mapping::{End, Mapping, rendered};
use super::report::{At, Refusal};
use crate::import::Source;

/// Longest name of a guest, and of a source, in characters.
const NAME: usize = 100;
const SOURCE: usize = 40;

/// A reservation, as its file has it.
#[derive(Debug, Clone)]
pub(super) struct Reservation {
    pub(super) file: String,
    pub(super) line: u64,
    /// What it is known by: the digest of its reference, and of how many there were before it with the same one.
    pub(super) key: [u8; 32],
    pub(super) booked: Date,
    pub(super) nights: Nights,
    pub(super) settled: Option<Date>,
    pub(super) end: End,
    pub(super) reserved: String,
    pub(super) assigned: String,
    pub(super) adults: u8,
    pub(super) children: Vec<u8>,
    pub(super) nightly: Vec<i64>,
    pub(super) guest: String,
    pub(super) source: String,
}

/// A row, by its columns' names.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    columns: &'a BTreeMap<String, usize>,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// What stands in a column.
    pub(super) fn get(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default().trim()
    }
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) reservations: Vec<Reservation>,
    pub(super) refused: Vec<Refusal>,
    /// Rows altogether.
    pub(super) all: usize,
    /// Rows that do not count by the mapping.
    pub(super) others: usize,
    known: BTreeMap<[u8; 32], u64>,
}

impl Rows {
    /// Reads a file, plain or compressed, until so many rows have been read altogether.
    ///
    /// # Errors
    /// `bad_request` when it cannot be read at all, or lacks a column that the mapping names.
    pub(super) fn read(
        &mut self,
        source: &Source,
        (mapping, decimals): (&Mapping, u32),
        limit: usize,
    ) -> Result<()> {
        let wrong = |what: String| Error::new(Code::BadRequest, format!("{}: {what}", source.name));
        let bytes = source.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&source.bytes);
        let packed = bytes.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read> =
            if packed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(Cursor::new(bytes)) };
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(plain);
        let headers = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
        let columns: BTreeMap<String, usize> =
            headers.iter().enumerate().map(|(at, name)| (name.trim().to_owned(), at)).collect();
        let missing: Vec<&str> =
            mapping.columns().into_iter().filter(|name| !columns.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(wrong(format!("it has no column {}", missing.join(", "))));
        }
        for record in reader.byte_records() {
            if self.all >= limit {
                break;
            }
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let record = StringRecord::from_byte_record_lossy(record);
            let row = Row { line, columns: &columns, record: &record };
            self.all += 1;
            if record.len() != headers.len() {
                let reason = format!("has {} columns and not {}", record.len(), headers.len());
                self.refused.push(Refusal::row(&source.name, line, reason));
            } else if mapping.takes(&row) {
                let key = self.key(mapping, &row);
                match reservation(source, (mapping, decimals), &row, key) {
                    Ok(reservation) => self.reservations.push(reservation),
                    Err(reason) => self.refused.push(Refusal::row(&source.name, line, reason)),
                }
            } else {
                self.others += 1;
            }
        }
        Ok(())
    }

    /// What the row is known by, whatever else is in its file.
    fn key(&mut self, mapping: &Mapping, row: &Row<'_>) -> [u8; 32] {
        let own: Vec<&str> = match mapping.reference.as_slice() {
            [] => row.record.iter().collect(),
            columns => columns.iter().map(|column| row.get(column)).collect(),
        };
        let alike = digest(&own);
        let before = self.known.entry(alike).or_default();
        *before += 1;
        let mut sha = Sha256::new();
        sha.update(alike);
        sha.update(before.to_be_bytes());
        sha.finalize().into()
    }
}

/// The digest of some texts, each for itself.
pub(super) fn digest(parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}

fn reservation(
    source: &Source,
    (mapping, decimals): (&Mapping, u32),
    row: &Row<'_>,
    key: [u8; 32],
) -> std::result::Result<Reservation, String> {
    let arrival = mapping.arrival.read(row, None)?;
    let day = |day: &Option<super::mapping::Day>| {
        day.as_ref().filter(|day| day.is_said(row)).map(|day| day.read(row, Some(arrival))).transpose()
    };
    let (booked, settled) = (day(&mapping.booked)?, day(&mapping.settled)?);
    let departure = mapping.departure.read(row, Some(arrival))?;
    let nights = Nights::new(arrival, departure).ok_or("it has no night: nothing to be claimed")?;
    let reserved = mapping.room_type(row, &mapping.room_type)?;
    let assigned = match &mapping.assigned_type {
        Some(column) => mapping.room_type(row, column)?,
        None => reserved.clone(),
    };
    let children: Vec<Vec<u8>> =
        mapping.children.iter().map(|children| children.read(row)).collect::<std::result::Result<_, _>>()?;
    let count = usize::try_from(nights.count()).unwrap_or_default();
    let source_text =
        mapping.source.as_deref().map_or_else(|| "import".to_owned(), |text| rendered(text, row));
    Ok(Reservation {
        file: source.name.clone(),
        line: row.line,
        key,
        booked: booked.unwrap_or(arrival).min(arrival),
        nights,
        settled,
        end: mapping.status.read(row)?,
        reserved,
        assigned,
        adults: mapping.adults.read(row)?,
        children: children.into_iter().flatten().collect(),
        nightly: mapping.price.read(row, count, decimals)?,
        guest: clipped(&rendered(&mapping.guest, row), NAME).ok_or("it names no guest")?,
        source: clipped(&source_text, SOURCE).unwrap_or_else(|| "import".to_owned()),
    })
}

/// As much of the text as fits, on one line.
fn clipped(text: &str, most: usize) -> Option<String> {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl Refusal {
    fn row(file: &str, line: u64, reason: String) -> Self {
        Self { file: file.to_owned(), line, at: At::Row, code: "row".to_owned(), reason }
    }
}
