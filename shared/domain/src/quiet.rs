//! Hours in which no phone rings for what can wait.

use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::text::InvalidText;
use crate::{Zone, wall};

/// Hours of each day on somebody's own clock, mostly over midnight: from a time until just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    until: Time,
}

impl Default for QuietHours {
    /// 21:00 to 08:00.
    fn default() -> Self {
        Self { from: Time::constant(21, 0, 0, 0), until: Time::constant(8, 0, 0, 0) }
    }
}

impl QuietHours {
    /// When they end, if `now` is within them on the clock of `zone`.
    pub fn end(self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        let local = zone.local(now);
        let time = local.time();
        let over_midnight = self.until <= self.from;
        let within = if over_midnight {
            time >= self.from || time < self.until
        } else {
            (self.from..self.until).contains(&time)
        };
        let date = local.date();
        let day = if over_midnight && time >= self.from { date.tomorrow().ok()? } else { date };
        within.then(|| wall::boundary(local.time_zone(), day.to_datetime(self.until)))?
    }
}

impl std::str::FromStr for QuietHours {
    type Err = InvalidText;

    /// Reads `21:00-08:00`.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let clock = |text: &str| (text.len() == 5).then(|| Time::strptime("%H:%M", text).ok()).flatten();
        let read = text.split_once('-').and_then(|(from, until)| Some((clock(from)?, clock(until)?)));
        match read.filter(|(from, until)| from != until) {
            Some((from, until)) => Ok(Self { from, until }),
            None => {
                Err(InvalidText::new("invalid_format", "is not in the form HH:MM-HH:MM, e.g. 21:00-08:00"))
            }
        }
    }
}

impl std::fmt::Display for QuietHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl Serialize for QuietHours {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QuietHours {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(hours: &str, zone: &str, now: &str) -> Option<String> {
        let hours: QuietHours = hours.parse().unwrap();
        let zone = zone.to_owned().try_into().unwrap();
        hours.end(&zone, now.parse().unwrap()).map(|end| end.to_string())
    }

    #[test]
    fn the_night_is_quiet_on_the_clock_of_whoever_sleeps() {
        let night = "21:00-08:00";
        assert_eq!(end(night, "Asia/Kolkata", "2027-01-04T15:29:59Z"), None);
        assert_eq!(
            end(night, "Asia/Kolkata", "2027-01-04T15:30:00Z").as_deref(),
            Some("2027-01-05T02:30:00Z")
        );
        assert_eq!(
            end(night, "Asia/Kolkata", "2027-01-05T02:29:59Z").as_deref(),
            Some("2027-01-05T02:30:00Z")
        );
        assert_eq!(end(night, "Asia/Kolkata", "2027-01-05T02:30:00Z"), None);
        assert_eq!(
            end("13:00-14:30", "UTC", "2027-01-04T13:10:00Z").as_deref(),
            Some("2027-01-04T14:30:00Z")
        );
        assert_eq!(end("13:00-14:30", "UTC", "2027-01-04T14:30:00Z"), None);
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_by_the_clock() {
        assert_eq!(
            end("21:00-08:00", "Europe/Berlin", "2027-03-27T22:00:00Z").as_deref(),
            Some("2027-03-28T06:00:00Z")
        );
    }

    #[test]
    fn hours_read_back_as_written_and_bad_ones_are_refused() {
        assert_eq!("21:00-08:00".parse::<QuietHours>().unwrap(), QuietHours::default());
        assert_eq!(serde_json::to_value(QuietHours::default()).unwrap(), "21:00-08:00");
        for bad in ["", "21:00", "21-08", "24:00-08:00", "21:00-21:00", "9:00-10:00", "21:00-08:00-09:00"] {
            assert!(bad.parse::<QuietHours>().is_err(), "{bad}");
        }
    }
}
