//! The book of a hotel that comes from elsewhere, as a table: replayed through the front door, day by day, from the first booking on.
//!
//! What is asked for, and under which key, follows from the files alone, so that importing twice books once.

mod capacity;
mod door;
mod house;
mod journal;
mod mapping;
mod replay;
mod report;
mod rows;
mod steps;

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::{Currency, Zone};
use env::Clock;
use errors::{Code, Error, Result};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Acting;
use crate::import::Source;
use door::{Door, hex};
use house::House;
use journal::Journal;
use replay::Replay;
use rows::{Reservation, Rows, digest};
use steps::Step;

pub use capacity::Capacity;
pub use mapping::{Children, Count, Day, Mapping, Price, Status};
pub use report::{Asked, At, Place, Refusal, Report};

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Reservations {
    /// How the files are read.
    pub mapping: Mapping,
    /// Where to.
    pub place: Where,
    /// What prices are in.
    pub currency: Currency,
    /// Whether rooms are made and offered as the book tells.
    pub derive_capacity: bool,
    /// Rooms of some types, instead of what the book tells.
    pub rooms: BTreeMap<String, Capacity>,
    /// At most so many rows.
    pub limit: usize,
    /// What happens after this day is left out.
    pub until: Date,
    /// Where to keep how far it got, and to look for that.
    pub journal: Option<PathBuf>,
}

/// Where reservations are imported to.
#[derive(Debug, Clone)]
pub enum Where {
    /// This location.
    Known(String),
    /// One of this name, made by this import or an earlier one.
    New {
        /// What it is called.
        name: String,
        /// By which clocks it lives.
        zone: Zone,
    },
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The day that it is at.
    pub day: Date,
    /// Steps that were taken.
    pub done: usize,
    /// Steps altogether.
    pub all: usize,
    /// Reservations that were refused.
    pub refused: usize,
}

/// What files hold: reservations, and what happened to them.
#[derive(Debug)]
pub struct Book {
    reservations: Vec<Reservation>,
    steps: Vec<Step>,
    /// What is known of it before anything is asked for.
    pub report: Report,
}

impl Book {
    /// A clock that stands before the first step, to be replayed by.
    ///
    /// # Errors
    /// `bad_request` when nothing happened.
    pub fn clock(&self) -> Result<Clock> {
        let none = || Error::new(Code::BadRequest, "there is nothing to be imported");
        let day = self.steps.first().ok_or_else(none)?.day.yesterday().map_err(Error::internal)?;
        Ok(Clock::at(day.to_zoned(TimeZone::UTC).map_err(Error::internal)?.timestamp()))
    }
}

impl Reservations {
    /// Reads files, plain or compressed.
    ///
    /// # Errors
    /// `bad_request` for what cannot be read at all, or lacks a column that the mapping names.
    pub fn read(&self, sources: &[Source]) -> Result<Book> {
        let mut rows = Rows::default();
        let decimals = u32::from(self.currency.exponent().unwrap_or(0));
        for source in sources {
            rows.read(source, (&self.mapping, decimals), self.limit)?;
        }
        let steps = steps::steps(&rows.reservations, self.until);
        let mut rooms = BTreeMap::new();
        if self.derive_capacity {
            rooms = capacity::derive(&rows.reservations, &steps);
            rooms.extend(self.rooms.clone());
        }
        let report = Report {
            rows: rows.all,
            left_out: rows.others,
            reservations: rows.reservations.len(),
            days: steps.first().zip(steps.last()).map(|(first, last)| (first.day, last.day)),
            rooms,
            refused: rows.refused,
            ..Report::default()
        };
        Ok(Book { reservations: rows.reservations, steps, report })
    }

    /// Replays a book by its clock. The account must be one that manages the catalogue and books for others; `progress` is told
    /// of every step.
    ///
    /// # Errors
    /// `unavailable` where it is to be started again, and what the API says where the house cannot be set up.
    pub async fn replay(
        &self,
        acting: &Acting,
        clock: Clock,
        book: Book,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Report> {
        let Book { reservations, steps, mut report } = book;
        let mut door = Door::new(acting, clock)?;
        let of = (reservations.as_slice(), self.currency);
        let house = House::set_up(&mut door, &self.place, of, &report.rooms).await?;
        let (mut journal, before) = match &self.journal {
            Some(path) => Journal::open(path, &self.named(&house, &reservations, &report.rooms))?,
            None => (Journal::none(), Vec::new()),
        };
        let pools = house.types.iter().map(|(name, known)| (name.clone(), known.pool.clone())).collect();
        let (location_id, rate_plan_id) = (house.location.clone(), house.plan.clone());
        report.place = Some(Place { location_id, rate_plan_id, pools });
        report.before = before.len();
        let mut replay = Replay::new(door, house, &reservations);
        let mut before = before.into_iter();
        for (at, step) in steps.iter().enumerate() {
            let became = if let Some(became) = before.next() {
                became
            } else {
                let over = replay.is_over(*step);
                let became = replay.take(*step).await?;
                journal.note(&became)?;
                if !over && became.refused.is_none() {
                    *report.steps.entry(step.what.as_str()).or_default() += 1;
                }
                became
            };
            replay.remember(*step, &became);
            report.refused.extend(became.refused);
            let refused = report.refused.len();
            progress(Progress { day: step.day, done: at + 1, all: steps.len(), refused });
        }
        report.asked = replay.door.asked;
        Ok(report)
    }

    /// What tells this import from others.
    fn named(
        &self,
        house: &House,
        reservations: &[Reservation],
        rooms: &BTreeMap<String, Capacity>,
    ) -> String {
        let read = format!("{reservations:?} {rooms:?}");
        hex(&digest(&[&house.location, &self.until.to_string(), &read]))
    }
}
