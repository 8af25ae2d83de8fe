//! A booking as version 2 tells it.

use domain::Booking;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use store::Together;

use crate::v2::expand::{Expanded, Names};

/// Time on a room for somebody.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BookingView {
    id: String,
    room_id: String,
    location_id: String,
    /// IANA name of the zone of the room's wall clock.
    zone: String,
    /// For whom it is.
    user_id: String,
    /// Who booked, if it was somebody else.
    booked_by: Option<String>,
    /// First instant, in UTC.
    start: String,
    /// First instant after it, in UTC.
    end: String,
    /// The start on the room's wall clock, with its offset then.
    #[schemars(with = "String")]
    local_start: Local,
    /// The end on the room's wall clock, with its offset then.
    #[schemars(with = "String")]
    local_end: Local,
    /// `held`, `expired`, `confirmed`, `completed`, `cancelled` or `no_show`.
    state: String,
    /// Until when it is held.
    hold_until: Option<String>,
    title: Option<String>,
    note: Option<String>,
    attendees: Option<u32>,
    /// Why it was cancelled, or why rules did not count.
    reason: Option<String>,
    /// The series that it is an occurrence of.
    series_id: Option<String>,
    /// The start that the series gave it.
    original_start: Option<String>,
    /// Whether it has been reviewed.
    reviewed: bool,
    #[serde(flatten)]
    expanded: Expanded,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl BookingView {
    /// The same with what it names told in full, as far as it was read.
    pub(crate) fn expanded(booking: Booking, now: Timestamp, known: &Together) -> Self {
        let expanded = Expanded::of(known, names(&booking));
        Self { expanded, ..Self::of(booking, now) }
    }

    /// The booking as it stands at `now`.
    pub(crate) fn of(booking: Booking, now: Timestamp) -> Self {
        let zone = booking.zone.rules();
        Self {
            id: booking.id.to_string(),
            room_id: booking.resource.to_string(),
            location_id: booking.location.to_string(),
            user_id: booking.user.to_string(),
            booked_by: booking.booked_by.map(|by| by.to_string()),
            start: booking.span.start().to_string(),
            end: booking.span.end().to_string(),
            local_start: Local::new(&zone, booking.span.start()),
            local_end: Local::new(&zone, booking.span.end()),
            state: booking.state_at(now).as_str().to_owned(),
            hold_until: booking.hold_until.map(|until| until.to_string()),
            series_id: booking.occurrence.map(|of| of.series.to_string()),
            original_start: booking.occurrence.map(|of| of.original_start.to_string()),
            reviewed: booking.reviewed,
            expanded: Expanded::default(),
            created_at: booking.created_at.to_string(),
            updated_at: booking.updated_at.to_string(),
            version: booking.version,
            zone: booking.zone.to_string(),
            title: booking.title.map(Into::into),
            note: booking.note.map(Into::into),
            attendees: booking.attendees,
            reason: booking.reason.map(Into::into),
        }
    }
}

/// What a booking names.
pub(crate) fn names(booking: &Booking) -> Names {
    (Some(booking.resource), booking.location, booking.user)
}

/// An instant on a wall clock, with the offset then: unambiguous where the clocks go back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local(Timestamp, Offset);

impl Local {
    pub(crate) fn new(zone: &TimeZone, at: Timestamp) -> Self {
        Self(at, zone.to_offset(at))
    }
}

impl Serialize for Local {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.display_with_offset(self.1))
    }
}
