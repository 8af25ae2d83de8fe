//! Pools: what is sold by number and not by the clock, and how much of it is left.
//!
//! A nightly pool has a number for each night (rooms of a type), a total pool one number (seats of a session, pieces in
//! stock at a location). What carries such a number is a *cell*.

use std::collections::BTreeMap;

use errors::{Code, Error, Result};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::text::Name;
use crate::{EventId, LocationId, OfferingId, PoolId, Requests, RoomTypeId, Span, Zone};

/// The longest stay that is claimed at once, in nights.
pub const MOST_NIGHTS: i32 = 60;
/// The most nights that one change of capacity reaches over: a year, and the same day of the next.
pub const MOST_NIGHTS_OPENED: i32 = 367;
/// The most units of a night, so that a month of them stays below one kilobyte in the ledger.
pub const MOST_BY_NIGHT: u32 = 9_999;
/// The most units of a total pool.
pub const MOST_IN_TOTAL: u32 = 999_999_999;
/// How many days from the wanted arrival [`alternatives`] looks.
pub const ALTERNATIVES_WITHIN: i32 = 14;

/// What a pool is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// A number for each night: rooms of a type.
    Nightly,
    /// One number: seats of a session, pieces in stock.
    Total,
}

impl PoolKind {
    /// The most units that a cell can have, capacity and overbooking together.
    pub const fn most(self) -> u32 {
        match self {
            Self::Nightly => MOST_BY_NIGHT,
            Self::Total => MOST_IN_TOTAL,
        }
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nightly => "nightly",
            Self::Total => "total",
        }
    }
}

/// What is counted and sold by number. How much there is of it stands in the ledger alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Unique.
    pub id: PoolId,
    /// Where it is.
    pub location: LocationId,
    /// The location's zone: by it a night has passed.
    pub zone: Zone,
    /// Unique within the location.
    pub name: Name,
    /// What it is counted by.
    pub kind: PoolKind,
    /// Of what it is a date, and when, if its units are seats of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Whose nights it counts, if it is a room type's: they are sold as stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_type: Option<RoomTypeId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired pool is kept for its history and sells nothing.
    pub retired: bool,
    /// Counts changes, of its capacity too, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// A date of an offering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Of which.
    pub offering: OfferingId,
    /// From its beginning, after which nothing more is sold, to its end.
    pub span: Span,
}

impl Pool {
    /// Whether it is a session that has begun: nothing more is sold of it.
    pub fn has_begun(&self, now: Timestamp) -> bool {
        self.session.is_some_and(|session| session.span.start() <= now)
    }

    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if self.retired {
            return Err(Error::new(Code::WrongState, "the pool is retired").with_detail("state", "retired"));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// Takes it off the offer for ever.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn retire(self, now: Timestamp) -> Result<Self> {
        let mut next = self.revise(now)?;
        next.retired = true;
        Ok(next)
    }

    /// The event that tells of the change from `before` (nothing, for a new pool) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        let mut told = json!({
            "name": self.name, "location": self.location, "kind": self.kind, "retired": self.retired,
        });
        if let (Some(session), Some(object)) = (self.session, told.as_object_mut()) {
            object.insert("session".to_owned(), json!(session));
        }
        told
    }

    /// The day that it is at its location.
    pub fn today(&self, now: Timestamp) -> Date {
        self.zone.local(now).date()
    }
}

/// Nights by the calendar, from the one after `from`'s day until the one before `to`'s: who leaves on a day makes room
/// for who arrives on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nights {
    from: Date,
    to: Date,
}

impl Nights {
    /// The nights, or `None` unless `from < to`.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// The day of arrival: the date of the first night.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The day of departure: its night is not among them.
    pub fn to(&self) -> Date {
        self.to
    }

    /// How many.
    pub fn count(&self) -> i32 {
        self.from.until(self.to).map_or(i32::MAX, |span| span.get_days())
    }

    /// The date of each.
    pub fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.series(1.day()).take_while(move |date| *date < to)
    }

    /// The same number of nights, so many days later; `None` beyond the calendar.
    pub fn shifted(&self, days: i32) -> Option<Self> {
        let by = days.days();
        Self::new(self.from.checked_add(by).ok()?, self.to.checked_add(by).ok()?)
    }
}

/// What carries one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// A night, by the date on which it begins.
    Night(Date),
    /// All of a total pool.
    Total,
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Night(date) => date.fmt(f),
            Self::Total => f.write_str("total"),
        }
    }
}

/// The cells that a line of an order claims, or a change of capacity reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cells {
    /// Of a nightly pool.
    Nights(Nights),
    /// Of a total pool.
    Total,
}

