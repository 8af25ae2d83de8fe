//! What repeats: rules unrolled on the wall clock, then each occurrence brought to an instant by itself.
//!
//! A rule is unrolled in local time as though it were UTC, where every local time exists once. Each occurrence then meets
//! the zone's rules: nine o'clock stays nine o'clock, and what falls into a gap is refused by name.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rrule::RRuleSet;

use crate::moment::Moment;

/// Most steps that a rule may take until the end of a window: 136 years of days.
const MAX_STEPS: usize = 50_000;
/// Most values in one part of a rule.
const MAX_VALUES: usize = 100;

/// A rule that has been checked, in the words of RFC 5545, with UNTIL in local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule(String);

impl Rule {
    /// Reads an RRULE for something that starts at `start`.
    ///
    /// # Errors
    /// Why it is none, or none that a room is booked by.
    pub(crate) fn read(text: &str, start: &Moment) -> Result<Self, String> {
        let mut parts: Vec<(String, String)> = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) =
                part.split_once('=').ok_or_else(|| format!("{part:?} is not a part of a rule"))?;
            let (name, value) = (name.trim().to_ascii_uppercase(), value.trim().to_ascii_uppercase());
            if parts.iter().any(|(known, _)| *known == name) {
                return Err(format!("the rule says {name} twice"));
            }
            let value = checked(&name, &value, start)?;
            parts.push((name, value));
        }
        let says = |name: &str| parts.iter().any(|(known, _)| known == name);
        if !says("FREQ") {
            return Err("the rule does not say how often".to_owned());
        }
        if says("COUNT") && says("UNTIL") {
            return Err("the rule has both COUNT and UNTIL".to_owned());
        }
        let rule =
            Self(parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";"));
        rule.set(start.local)?;
        Ok(rule)
    }

    /// Local starts from `start` on until `end`, in order, and whether there are too many to have them all.
    ///
    /// # Errors
    /// Why the rule cannot be unrolled.
    pub(crate) fn starts(&self, start: DateTime, end: DateTime) -> Result<(Vec<DateTime>, bool), String> {
        let mut starts = Vec::new();
        for (step, next) in self.set(start)?.into_iter().enumerate() {
            let Ok(instant) = Timestamp::from_second(next.timestamp()) else { break };
            let local = TimeZone::UTC.to_datetime(instant);
            if local >= end {
                break;
            }
            if step >= MAX_STEPS {
                return Ok((starts, true));
            }
            starts.push(local);
        }
        Ok((starts, false))
    }

    fn set(&self, start: DateTime) -> Result<RRuleSet, String> {
        let text = format!("DTSTART:{}\nRRULE:{}", utc(start), self.0);
        // Limited: a rule that never fits, such as the 30th of February, ends.
        text.parse::<RRuleSet>().map(RRuleSet::limit).map_err(|error| format!("the rule is refused: {error}"))
    }
}

fn checked(name: &str, value: &str, start: &Moment) -> Result<String, String> {
    let refused = || format!("{name}={value} is not a part of a rule");
    let number = |most: u32| value.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
    match name {
        "FREQ" => match value {
            "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY" => Ok(value.to_owned()),
            "HOURLY" | "MINUTELY" | "SECONDLY" => Err("it repeats more often than daily".to_owned()),
            _ => Err(refused()),
        },
        "INTERVAL" => number(1_000).map(|number| number.to_string()).ok_or_else(refused),
        "COUNT" => number(20_000).map(|number| number.to_string()).ok_or_else(refused),
        "UNTIL" => {
            let until = Moment::read(value, start.clock.clone())?;
            let local = if until.whole_day {
                // The whole of the last day counts.
                until.local.date().to_datetime(jiff::civil::time(23, 59, 59, 0))
            } else {
                let instant = until.about().ok_or_else(refused)?;
                start.clock.rules().to_datetime(instant)
            };
            Ok(utc(local))
        }
        "WKST" | "BYDAY" | "BYMONTH" | "BYMONTHDAY" | "BYYEARDAY" | "BYWEEKNO" | "BYSETPOS" | "BYHOUR"
        | "BYMINUTE" | "BYSECOND" => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | '+' | '-');
            let fits =
                !value.is_empty() && value.chars().all(plain) && value.split(',').count() <= MAX_VALUES;
            if fits { Ok(value.to_owned()) } else { Err(refused()) }
        }
        _ => Err(format!("{name} is not a part of a rule")),
    }
}

fn utc(local: DateTime) -> String {
    local.strftime("%Y%m%dT%H%M%SZ").to_string()
}
