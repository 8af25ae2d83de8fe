//! Places and rooms, and what a room allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::text::{Line, Name, Tag};
use crate::{LocationId, ResourceId, Span, Zone};

/// The step of the ledger: every time on a resource is a multiple of it.
pub const QUANTUM_MINUTES: u32 = 5;
/// Ends of opening days are told as minutes since midnight; this is the midnight at their end.
pub const MINUTES_PER_DAY: u16 = 1_440;

/// A place: address, zone, coordinates. Its zone never changes, since rooms keep a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Unique.
    pub id: LocationId,
    /// Unique among locations.
    pub name: Name,
    /// Postal address as one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Line>,
    /// The zone of its wall clocks.
    pub zone: Zone,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// WGS 84, in millionths of a degree: exact, and 11 cm at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coordinates {
    /// −90,000,000 to 90,000,000.
    pub latitude_e6: i32,
    /// −180,000,000 to 180,000,000.
    pub longitude_e6: i32,
}

/// What is booked by time: a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Unique.
    pub id: ResourceId,
    /// Where it is.
    pub location: LocationId,
    /// The location's zone.
    pub zone: Zone,
    /// Unique within the location.
    pub name: Name,
    /// People that fit in, from 1.
    pub capacity: u32,
    /// What is in it, at most 50.
    pub equipment: BTreeSet<Tag>,
    /// Anything else worth knowing, at most 50 pairs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<Tag, Line>,
    /// What may be booked, and when.
    pub rules: Rules,
    /// Whether it can be used at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_service: Option<OutOfService>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired room is kept for its history and found by nobody.
    pub retired: bool,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Hash of the keyed request that changed it last; a retry of it is answered, not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<String>,
}

/// Out of service from `from` until `until`, or until further notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutOfService {
    /// Why.
    pub reason: Line,
    /// First instant of it.
    pub from: Timestamp,
    /// First instant after it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl OutOfService {
    /// Whether any of the span falls into it.
    pub fn touches(&self, span: &Span) -> bool {
        self.from < span.end() && self.until.is_none_or(|until| span.start() < until)
    }
}

/// What a resource allows: grid, hours, notice, length, buffers. All lengths are minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Starts and ends lie on this grid, counted from local midnight: a multiple of 5 that divides a day.
    pub grid: u32,
    /// Shortest booking.
    pub min_length: u32,
    /// Longest booking.
    pub max_length: u32,
    /// How long before the start a booking must be made.
    pub min_notice: u32,
    /// How long before the start a booking may be made at the earliest.
    pub max_notice: u32,
    /// Kept free before each booking: a multiple of 5.
    pub buffer_before: u32,
    /// Kept free after each booking: a multiple of 5.
    pub buffer_after: u32,
    /// When it is open; always, when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<OpeningHours>,
}

impl Default for Rules {
    /// 15-minute grid, 15 minutes to 24 hours, from now to a year ahead, no buffers, always open.
    fn default() -> Self {
        Self {
            grid: 15,
            min_length: 15,
            max_length: 24 * 60,
            min_notice: 0,
            max_notice: 366 * 24 * 60,
            buffer_before: 0,
            buffer_after: 0,
            hours: None,
        }
    }
}

/// Opening hours by weekday, with exceptions by date. A booking over midnight needs both days open at midnight.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpeningHours {
    /// Monday to Sunday; each day has any number of disjoint, ordered periods, none of them empty.
    pub week: [Vec<Period>; 7],
    /// Dates that differ from their weekday; no periods means closed. At most 366.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<Date, Vec<Period>>,
}

/// From `start` until just before `end`, in minutes since local midnight; `end` may be 1,440, the next midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// 0 to 1,439.
    pub start: u16,
    /// 1 to 1,440.
    pub end: u16,
}

impl Period {
    /// The period, or `None` unless `start < end <= 1,440`.
    pub fn new(start: u16, end: u16) -> Option<Self> {
        (start < end && end <= MINUTES_PER_DAY).then_some(Self { start, end })
    }

    /// The wall-clock time of a minute of the day; midnight for 1,440.
    pub fn clock(minute: u16) -> Time {
        let minute = minute % MINUTES_PER_DAY;
        let part = |n: u16| i8::try_from(n).unwrap_or(0);
        Time::new(part(minute / 60), part(minute % 60), 0, 0).unwrap_or(Time::MIN)
    }
}
