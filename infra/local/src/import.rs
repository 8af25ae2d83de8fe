//! Calendars that come from elsewhere, taken as bookings through the front door: every rule holds for them as for everybody.
//!
//! What is booked, and under which key, follows from the files alone, so that importing twice books once.

mod booking;
mod plan;
mod report;

use std::collections::BTreeMap;

use calendar::{Calendar, Entry, Occurrence, Refusal};
use domain::{ResourceId, Span, Zone};
use errors::{Code, Error, Result};
use jiff::SignedDuration;

use crate::{Acting, Front};
use booking::Wish;

pub use plan::{Rooms, Shift};
pub use report::{Became, FileReport, Outcome, Report};

/// A file to be read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, for the report.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Import {
    /// Which room each event is for.
    pub rooms: Rooms,
    /// What touches this span is booked; it counts after the shift.
    pub window: Span,
    /// By how much times are moved.
    pub shift: Shift,
    /// Says what would be asked for, and asks for nothing.
    pub dry_run: bool,
}

/// Rooms that were looked up, with the zones of their clocks.
type Zones = BTreeMap<ResourceId, Zone>;

impl Import {
    /// Books what the files hold, in their order, one after the other.
    ///
    /// # Errors
    /// `not_found` when one of the rooms does not exist: nothing is booked then.
    pub async fn run(&self, acting: &Acting, sources: &[Source]) -> Result<Report> {
        let zones = self.zones(&acting.front()?).await?;
        let mut report = Report::new(self.window);
        for source in sources {
            report.files.push(self.file(acting, &zones, source).await?);
        }
        Ok(report)
    }

    async fn zones(&self, front: &Front) -> Result<Zones> {
        let mut zones = Zones::new();
        for room in self.rooms.all() {
            let came = front.get(&format!("/v2/rooms/{room}")).await;
            let zone = came.text("zone").and_then(|zone| Zone::try_from(zone).ok());
            let refused = || Error::new(Code::NotFound, format!("room {room}: {}", came.problem()));
            zones.insert(room, zone.ok_or_else(refused)?);
        }
        Ok(zones)
    }

    async fn file(&self, acting: &Acting, zones: &Zones, source: &Source) -> Result<FileReport> {
        let calendar = self.read(zones, source);
        let earliest =
            calendar.events.iter().filter_map(|event| event.as_ref().ok().and_then(Entry::earliest)).min();
        let weeks = self.shift.weeks(earliest, self.window.start());
        let mut file = FileReport::new(&source.name, calendar.events.len(), weeks);
        for event in &calendar.events {
            match event {
                Ok(entry) => self.event(acting, zones, &calendar, entry, &mut file).await?,
                Err(refusal) => file.push(unreadable(refusal)),
            }
        }
        Ok(file)
    }

    /// Reads the file. Times without a zone are told by the clock of the calendar's room.
    fn read(&self, zones: &Zones, source: &Source) -> Calendar {
        let calendar = calendar::parse(&source.bytes, &Zone::utc());
        let room = self.rooms.find(None, calendar.name.as_deref());
        match room.and_then(|room| zones.get(&room)) {
            Some(zone) => calendar::parse(&source.bytes, zone),
            None => calendar,
        }
    }

    async fn event(
        &self,
        acting: &Acting,
        zones: &Zones,
        calendar: &Calendar,
        entry: &Entry,
        file: &mut FileReport,
    ) -> Result<()> {
        let back = SignedDuration::from_hours(7 * 24 * i64::from(file.weeks));
        let beyond = || Error::new(Code::BadRequest, "the shift leads beyond the calendar");
        let (start, end) = (self.window.start().checked_sub(back), self.window.end().checked_sub(back));
        let window = start.ok().zip(end.ok()).and_then(|(start, end)| Span::new(start, end));
        let occurrences = entry.occurrences(&window.ok_or_else(beyond)?);
        if occurrences.is_empty() {
            file.push(Outcome::of(entry, None, Became::Outside));
        }
        for occurrence in occurrences {
            let outcome = match occurrence {
                Ok(occurrence) => self.one(acting, zones, calendar, &occurrence, file.weeks).await?,
                Err(refusal) => unreadable(&refusal),
            };
            file.push(outcome);
        }
        Ok(())
    }

    async fn one(
        &self,
        acting: &Acting,
        zones: &Zones,
        calendar: &Calendar,
        occurrence: &Occurrence<'_>,
        weeks: i32,
    ) -> Result<Outcome> {
        let entry = occurrence.entry;
        let room = self.rooms.find(entry.location.as_deref(), calendar.name.as_deref());
        let found = room.and_then(|room| Some((room, zones.get(&room)?)));
        let Some((room, zone)) = found else {
            let became = Became::refused("no_room", "no room is mapped to its place or its calendar");
            return Ok(Outcome::of(entry, Some(occurrence.span.start()), became));
        };
        let Some(span) = plan::moved(occurrence.span, weeks, zone) else {
            let became = Became::refused("unreadable", "the shift leads beyond the calendar");
            return Ok(Outcome::of(entry, Some(occurrence.span.start()), became));
        };
        let wish = Wish { room, span, occurrence };
        let became = match wish.left_out() {
            Some(left_out) => left_out,
            None if self.dry_run => Became::Asked,
            None => wish.book(&acting.front()?).await,
        };
        Ok(Outcome::of(entry, Some(span.start()), became))
    }
}

fn unreadable(refusal: &Refusal) -> Outcome {
    Outcome {
        line: refusal.line,
        uid: refusal.uid.clone(),
        start: None,
        became: Became::refused("unreadable", &refusal.reason),
    }
}
