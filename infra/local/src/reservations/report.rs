//! What became of a book of reservations.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::capacity::Capacity;

/// What an import did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Rows in the files, as far as they were read.
    pub rows: usize,
    /// Rows that do not count by the mapping.
    pub left_out: usize,
    /// Reservations that were read.
    pub reservations: usize,
    /// The first day on which something happened, and the last one.
    pub days: Option<(Date, Date)>,
    /// Rooms of each type, where they were derived or said.
    pub rooms: BTreeMap<String, Capacity>,
    /// Steps that were taken, by what they are.
    pub steps: BTreeMap<&'static str, usize>,
    /// Steps that were taken by an import before this one.
    pub before: usize,
    /// What was asked of the API, by what it is.
    pub asked: BTreeMap<&'static str, Asked>,
    /// What was refused.
    pub refused: Vec<Refusal>,
    /// Where it was imported to.
    pub place: Option<Place>,
}

/// Where reservations were imported to.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// The location.
    pub location_id: String,
    /// The plan that they are sold by.
    pub rate_plan_id: String,
    /// The pool of each room type, by the type's name.
    pub pools: BTreeMap<String, String>,
}

/// Requests of a kind, and what they consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// How many.
    pub requests: u64,
    /// Of which an earlier one with the same key had been carried out.
    pub replayed: u64,
    /// Round trips to the database.
    pub trips: u64,
    /// Read units, in halves.
    pub half_reads: u64,
    /// Write units, in halves.
    pub half_writes: u64,
}

/// A reservation that was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The file.
    pub file: String,
    /// The line of its row.
    pub line: u64,
    /// What was refused.
    pub at: At,
    /// A code of the API; `row` for a row that cannot be read, `no_room` where no room of the type was free.
    pub code: String,
    /// Why, for a person.
    pub reason: String,
}

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The row itself.
    Row,
    /// To book.
    Booking,
    /// Another type on arrival.
    Change,
    /// A room on arrival.
    Assignment,
    /// To come.
    CheckIn,
    /// To leave.
    CheckOut,
    /// To cancel.
    Cancellation,
    /// To say that nobody came.
    NoShow,
}

impl At {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Booking => "booking",
            Self::Change => "change",
            Self::Assignment => "assignment",
            Self::CheckIn => "check_in",
            Self::CheckOut => "check_out",
            Self::Cancellation => "cancellation",
            Self::NoShow => "no_show",
        }
    }
}

impl Asked {
    /// Counts an answer that tells what it consumed: `trips=2, reads=1.5, writes=10`.
    pub(super) fn count(&mut self, replayed: bool, usage: Option<&str>) {
        self.requests += 1;
        self.replayed += u64::from(replayed);
        for part in usage.unwrap_or_default().split(',') {
            let Some((name, number)) = part.trim().split_once('=') else { continue };
            let (whole, half) = number.split_once('.').unwrap_or((number, ""));
            let whole: u64 = whole.parse().unwrap_or_default();
            let halves = 2 * whole + u64::from(!half.is_empty());
            match name {
                "trips" => self.trips += whole,
                "reads" => self.half_reads += halves,
                "writes" => self.half_writes += halves,
                _ => {}
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            replayed: self.replayed + other.replayed,
            trips: self.trips + other.trips,
            half_reads: self.half_reads + other.half_reads,
            half_writes: self.half_writes + other.half_writes,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, at, code, reason } = self;
        write!(f, "{file}:{line}: {}: {code}: {reason}", at.as_str())
    }
}

impl fmt::Display for Report {
    /// What was done altogether.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, {} reservations", self.rows, self.reservations)?;
        if self.left_out > 0 {
            write!(f, ", {} left out", self.left_out)?;
        }
        if let Some((from, to)) = self.days {
            write!(f, ", from {from} to {to}")?;
        }
        for (name, Capacity { rooms, overbooking }) in &self.rooms {
            write!(f, "\n  rooms of {name:<19} {rooms:>6} and {overbooking} beyond")?;
        }
        if self.before > 0 {
            write!(f, "\n  {:<28} {:>6}", "steps taken before", self.before)?;
        }
        for (word, count) in &self.steps {
            write!(f, "\n  {word:<28} {count:>6}")?;
        }
        write!(f, "\n  {:<28} {:>6}", "refused", self.refused.len())?;
        let mut reasons: BTreeMap<(At, &str), usize> = BTreeMap::new();
        for refusal in &self.refused {
            *reasons.entry((refusal.at, &refusal.code)).or_default() += 1;
        }
        for ((at, code), count) in reasons {
            write!(f, "\n    {:<26} {count:>6}", format!("{}: {code}", at.as_str()))?;
        }
        let all = self.asked.values().fold(Asked::default(), |sum, asked| sum.plus(*asked));
        let lines = self.asked.iter().map(|(what, asked)| (*what, *asked)).chain([("all requests", all)]);
        for (what, asked) in lines.filter(|_| all.requests > 0) {
            let Asked { requests, replayed, trips, half_reads, half_writes } = asked;
            let (reads, writes) = (half_reads.div_ceil(2), half_writes.div_ceil(2));
            write!(
                f,
                "\n  {what:<28} {requests:>6}, {replayed} replayed; {trips} trips, {reads} reads, {writes} writes"
            )?;
        }
        if let Some(place) = &self.place {
            write!(f, "\n  into {} at {}", place.location_id, place.rate_plan_id)?;
        }
        Ok(())
    }
}
