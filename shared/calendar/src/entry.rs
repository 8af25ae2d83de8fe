//! One event of a file, and when it takes place.

use domain::Span;
use jiff::{SignedDuration, Timestamp};

use crate::moment::{Length, Moment};
use crate::recurrence::Rule;

/// Most occurrences of one event that are given for a window.
pub const MAX_OCCURRENCES: usize = 400;

/// Why an event or an occurrence is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The line of the file.
    pub line: usize,
    /// The event's UID, if it got that far.
    pub uid: Option<String>,
    /// Why, for a person.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let uid = self.uid.as_deref().unwrap_or("no UID");
        write!(f, "line {}, {uid}: {}", self.line, self.reason)
    }
}

/// What an event says of its standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// It takes place, as far as anybody knows.
    #[default]
    Confirmed,
    /// It may take place.
    Tentative,
    /// It does not take place.
    Cancelled,
}

/// An event, with the occurrences of it that were changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line of the file on which it begins.
    pub line: usize,
    /// Its name in all files for ever.
    pub uid: String,
    /// Its title.
    pub summary: Option<String>,
    /// Where it is.
    pub location: Option<String>,
    /// Anything else.
    pub description: Option<String>,
    /// Whether it takes place.
    pub status: Status,
    /// Whether it takes up the time of those who come (TRANSP).
    pub busy: bool,
    /// Counts its changes.
    pub sequence: u32,
    pub(crate) start: Moment,
    pub(crate) length: Length,
    pub(crate) rules: Vec<Rule>,
    /// RDATE, with a length of its own for a PERIOD.
    pub(crate) extra: Vec<(Moment, Option<Length>)>,
    /// EXDATE.
    pub(crate) except: Vec<Moment>,
    /// RECURRENCE-ID.
    pub(crate) replaces: Option<Moment>,
    /// By the occurrence that each replaces; nothing where the replacement was refused.
    pub(crate) overrides: Vec<(Moment, Option<Entry>)>,
}

/// One time that an event takes place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurrence<'a> {
    /// What it says: the event, or what replaces this occurrence of it.
    pub entry: &'a Entry,
    /// When.
    pub span: Span,
    /// The start that the rule gave it, for one of many (RECURRENCE-ID).
    pub original_start: Option<Timestamp>,
}

/// An occurrence or its refusal, and the instant by which it is sorted.
type Placed<'a> = (Option<Timestamp>, Result<Occurrence<'a>, Refusal>);

impl Entry {
    /// Whether it has more than one occurrence, or may have.
    pub fn repeats(&self) -> bool {
        !self.rules.is_empty() || !self.extra.is_empty()
    }

    /// Whether it takes whole days.
    pub fn is_all_day(&self) -> bool {
        self.start.whole_day
    }

    /// The first instant of its occurrences, as near as can be told without unrolling its rules.
    pub fn earliest(&self) -> Option<Timestamp> {
        let replacements = self.overrides.iter().filter_map(|(_, replacement)| replacement.as_ref());
        let starts = std::iter::once(&self.start).chain(self.extra.iter().map(|(start, _)| start));
        starts.chain(replacements.map(|entry| &entry.start)).filter_map(Moment::about).min()
    }

    /// The occurrences that touch the window, in order, at most [`MAX_OCCURRENCES`], with a refusal for each that has no
    /// time and one if there are more.
    pub fn occurrences(&self, window: &Span) -> Vec<Result<Occurrence<'_>, Refusal>> {
        let replacements = self.overrides.iter().filter_map(|(_, replacement)| replacement.as_ref());
        let mut found: Vec<Placed<'_>> =
            replacements.filter_map(|entry| entry.placed(&entry.start, &entry.length, window)).collect();
        let (starts, mut more) = self.starts(window).unwrap_or_else(|reason| {
            found.push((None, Err(self.refusal(reason))));
            (Vec::new(), false)
        });
        for (start, length) in &starts {
            let Some(placed) = self.placed(start, length, window) else { continue };
            let excepted = self.except.iter().any(|except| except.names(start));
            let replaced = self.overrides.iter().any(|(original, _)| original.names(start));
            if excepted || replaced {
                continue;
            }
            found.push(placed);
            if found.len() > MAX_OCCURRENCES {
                more = true;
                break;
            }
        }
        found.sort_by_key(|(start, _)| *start);
        found.truncate(MAX_OCCURRENCES);
        let mut found: Vec<_> = found.into_iter().map(|(_, found)| found).collect();
        if more {
            let reason = "it takes place too many times; the rest is left out".to_owned();
            found.push(Err(self.refusal(reason)));
        }
        found
    }

    /// The occurrence at `start` with its place in the order, if it touches the window.
    fn placed(&self, start: &Moment, length: &Length, window: &Span) -> Option<Placed<'_>> {
        let about = start.about();
        let original = match &self.replaces {
            Some(original) => original.about(),
            None if self.repeats() => about,
            None => None,
        };
        match start.lasting(length) {
            Ok(span) => span
                .overlaps(window)
                .then_some((about, Ok(Occurrence { entry: self, span, original_start: original }))),
            // Without an instant nothing is in a window, but what people would take for it may be.
            Err(reason) => {
                about.is_none_or(|at| window.contains(at)).then(|| (about, Err(self.refusal(reason))))
            }
        }
    }

    /// Every start that may matter to the window, each with its length, and whether there were too many.
    fn starts(&self, window: &Span) -> Result<(Vec<(Moment, Length)>, bool), String> {
        // DTSTART is the first occurrence whether or not the rule gives it (RFC 5545, 3.8.5.3).
        let mut starts = vec![(self.start.clone(), self.length.clone())];
        let mut more = false;
        let day = SignedDuration::from_hours(24);
        let zone = self.start.clock.rules();
        let end = zone.to_datetime(window.end().saturating_add(day).unwrap_or(window.end()));
        for rule in &self.rules {
            let (locals, too_many) = rule.starts(self.start.local, end)?;
            more |= too_many;
            starts.extend(locals.into_iter().map(|local| (self.start.at(local), self.length.clone())));
        }
        for (moment, length) in &self.extra {
            starts.push((moment.clone(), length.clone().unwrap_or_else(|| self.length.clone())));
        }
        let mut seen = std::collections::BTreeSet::new();
        starts.retain(|(start, _)| seen.insert((start.about(), start.local)));
        starts.sort_by_key(|(start, _)| start.about());
        Ok((starts, more))
    }

    pub(crate) fn refusal(&self, reason: String) -> Refusal {
        Refusal { line: self.line, uid: Some(self.uid.clone()), reason }
    }
}
