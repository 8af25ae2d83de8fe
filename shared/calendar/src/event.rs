//! From the lines of a VEVENT to an [`Entry`].

use icalendar::parser::Property;

use crate::entry::{Entry, Refusal, Status};
use crate::lines::Line;
use crate::moment::{Length, Moment};
use crate::recurrence::Rule;
use crate::zones::{Clock, Definition, clock};

/// Most dates in all RDATE and EXDATE lines of an event.
const MAX_DATES: usize = 1_000;

/// A VEVENT as it stands in the file: its own lines, without those of alarms in it.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) lines: Vec<Line>,
}

/// What the rest of the file says about times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks<'a> {
    /// Of times without a zone.
    pub(crate) floating: &'a Clock,
    pub(crate) definitions: &'a [Definition],
}

/// An event that is refused, and the occurrence that it would have replaced.
pub(crate) type Refused = (Refusal, Option<Moment>);

struct Fields<'a> {
    line: usize,
    properties: Vec<(usize, Property<'a>)>,
    clocks: Clocks<'a>,
}

/// Reads the event.
///
/// # Errors
/// The first reason why it is not taken, with its line.
pub(crate) fn read(block: &Block, clocks: Clocks<'_>) -> Result<Entry, Refused> {
    let lines: Vec<(usize, String)> =
        block.lines.iter().map(|line| (line.number, canonical(&line.text))).collect();
    let mut fields = Fields { line: block.line, properties: Vec::new(), clocks };
    let mut unreadable = None;
    for (number, text) in &lines {
        // A line without a colon is none, though the parser takes it for a name without a value.
        match Property::try_from(text.as_str()).ok().filter(|_| text.contains(':')) {
            Some(property) => fields.properties.push((*number, property)),
            None => unreadable = unreadable.or(Some((*number, "the line cannot be read".to_owned()))),
        }
    }
    let uid = fields.one("UID").ok().flatten().map(|(_, property)| property.val.to_string());
    let replaces = fields.moment("RECURRENCE-ID");
    let refuse = |(line, reason), replaced| (Refusal { line, uid: uid.clone(), reason }, replaced);
    let replaces = replaces.map_err(|why| refuse(why, None))?;
    if let Some(why) = unreadable {
        return Err(refuse(why, replaces));
    }
    fields.entry(replaces.clone()).map_err(|why| refuse(why, replaces))
}

