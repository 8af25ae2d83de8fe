//! What became of each event of each file.

use std::collections::BTreeMap;
use std::fmt;

use calendar::Entry;
use domain::Span;
use jiff::Timestamp;

use crate::Came;

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What was looked at.
    pub window: Span,
    /// By file, in the order in which they were given.
    pub files: Vec<FileReport>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file's name.
    pub name: String,
    /// Events in it, read or refused; changed occurrences belong to their event.
    pub events: usize,
    /// Weeks by which its times were moved.
    pub weeks: i32,
    /// What became of each occurrence in the window; one for an event that has none or that cannot be read.
    pub outcomes: Vec<Outcome>,
}

/// What became of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Line of the file on which its event begins.
    pub line: usize,
    /// The event's UID, if it got that far.
    pub uid: Option<String>,
    /// Its start after the shift, if it has one.
    pub start: Option<Timestamp>,
    /// What became of it.
    pub became: Became,
}

/// What can become of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// The booking that was made of it.
    Taken(String),
    /// The booking that an earlier import made of it.
    AlreadyThere(String),
    /// It would be asked for, were this no dry run.
    Asked,
    /// The event takes place at other times than those looked at.
    Outside,
    /// It was refused.
    Refused {
        /// A code of the API, for `not_bookable` with that of the first rule behind a colon; or `unreadable`,
        /// `cancelled`, `not_busy`, `no_room`.
        code: String,
        /// Why, for a person.
        reason: String,
    },
}

impl Became {
    /// A refusal.
    pub(super) fn refused(code: &str, reason: &str) -> Self {
        Self::Refused { code: code.to_owned(), reason: reason.to_owned() }
    }

    /// As one word, for counting.
    pub fn word(&self) -> &str {
        match self {
            Self::Taken(_) => "taken",
            Self::AlreadyThere(_) => "already_there",
            Self::Asked => "would_be_asked_for",
            Self::Outside => "outside_the_window",
            Self::Refused { .. } => "refused",
        }
    }
}

impl From<Came> for Became {
    fn from(came: Came) -> Self {
        let (code, reason) = came.refusal();
        Self::Refused { code, reason }
    }
}

impl Outcome {
    pub(super) fn of(entry: &Entry, start: Option<Timestamp>, became: Became) -> Self {
        Self { line: entry.line, uid: Some(entry.uid.clone()), start, became }
    }
}

impl FileReport {
    pub(super) fn new(name: &str, events: usize, weeks: i32) -> Self {
        Self { name: name.to_owned(), events, weeks, outcomes: Vec::new() }
    }

    pub(super) fn push(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }
}

impl Report {
    pub(super) fn new(window: Span) -> Self {
        Self { window, files: Vec::new() }
    }

    /// How many outcomes of each kind.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        count(self.outcomes().map(|(_, outcome)| outcome.became.word()))
    }

    /// How many refusals of each code.
    pub fn refusals(&self) -> BTreeMap<&str, usize> {
        count(self.outcomes().filter_map(|(_, outcome)| match &outcome.became {
            Became::Refused { code, .. } => Some(code.as_str()),
            _ => None,
        }))
    }

    fn outcomes(&self) -> impl Iterator<Item = (&FileReport, &Outcome)> {
        self.files.iter().flat_map(|file| file.outcomes.iter().map(move |outcome| (file, outcome)))
    }
}

fn count<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

impl fmt::Display for Report {
    /// A line for each refusal, then what was done altogether.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, Outcome { line, uid, start, became }) in self.outcomes() {
            let Became::Refused { code, reason } = became else { continue };
            let uid = uid.as_deref().unwrap_or("no UID");
            write!(f, "{}:{line}: {uid}", file.name)?;
            if let Some(start) = start {
                write!(f, " at {start}")?;
            }
            writeln!(f, ": {code}: {reason}")?;
        }
        for file in self.files.iter().filter(|file| file.weeks != 0) {
            writeln!(f, "{}: all times were moved by {} weeks", file.name, file.weeks)?;
        }
        let events: usize = self.files.iter().map(|file| file.events).sum();
        let (from, to) = (self.window.start(), self.window.end());
        write!(f, "{} files, {events} events, from {from} to {to}:", self.files.len())?;
        for (word, count) in self.counts() {
            write!(f, "\n  {word:<28} {count:>6}")?;
        }
        for (code, count) in self.refusals() {
            write!(f, "\n    {code:<26} {count:>6}")?;
        }
        Ok(())
    }
}
