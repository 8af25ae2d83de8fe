//! Bookings: the record, its states, and the one table of transitions between them.

use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::text::{Line, Note};
use crate::{BookingId, EventId, LocationId, Requests, ResourceId, SeriesId, Span, UserId, Zone};

/// How long a hold lasts, in seconds.
pub const HOLD_SECONDS: i64 = 10 * 60;

/// Time on a resource for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Unique.
    pub id: BookingId,
    /// What is booked.
    pub resource: ResourceId,
    /// Where it is.
    pub location: LocationId,
    /// The wall clock by which it was booked.
    pub zone: Zone,
    /// For whom.
    pub user: UserId,
    /// Who booked, if it was somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<UserId>,
    /// When.
    pub span: Span,
    /// Minutes that the ledger keeps free before and after.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub buffers: (u32, u32),
    /// Where it stands; read it with [`Booking::state_at`].
    pub state: BookingState,
    /// Until when it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Timestamp>,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Line>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// People who come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendees: Option<u32>,
    /// Why it was cancelled or overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// The series that it is an occurrence of, and the start that the series gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<Occurrence>,
    /// Whether its one review has been written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reviewed: bool,
    /// SEQUENCE of its calendar entry (RFC 5545): counts changes that matter to those who come.
    #[serde(default)]
    pub sequence: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// A booking's place in its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// The series.
    pub series: SeriesId,
    /// The start that the series gave it (RECURRENCE-ID).
    pub original_start: Timestamp,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// Kept for somebody until `hold_until`.
    Held,
    /// A hold that ran out. Derived by [`Booking::state_at`], never stored.
    Expired,
    /// Sold.
    Confirmed,
    /// Took place.
    Completed,
    /// Given back.
    Cancelled,
    /// Nobody came.
    NoShow,
}

/// What can be done to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Turn a hold into a booking.
    Confirm,
    /// Move it in time or to another resource.
    Reschedule,
    /// Change title, note or attendees.
    Describe,
    /// Give it back.
    Cancel,
    /// Say that it took place.
    Complete,
    /// Say that nobody came.
    MarkNoShow,
    /// Keep it although a rule or the state of its resource speaks against it.
    Override,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 7] = [
        Self::Confirm,
        Self::Reschedule,
        Self::Describe,
        Self::Cancel,
        Self::Complete,
        Self::MarkNoShow,
        Self::Override,
    ];

    /// The kind of event that tells of it.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Confirm => "booking.confirmed",
            Self::Reschedule => "booking.rescheduled",
            Self::Describe => "booking.described",
            Self::Cancel => "booking.cancelled",
            Self::Complete => "booking.completed",
            Self::MarkNoShow => "booking.no_show",
            Self::Override => "booking.overridden",
        }
    }
}