impl Cells {
    /// Each of them.
    pub fn each(&self) -> Vec<Cell> {
        match self {
            Self::Nights(nights) => nights.dates().map(Cell::Night).collect(),
            Self::Total => vec![Cell::Total],
        }
    }

    /// Whether a pool of this kind has them.
    pub const fn are_of(&self, kind: PoolKind) -> bool {
        matches!((self, kind), (Self::Nights(_), PoolKind::Nightly) | (Self::Total, PoolKind::Total))
    }

    /// The nights, if it is nights.
    pub const fn nights(&self) -> Option<Nights> {
        match self {
            Self::Nights(nights) => Some(*nights),
            Self::Total => None,
        }
    }
}

/// What the ledger says of a cell. `claimed + free = capacity`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// How many there are.
    pub capacity: i64,
    /// Units held or sold.
    pub claimed: i64,
    /// Units within capacity that nobody has; below zero where more is claimed than there is.
    pub free: i64,
    /// Units that may be sold beyond the capacity.
    pub overbooking: i64,
    /// Whether nothing is sold, whatever is free.
    pub closed: bool,
}

impl Count {
    /// Units that can still be claimed, those beyond the capacity included.
    pub fn left(&self) -> i64 {
        if self.closed { 0 } else { (self.free + self.overbooking).max(0) }
    }

    /// Units claimed beyond what may be: somebody has to be told.
    pub fn short(&self) -> i64 {
        (-(self.free + self.overbooking)).max(0)
    }
}

/// Why a cell does not give what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// The night has passed.
    InThePast,
    /// Nobody has said how many there are.
    NotOffered,
    /// Nothing is sold, whatever is free.
    Closed,
    /// Fewer are left than wanted.
    SoldOut(Count),
}

impl Lack {
    /// The stable code, part of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InThePast => "in_the_past",
            Self::NotOffered => "not_offered",
            Self::Closed => "closed",
            Self::SoldOut(_) => "sold_out",
        }
    }

    /// In words.
    pub fn message(&self) -> String {
        match self {
            Self::InThePast => "it has passed".to_owned(),
            Self::NotOffered => "it is not offered".to_owned(),
            Self::Closed => "it is closed".to_owned(),
            Self::SoldOut(count) => match count.left() {
                0 => "it is sold out".to_owned(),
                left => format!("only {left} are left"),
            },
        }
    }

    /// As told to clients: the cell, `code`, `message` and how many are left.
    pub fn told(&self, cell: Cell) -> Value {
        let left = if let Self::SoldOut(count) = self { count.left() } else { 0 };
        json!({ "cell": cell.to_string(), "code": self.code(), "message": self.message(), "left": left })
    }
}

/// Each reason why so many units of the cells cannot be had, in order; none when they can. The more fundamental reason
/// stands for a cell that has several.
pub fn lacks(counts: &BTreeMap<Cell, Count>, cells: &Cells, quantity: i64, today: Date) -> Vec<(Cell, Lack)> {
    let lack = |cell: Cell| match (cell, counts.get(&cell)) {
        (Cell::Night(date), _) if date < today => Some(Lack::InThePast),
        (_, None) => Some(Lack::NotOffered),
        (_, Some(count)) if count.closed => Some(Lack::Closed),
        (_, Some(count)) if count.left() < quantity => Some(Lack::SoldOut(*count)),
        _ => None,
    };
    cells.each().into_iter().filter_map(|cell| Some((cell, lack(cell)?))).collect()
}

/// The nights that must be read for [`alternatives`] to these.
pub fn nights_around(wanted: &Nights) -> Nights {
    let from = wanted.shifted(-ALTERNATIVES_WITHIN).map_or(wanted.from, |nights| nights.from);
    let to = wanted.shifted(ALTERNATIVES_WITHIN).map_or(wanted.to, |nights| nights.to);
    Nights { from, to }
}

/// At most `n` stays of the same number of nights, each with so many units in every night, that begin within
/// [`ALTERNATIVES_WITHIN`] days of the wanted one: the nearest first, and of two equally near the later.
pub fn alternatives(
    counts: &BTreeMap<Cell, Count>,
    wanted: &Nights,
    quantity: i64,
    today: Date,
    n: usize,
) -> Vec<Nights> {
    let free = |nights: &Nights| lacks(counts, &Cells::Nights(*nights), quantity, today).is_empty();
    (1..=ALTERNATIVES_WITHIN)
        .flat_map(|days| [wanted.shifted(days), wanted.shifted(-days)])
        .flatten()
        .filter(free)
        .take(n)
        .collect()
}

#[cfg(test)]
mod tests;