/// The name in capitals, as the parser knows it, and without blanks around it.
fn canonical(line: &str) -> String {
    let end = line.find([':', ';']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    name.trim().to_ascii_uppercase() + rest
}

type Why = (usize, String);

impl<'a> Fields<'a> {
    fn entry(&self, replaces: Option<Moment>) -> Result<Entry, Why> {
        let text = |name| Ok::<_, Why>(self.one(name)?.map(|(_, property)| property.val.to_string()));
        let uid =
            text("UID")?.filter(|uid| !uid.trim().is_empty()).ok_or_else(|| self.why("it has no UID"))?;
        let start = self.moment("DTSTART")?.ok_or_else(|| self.why("it has no DTSTART"))?;
        let length = self.length(&start)?;
        start.lasting(&length).map(drop).or_else(|reason| {
            // What repeats may have other occurrences that exist.
            if self.all("RRULE").next().is_some() { Ok(()) } else { Err(self.why(reason)) }
        })?;
        if let Some((line, _)) = self.all("EXRULE").next() {
            return Err((line, "it has an EXRULE, which nobody writes since 2009".to_owned()));
        }
        if self.one("RECURRENCE-ID")?.is_some_and(|(_, property)| parameter(property, "RANGE").is_some()) {
            return Err(self.why("it changes this and all later occurrences; export them one by one"));
        }
        let rules = self.all("RRULE").map(|(line, property)| {
            Rule::read(property.val.as_str().trim(), &start).map_err(|reason| (line, reason))
        });
        let status =
            self.one("STATUS")?.map(|(_, property)| property.val.to_string().trim().to_ascii_uppercase());
        let transparent =
            self.one("TRANSP")?.is_some_and(|(_, p)| p.val.as_str().eq_ignore_ascii_case("TRANSPARENT"));
        Ok(Entry {
            line: self.line,
            uid,
            summary: text("SUMMARY")?,
            location: text("LOCATION")?,
            description: text("DESCRIPTION")?,
            status: match status.as_deref() {
                Some("CANCELLED") => Status::Cancelled,
                Some("TENTATIVE") => Status::Tentative,
                _ => Status::Confirmed,
            },
            busy: !transparent,
            sequence: self
                .one("SEQUENCE")?
                .and_then(|(_, p)| p.val.as_str().trim().parse().ok())
                .unwrap_or(0),
            rules: rules.collect::<Result<_, _>>()?,
            extra: self.dates("RDATE")?,
            except: self.dates("EXDATE")?.into_iter().map(|(moment, _)| moment).collect(),
            replaces,
            overrides: Vec::new(),
            start,
            length,
        })
    }

    fn length(&self, start: &Moment) -> Result<Length, Why> {
        match (self.moment("DTEND")?, self.one("DURATION")?) {
            (Some(_), Some((line, _))) => Err((line, "it has both DTEND and DURATION".to_owned())),
            (Some(end), None) => start.until(&end).map_err(|reason| self.why(reason)),
            (None, Some((line, property))) => {
                Length::read(property.val.as_str().trim()).map_err(|reason| (line, reason))
            }
            (None, None) if start.whole_day => Ok(Length::day()),
            (None, None) => Err(self.why("it has neither an end nor a duration")),
        }
    }

    fn moment(&self, name: &str) -> Result<Option<Moment>, Why> {
        let Some((line, property)) = self.one(name)? else { return Ok(None) };
        let read = |clock| Moment::read(property.val.as_str().trim(), clock);
        self.clock(property).and_then(read).map(Some).map_err(|reason| (line, reason))
    }

    /// The dates of all lines of this name; of a PERIOD its start and its length.
    fn dates(&self, name: &str) -> Result<Vec<(Moment, Option<Length>)>, Why> {
        let mut dates = Vec::new();
        for (line, property) in self.all(name) {
            let clock = self.clock(property).map_err(|reason| (line, reason))?;
            for value in property.val.as_str().split(',').map(str::trim).filter(|value| !value.is_empty()) {
                let (start, end) =
                    value.split_once('/').map_or((value, None), |(start, end)| (start, Some(end)));
                let start = Moment::read(start, clock.clone()).map_err(|reason| (line, reason))?;
                let length = end.map(|end| {
                    if end.starts_with(['P', '+']) {
                        Length::read(end)
                    } else {
                        Moment::read(end, clock.clone()).and_then(|end| start.until(&end))
                    }
                });
                dates.push((start, length.transpose().map_err(|reason| (line, reason))?));
            }
            if dates.len() > MAX_DATES {
                return Err((line, format!("it has more than {MAX_DATES} dates")));
            }
        }
        Ok(dates)
    }

    /// The clock by which a property tells its time.
    fn clock(&self, property: &Property<'_>) -> Result<Clock, String> {
        match parameter(property, "TZID").filter(|tzid| !tzid.is_empty()) {
            Some(tzid) => clock(&tzid, self.clocks.definitions),
            None => Ok(self.clocks.floating.clone()),
        }
    }

    /// The property of this name.
    ///
    /// # Errors
    /// When it is said twice.
    fn one(&self, name: &str) -> Result<Option<(usize, &Property<'a>)>, Why> {
        let mut all = self.all(name);
        let one = all.next();
        match all.next() {
            Some((line, _)) => Err((line, format!("it says {name} twice"))),
            None => Ok(one),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = (usize, &Property<'a>)> {
        self.properties.iter().filter(move |(_, p)| p.name.as_str() == name).map(|(line, p)| (*line, p))
    }

    fn why(&self, reason: impl Into<String>) -> Why {
        (self.line, reason.into())
    }
}

fn parameter(property: &Property<'_>, name: &str) -> Option<String> {
    let found = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case(name))?;
    found.val.as_ref().map(|value| value.as_str().trim_matches('"').to_owned())
}