impl BookingState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Held, Self::Expired, Self::Confirmed, Self::Completed, Self::Cancelled, Self::NoShow];

    /// The table of transitions: where the action leads, or `None` where it is not possible.
    pub const fn after(self, action: Action) -> Option<Self> {
        match (self, action) {
            (Self::Held, Action::Confirm) => Some(Self::Confirmed),
            (Self::Held | Self::Confirmed, Action::Reschedule | Action::Describe | Action::Override) => {
                Some(self)
            }
            (Self::Held | Self::Confirmed, Action::Cancel) => Some(Self::Cancelled),
            (Self::Confirmed, Action::Complete) => Some(Self::Completed),
            (Self::Confirmed, Action::MarkNoShow) => Some(Self::NoShow),
            _ => None,
        }
    }

    /// Whether the ledger holds a claim for it.
    pub const fn claims(self) -> bool {
        matches!(self, Self::Held | Self::Confirmed | Self::Completed | Self::NoShow)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Expired => "expired",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

impl Booking {
    /// Where it stands at `now`: a hold that ran out is expired.
    pub fn state_at(&self, now: Timestamp) -> BookingState {
        match self.hold_until {
            Some(until) if self.state == BookingState::Held && until < now => BookingState::Expired,
            _ => self.state,
        }
    }

    /// What the ledger keeps for it: the span and its buffers.
    pub fn claimed(&self) -> Span {
        self.span.widened(self.buffers.0, self.buffers.1).unwrap_or(self.span)
    }

    /// Turns a hold into a booking.
    ///
    /// # Errors
    /// `hold_expired` once the hold ran out, `wrong_state` unless held.
    pub fn confirm(self, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Action::Confirm, now)?;
        next.hold_until = None;
        Ok(next)
    }

    /// Moves it to another span, and possibly to another resource of the same operator.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed.
    pub fn reschedule(self, to: &crate::Resource, span: Span, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Action::Reschedule, now)?;
        next.resource = to.id;
        next.location = to.location;
        next.zone = to.zone.clone();
        next.buffers = (to.rules.buffer_before, to.rules.buffer_after);
        next.span = span;
        next.sequence += 1;
        Ok(next)
    }

    /// Changes what it says of itself.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed.
    pub fn describe(
        self,
        title: Option<Line>,
        note: Option<Note>,
        attendees: Option<u32>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut next = self.step(Action::Describe, now)?;
        (next.title, next.note, next.attendees) = (title, note, attendees);
        next.sequence += 1;
        Ok(next)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed.
    pub fn cancel(self, reason: Option<Line>, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Action::Cancel, now)?;
        next.reason = reason;
        next.sequence += 1;
        Ok(next)
    }

    /// Says that it took place.
    ///
    /// # Errors
    /// `wrong_state` unless confirmed and begun.
    pub fn complete(self, now: Timestamp) -> Result<Self> {
        self.begun(now)?.step(Action::Complete, now)
    }

    /// Says that nobody came.
    ///
    /// # Errors
    /// `wrong_state` unless confirmed and begun.
    pub fn mark_no_show(self, now: Timestamp) -> Result<Self> {
        self.begun(now)?.step(Action::MarkNoShow, now)
    }

    /// Keeps it, and says why although something speaks against it.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed.
    pub fn override_rules(self, reason: Line, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Action::Override, now)?;
        next.reason = Some(reason);
        Ok(next)
    }

    /// The event that tells of the change from `before` (nothing, for a new booking) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "state": self.state, "resource": self.resource, "location": self.location, "user": self.user,
            "start": self.span.start(), "end": self.span.end(), "title": self.title, "reason": self.reason,
        })
    }

    fn begun(self, now: Timestamp) -> Result<Self> {
        if self.state == BookingState::Confirmed && now < self.span.start() {
            return Err(Error::new(Code::WrongState, "the booking has not begun")
                .with_detail("start", self.span.start().to_string()));
        }
        Ok(self)
    }

    fn step(mut self, action: Action, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        self.state = state.after(action).ok_or_else(|| refusal(state, action))?;
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }
}

fn refusal(state: BookingState, action: Action) -> Error {
    if state == BookingState::Expired {
        return Error::new(Code::HoldExpired, "the hold has run out; book again");
    }
    let wanted = action.event().trim_start_matches("booking.").replace('_', "-");
    Error::new(Code::WrongState, format!("a {} booking cannot be {wanted}", state.as_str().replace('_', "-")))
        .with_detail("state", state.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(buffers: &(u32, u32)) -> bool {
    *buffers == (0, 0)
}

/// The end of a hold of so many seconds, at most [`HOLD_SECONDS`].
///
/// # Errors
/// `validation_failed` beyond that.
pub fn held_until(seconds: u32, now: Timestamp) -> Result<Timestamp> {
    let seconds = Some(i64::from(seconds)).filter(|seconds| (1..=HOLD_SECONDS).contains(seconds));
    let message = || Error::field("/hold_seconds", "out_of_range", format!("must be 1 to {HOLD_SECONDS}"));
    let until = now.checked_add(SignedDuration::from_secs(seconds.ok_or_else(message)?));
    until.map_err(|_| message())
}
