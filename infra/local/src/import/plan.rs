//! Which room an event is for, and by how much its times are moved.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use domain::{ResourceId, Span, Zone};
use jiff::Timestamp;
use serde::Deserialize;

/// What stands for every place and calendar that has no room of its own.
const ANY: &str = "*";
const WEEK_SECONDS: i64 = 7 * 24 * 3_600;

/// Rooms by LOCATION or by the calendar's name; `*` for all others. In JSON an object of room ids.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Rooms(BTreeMap<String, ResourceId>);

impl Rooms {
    /// One room for everything.
    pub fn one(room: ResourceId) -> Self {
        Self(BTreeMap::from([(ANY.to_owned(), room)]))
    }

    /// Every room that may be booked.
    pub(super) fn all(&self) -> BTreeSet<ResourceId> {
        self.0.values().copied().collect()
    }

    /// The room of an event: by its LOCATION, else by its calendar, else the one for all others.
    pub(super) fn find(&self, location: Option<&str>, calendar: Option<&str>) -> Option<ResourceId> {
        let named = |name: &str| self.0.get(name.trim()).copied();
        location.and_then(named).or_else(|| calendar.and_then(named)).or_else(|| named(ANY))
    }
}

/// By how much times are moved: whole weeks, so that weekdays and times of day stay what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shift {
    /// Not at all.
    #[default]
    None,
    /// By so many weeks.
    Weeks(i32),
    /// Each file by as many weeks as bring its earliest event into the window; not at all if it is there.
    Auto,
}

impl FromStr for Shift {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            weeks => weeks.parse().map(Self::Weeks).map_err(|_| "send a number of weeks, or auto".to_owned()),
        }
    }
}

impl Shift {
    /// The weeks for a file whose earliest event starts then.
    pub(super) fn weeks(self, earliest: Option<Timestamp>, from: Timestamp) -> i32 {
        match (self, earliest) {
            (Self::Weeks(weeks), _) => weeks,
            (Self::Auto, Some(earliest)) if earliest < from => {
                let seconds = from.as_second() - earliest.as_second();
                i32::try_from(seconds.div_euclid(WEEK_SECONDS) + 1).unwrap_or(i32::MAX)
            }
            _ => 0,
        }
    }
}

/// The span so many weeks later by the room's wall clock, as long as before.
pub(super) fn moved(span: Span, weeks: i32, zone: &Zone) -> Option<Span> {
    if weeks == 0 {
        return Some(span);
    }
    let weeks = jiff::Span::new().try_weeks(weeks).ok()?;
    let start = span.start().to_zoned(zone.rules()).checked_add(weeks).ok()?.timestamp();
    Span::new(start, start.checked_add(span.length()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_room_is_found_by_place_then_by_calendar_then_by_the_star() {
        let id = |n: u8| ResourceId::derived([n; 16]);
        let json = format!(r#"{{"Attic":"{}","Team":"{}","*":"{}"}}"#, id(1), id(2), id(3));
        let rooms: Rooms = serde_json::from_str(&json).unwrap();
        assert_eq!(rooms.find(Some(" Attic "), Some("Team")), Some(id(1)));
        assert_eq!(rooms.find(Some("Cellar"), Some("Team")), Some(id(2)));
        assert_eq!(rooms.find(None, None), Some(id(3)));
        let rooms: Rooms = serde_json::from_str(&format!(r#"{{"Attic":"{}"}}"#, id(1))).unwrap();
        assert_eq!(rooms.find(Some("Cellar"), Some("Team")), None);
        assert!(serde_json::from_str::<Rooms>(r#"{"Attic":"usr_1"}"#).is_err());
    }

    #[test]
    fn auto_moves_the_earliest_into_the_first_week_of_the_window() {
        let from = at("2027-01-04T08:00:00Z");
        let moved = |earliest: &str| {
            let weeks = Shift::Auto.weeks(Some(at(earliest)), from);
            at(earliest) + jiff::SignedDuration::from_hours(7 * 24 * i64::from(weeks))
        };
        for earliest in ["1990-03-01T09:30:00Z", "2026-12-28T08:00:00Z", "2027-01-04T07:59:59Z"] {
            let moved = moved(earliest);
            assert!(from < moved && moved <= from + jiff::SignedDuration::from_hours(7 * 24), "{moved}");
        }
        assert_eq!(Shift::Auto.weeks(Some(at("2027-02-01T00:00:00Z")), from), 0);
        assert_eq!(Shift::Auto.weeks(None, from), 0);
        assert_eq!("-3".parse(), Ok(Shift::Weeks(-3)));
        assert!("soon".parse::<Shift>().is_err());
    }

    #[test]
    fn nine_in_the_morning_stays_nine_in_the_morning_over_a_change_of_clocks() {
        let berlin = Zone::try_from("Europe/Berlin".to_owned()).unwrap();
        let winter = Span::new(at("2027-03-22T08:00:00Z"), at("2027-03-22T09:00:00Z")).unwrap();
        let summer = moved(winter, 1, &berlin).unwrap();
        assert_eq!((summer.start(), summer.length()), (at("2027-03-29T07:00:00Z"), winter.length()));
        assert_eq!(moved(winter, i32::MAX, &berlin), None);
    }
}
