//! Which clock a TZID means.

use domain::Zone;
use jiff::tz::{Offset, TimeZone};

/// What a local time is told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clock {
    Zone(Zone),
    /// A zone that only the file knows, and that never changes its clocks.
    Fixed(Offset),
}

impl Clock {
    pub(crate) fn rules(&self) -> TimeZone {
        match self {
            Self::Zone(zone) => zone.rules(),
            Self::Fixed(offset) => TimeZone::fixed(*offset),
        }
    }
}

/// A VTIMEZONE, as far as it is of use.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definition {
    pub(crate) tzid: String,
    /// X-LIC-LOCATION: the IANA name that it stands for.
    pub(crate) location: Option<String>,
    /// Every TZOFFSETTO.
    pub(crate) offsets: Vec<String>,
}

/// The zone of this name: an IANA name, also behind a prefix (`/vendor.org/date/Europe/Berlin`), or a Windows one.
pub(crate) fn named(tzid: &str) -> Option<Zone> {
    let tzid = tzid.trim();
    let mut rest = tzid.trim_start_matches('/');
    loop {
        if let Ok(zone) = Zone::try_from(rest.to_owned()) {
            return Some(zone);
        }
        match rest.split_once('/') {
            Some((_, shorter)) => rest = shorter,
            None => break,
        }
    }
    let (_, iana) = WINDOWS.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(tzid))?;
    Zone::try_from((*iana).to_owned()).ok()
}

/// What `tzid` means in a file with these definitions.
///
/// # Errors
/// Why nobody can tell.
pub(crate) fn clock(tzid: &str, definitions: &[Definition]) -> Result<Clock, String> {
    if let Some(zone) = named(tzid) {
        return Ok(Clock::Zone(zone));
    }
    let Some(definition) = definitions.iter().find(|definition| definition.tzid == tzid) else {
        return Err(format!("the time zone {tzid:?} is not known and the file does not define it"));
    };
    if let Some(zone) = definition.location.as_deref().and_then(named) {
        return Ok(Clock::Zone(zone));
    }
    let mut offsets: Vec<&String> = definition.offsets.iter().collect();
    offsets.dedup();
    match offsets.as_slice() {
        [offset] => self::offset(offset)
            .map(Clock::Fixed)
            .ok_or_else(|| format!("the time zone {tzid:?} has the offset {offset:?}, which is none")),
        _ => Err(format!("the time zone {tzid:?} has rules of its own; use an IANA name")),
    }
}

/// UTC-OFFSET: `+0530` or `-034530`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?;
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |two| two.parse::<i32>().ok());
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    (minutes < 60 && seconds < 60).then_some(())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60 + seconds)).ok()
}

/// Names that Windows and Exchange write, by the main zone of each (Unicode CLDR, territory 001).
const WINDOWS: &[(&str, &str)] = &[
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Argentina Standard Time", "America/Argentina/Buenos_Aires"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("Bangladesh Standard Time", "Asia/Dhaka"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Central America Standard Time", "America/Guatemala"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("China Standard Time", "Asia/Shanghai"),
    ("E. Africa Standard Time", "Africa/Nairobi"),
    ("E. Australia Standard Time", "Australia/Brisbane"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Eastern Standard Time", "America/New_York"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("FLE Standard Time", "Europe/Kyiv"),
    ("GMT Standard Time", "Europe/London"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Mountain Standard Time", "America/Denver"),
    ("Nepal Standard Time", "Asia/Kathmandu"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("Sri Lanka Standard Time", "Asia/Colombo"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("UTC", "UTC"),
    ("W. Australia Standard Time", "Australia/Perth"),
    ("W. Central Africa Standard Time", "Africa/Lagos"),
    ("W. Europe Standard Time", "Europe/Berlin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_windows_name_has_its_zone() {
        for (windows, iana) in WINDOWS {
            assert_eq!(named(windows).map(String::from).as_deref(), Some(*iana), "{windows}");
        }
    }

    #[test]
    fn iana_names_are_found_behind_prefixes() {
        for tzid in [
            "Europe/Berlin",
            "/mozilla.org/20070129_1/Europe/Berlin",
            "/Europe/Berlin",
            "posix/Europe/Berlin",
        ] {
            assert_eq!(named(tzid).map(String::from).as_deref(), Some("Europe/Berlin"), "{tzid}");
        }
        for tzid in ["", "/", "Europe/CUSTOM", "GMT +0100 (Standard) / GMT +0200 (Daylight)"] {
            assert_eq!(named(tzid), None, "{tzid}");
        }
    }

    #[test]
    fn a_zone_of_the_files_own_counts_when_its_clocks_never_change() {
        let own = |offsets: &[&str]| Definition {
            tzid: "Ours".to_owned(),
            location: None,
            offsets: offsets.iter().map(|offset| (*offset).to_owned()).collect(),
        };
        let told = |offsets: &[&str]| clock("Ours", &[own(offsets)]);
        assert_eq!(told(&["+0530"]), Ok(Clock::Fixed(Offset::from_seconds(19_800).unwrap())));
        assert_eq!(told(&["-0330", "-0330"]), Ok(Clock::Fixed(Offset::from_seconds(-12_600).unwrap())));
        for bad in [&["+0100", "+0200"][..], &[], &["0100"], &["+01:00"], &["+0160"], &["+9900"]] {
            assert!(told(bad).is_err(), "{bad:?}");
        }
        assert!(clock("Theirs", &[own(&["+0530"])]).is_err());
        let named = Definition { location: Some("Asia/Kolkata".to_owned()), ..own(&["+0100", "+0200"]) };
        assert!(matches!(clock("Ours", &[named]), Ok(Clock::Zone(_))));
    }
}
