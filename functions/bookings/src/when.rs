//! The time that a request asks for: instants, or the wall clock of the room.

use domain::zone::Fold;
use domain::{Span, Zone};
use errors::{Error, Result, both};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// From and to, each as an instant or as a local time; `fold` says which of two local times is meant.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct When {
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    pub(crate) local_start: Option<LocalTime>,
    pub(crate) local_end: Option<LocalTime>,
    pub(crate) fold: Option<u8>,
}

/// A time on the wall clock, without an offset: one that came with an offset would be taken for what it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LocalTime(pub(crate) DateTime);

impl TryFrom<String> for LocalTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || "is not a local time, e.g. 2027-01-31T09:00".to_owned();
        let time = text.split_once(['T', 't', ' ']).map(|(_, time)| time).ok_or_else(wrong)?;
        if time.contains(['+', '-', 'Z', 'z', '[']) {
            return Err("must not have an offset: send start and end instead".to_owned());
        }
        text.parse().map(Self).map_err(|_| wrong())
    }
}

/// A bound of a range: an instant, or a date, which begins at local midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Bound {
    Instant(Timestamp),
    Day(Date),
}

impl TryFrom<String> for Bound {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let day = || (text.len() == "2027-01-31".len()).then(|| text.parse().ok().map(Self::Day)).flatten();
        // A plus sign that nobody escaped arrives as a space.
        let instant = || text.replace(' ', "+").parse().ok().map(Self::Instant);
        day().or_else(instant).ok_or_else(|| "is neither an instant with its offset nor a date".to_owned())
    }
}

impl Bound {
    /// The instant of it in a zone.
    pub(crate) fn instant(self, zone: &Zone) -> Result<Timestamp> {
        match self {
            Self::Instant(at) => Ok(at),
            Self::Day(date) => start_of_day(date, &zone.rules()),
        }
    }
}

/// The instant at which a date begins there, at the end of the gap if midnight is in one.
pub(crate) fn start_of_day(date: Date, zone: &TimeZone) -> Result<Timestamp> {
    let start = zone.to_ambiguous_zoned(date.at(0, 0, 0, 0)).compatible();
    Ok(start.map_err(|error| Error::invalid_query(Vec::new()).with_source(error))?.timestamp())
}

impl When {
    /// Whether no time is asked for at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.start.is_none() && self.end.is_none() && self.local_start.is_none() && self.local_end.is_none()
    }

    /// The span, by the wall clock of the zone where local times are given.
    ///
    /// # Errors
    /// `validation_failed` when start or end is missing, given twice, or the end is not after the start;
    /// `nonexistent_local_time`, `ambiguous_local_time`.
    pub(crate) fn span(&self, zone: &Zone) -> Result<Span> {
        let fold = match self.fold {
            None => None,
            Some(0) => Some(Fold::First),
            Some(1) => Some(Fold::Second),
            Some(_) => return Err(Error::field("/fold", "out_of_range", "must be 0 or 1")),
        };
        let one = |instant: Option<Timestamp>, local: Option<LocalTime>, name: &str| match (instant, local) {
            (Some(instant), None) => Ok(instant),
            (None, Some(LocalTime(local))) => zone.instant(local, fold),
            (None, None) => {
                let message = format!("send {name} with its offset, or local_{name}");
                Err(Error::field(format!("/{name}"), "required", message))
            }
            (Some(_), Some(_)) => {
                let message = format!("send either {name} or local_{name}");
                Err(Error::field(format!("/local_{name}"), "given_twice", message))
            }
        };
        let (start, end) = (one(self.start, self.local_start, "start"), one(self.end, self.local_end, "end"));
        let (start, end) = both(start, end)?;
        let pointer = if self.end.is_some() { "/end" } else { "/local_end" };
        Span::new(start, end)
            .ok_or_else(|| Error::field(pointer, "not_after_start", "must be after the start"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> Result<LocalTime, String> {
        LocalTime::try_from(text.to_owned())
    }

    #[test]
    fn a_local_time_has_no_offset() {
        assert!(local("2027-01-31T09:00").is_ok());
        for bad in
            ["2027-01-31T09:00Z", "2027-01-31T09:00+01:00", "2027-01-31T09:00-05:00", "2027-01-31", "9"]
        {
            assert!(local(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn missing_start_and_end_are_told_at_once() {
        let error = When::default().span(&Zone::utc()).unwrap_err();
        let pointers: Vec<&str> = error.field_errors().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/start", "/end"]);
    }

    #[test]
    fn an_unescaped_plus_is_read_as_one() {
        let bound = Bound::try_from("2027-01-31T09:00:00 01:00".to_owned());
        assert_eq!(bound, Ok(Bound::Instant("2027-01-31T08:00:00Z".parse().unwrap())));
        assert_eq!(Bound::try_from("2027-01-31".to_owned()), Ok(Bound::Day("2027-01-31".parse().unwrap())));
    }
}
