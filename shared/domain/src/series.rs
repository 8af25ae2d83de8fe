//! Series: the record behind bookings that repeat. Its occurrences are bookings of their own.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::booking::Occurrence;
use crate::event::{Actor, Event};
use crate::text::{Line, Note};
use crate::weekly::Weekly;
use crate::{EventId, LocationId, Requests, ResourceId, SeriesId, Span, UserId};

/// What repeats, for whom. What becomes of each occurrence is told by its booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Unique.
    pub id: SeriesId,
    /// What is booked.
    pub resource: ResourceId,
    /// Where it is.
    pub location: LocationId,
    /// For whom.
    pub user: UserId,
    /// Who booked, if it was somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<UserId>,
    /// When.
    pub rule: Weekly,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Line>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// People who come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendees: Option<u32>,
    /// Where it stands.
    pub state: SeriesState,
    /// Why it was cancelled or ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Line>,
    /// The series that goes on where this one was ended, after a change of "this and following".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_by: Option<SeriesId>,
    /// The first of the series that it continues: ids of occurrences are derived from it and the date, so that an
    /// occurrence keeps its id when its series is split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<SeriesId>,
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

/// Where a series stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesState {
    /// As its rule says.
    Active,
    /// Ended before its rule was over; what came before the end stands.
    Ended,
    /// Given back as a whole.
    Cancelled,
}

impl SeriesState {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Series {
    /// The series that ids of occurrences are derived from.
    pub fn origin(&self) -> SeriesId {
        self.origin.unwrap_or(self.id)
    }

    /// The place of an occurrence in the series, from the span that the rule gave it.
    pub fn place(&self, planned: &Span) -> Occurrence {
        Occurrence { series: self.id, original_start: planned.start() }
    }

    /// Changes what it says of itself.
    ///
    /// # Errors
    /// `wrong_state` once cancelled.
    pub fn describe(
        self,
        title: Option<Line>,
        note: Option<Note>,
        attendees: Option<u32>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut next = self.step(now)?;
        (next.title, next.note, next.attendees) = (title, note, attendees);
        Ok(next)
    }

    /// Leaves out one date.
    ///
    /// # Errors
    /// `wrong_state` once cancelled, `not_found` without an occurrence on that date.
    pub fn except(self, date: Date, now: Timestamp) -> Result<Self> {
        let mut next = self.step(now)?;
        next.rule = next.rule.except(date)?;
        Ok(next)
    }

    /// Ends it before the date, for good or to be continued by another series: the series as it stays, and the rule
    /// from the date on.
    ///
    /// # Errors
    /// `not_found` without an occurrence from that date on; `wrong_state` once cancelled, or without an occurrence
    /// before it: that is a change of, or an end to, the whole series.
    pub fn end_before(
        self,
        date: Date,
        continued_by: Option<SeriesId>,
        reason: Option<Line>,
        now: Timestamp,
    ) -> Result<(Self, Weekly)> {
        let mut next = self.step(now)?;
        let (before, after) = next.rule.split_at(date);
        let after = after.ok_or_else(|| Error::not_found("occurrence"))?;
        next.rule = before.ok_or_else(|| {
            Error::new(Code::WrongState, "nothing of the series comes before that date; change all of it")
        })?;
        (next.state, next.continued_by, next.reason) = (SeriesState::Ended, continued_by, reason);
        Ok((next, after))
    }

    /// Gives it back as a whole.
    ///
    /// # Errors
    /// `wrong_state` once cancelled.
    pub fn cancel(self, reason: Option<Line>, now: Timestamp) -> Result<Self> {
        let mut next = self.step(now)?;
        (next.state, next.reason) = (SeriesState::Cancelled, reason);
        Ok(next)
    }

    /// The event that tells of the change from `before` (nothing, for a new series) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "state": self.state, "resource": self.resource, "location": self.location, "user": self.user,
            "rule": self.rule, "title": self.title, "attendees": self.attendees, "reason": self.reason,
            "continued_by": self.continued_by,
        })
    }

    fn step(mut self, now: Timestamp) -> Result<Self> {
        if self.state == SeriesState::Cancelled {
            return Err(
                Error::new(Code::WrongState, "the series is cancelled").with_detail("state", "cancelled")
            );
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, zone};
    use crate::weekly::{Ends, Weekday};

    fn fridays() -> Series {
        Series {
            id: SeriesId::derived([1; 16]),
            resource: ResourceId::derived([2; 16]),
            location: LocationId::derived([3; 16]),
            user: UserId::derived([4; 16]),
            booked_by: None,
            rule: Weekly {
                start: "2027-01-01T09:00".parse().unwrap(),
                length_minutes: 60,
                zone: zone("Europe/Berlin"),
                weekdays: [Weekday::Friday].into(),
                interval_weeks: 1,
                ends: Ends::Count(4),
                exceptions: [].into(),
            },
            title: None,
            note: None,
            attendees: None,
            state: SeriesState::Active,
            reason: None,
            continued_by: None,
            origin: None,
            created_at: at("2026-12-01T00:00:00Z"),
            updated_at: at("2026-12-01T00:00:00Z"),
            version: 1,
            request: None,
            requests: Requests::default(),
        }
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn this_and_following_leaves_what_came_before() {
        let now = at("2026-12-02T00:00:00Z");
        let next = SeriesId::derived([9; 16]);
        let (stays, rest) = fridays().end_before(date("2027-01-15"), Some(next), None, now).unwrap();
        assert_eq!((stays.state, stays.continued_by, stays.version), (SeriesState::Ended, Some(next), 2));
        assert_eq!(stays.rule.dates().collect::<Vec<_>>(), [date("2027-01-01"), date("2027-01-08")]);
        assert_eq!(rest.dates().collect::<Vec<_>>(), [date("2027-01-15"), date("2027-01-22")]);
        let all = fridays().end_before(date("2027-01-01"), None, None, now).unwrap_err();
        assert_eq!(all.code(), Code::WrongState);
        let none = fridays().end_before(date("2027-01-23"), None, None, now).unwrap_err();
        assert_eq!(none.code(), Code::NotFound);
    }

    #[test]
    fn a_cancelled_series_stays_as_it_is() {
        let now = at("2026-12-02T00:00:00Z");
        let cancelled = fridays().cancel(None, now).unwrap();
        assert_eq!(cancelled.clone().cancel(None, now).unwrap_err().code(), Code::WrongState);
        assert_eq!(cancelled.clone().except(date("2027-01-01"), now).unwrap_err().code(), Code::WrongState);
        assert_eq!(cancelled.describe(None, None, None, now).unwrap_err().code(), Code::WrongState);
    }

    #[test]
    fn the_event_tells_what_changed_and_nothing_else() {
        let before = fridays();
        let after = before.clone().except(date("2027-01-08"), at("2026-12-02T00:00:00Z")).unwrap();
        let event = after.event(EventId::derived([5; 16]), "series.excepted", Some(&before), Actor::system());
        assert_eq!(event.sequence, 2);
        assert_eq!(event.data["after"]["rule"]["exceptions"][0], "2027-01-08");
        assert!(event.data["after"].get("user").is_none());
    }

    #[test]
    fn a_stored_series_reads_back_as_itself() {
        let series = fridays().except(date("2027-01-08"), at("2026-12-02T00:00:00Z")).unwrap();
        let text = serde_json::to_string(&series).unwrap();
        assert_eq!(serde_json::from_str::<Series>(&text).unwrap(), series);
    }
}
