//! Files into events. A file is cut into its events first, so that a broken one costs no other.

use std::collections::BTreeMap;

use domain::Zone;

use crate::entry::{Entry, Refusal};
use crate::event::{self, Block, Clocks};
use crate::lines::{Line, unfold};
use crate::moment::Moment;
use crate::zones::{Clock, Definition, named};

/// Largest file that is read, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Deepest nesting of components.
const MAX_DEPTH: usize = 8;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calendar {
    /// Its name (NAME or X-WR-CALNAME).
    pub name: Option<String>,
    /// Each event, with the changed occurrences in it, or why it is not taken.
    pub events: Vec<Result<Entry, Refusal>>,
}

/// One VCALENDAR.
#[derive(Debug, Default)]
struct Section {
    zone: Option<String>,
    definitions: Vec<Definition>,
    events: Vec<Block>,
}

/// Reads a file of one or more calendars. Times without a zone are told by the file's X-WR-TIMEZONE, else by `floating`.
///
/// Nothing here fails as a whole: a file that is none has one refusal.
pub fn parse(bytes: &[u8], floating: &Zone) -> Calendar {
    let mut calendar = Calendar::default();
    if bytes.len() > MAX_BYTES {
        calendar.events.push(Err(refusal(1, format!("the file is larger than {MAX_BYTES} bytes"))));
        return calendar;
    }
    for section in sections(&unfold(bytes), &mut calendar) {
        let zone = section.zone.as_deref().and_then(named).unwrap_or_else(|| floating.clone());
        let own = Clock::Zone(zone);
        let clocks = Clocks { floating: &own, definitions: &section.definitions };
        let read = section.events.iter().map(|block| event::read(block, clocks)).collect();
        join(read, &mut calendar.events);
    }
    calendar
}

fn refusal(line: usize, reason: impl Into<String>) -> Refusal {
    Refusal { line, uid: None, reason: reason.into() }
}

/// Cuts the lines into calendars and events; what is not ended or nested too deep is refused here.
fn sections(lines: &[Line], calendar: &mut Calendar) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    // The calendar that is being read; a file may have events without one.
    let (mut section, mut begun) = (Section::default(), false);
    let mut open: Vec<String> = Vec::new();
    let mut event: Option<Block> = None;
    let mut refused = Vec::new();
    for line in lines {
        let (name, value) = line.text.split_once(':').unwrap_or((&line.text, ""));
        let (name, value) = (name.trim(), value.trim());
        let component = value.to_ascii_uppercase();
        if name.eq_ignore_ascii_case("BEGIN") {
            if matches!(component.as_str(), "VCALENDAR" | "VEVENT") {
                refused.extend(event.take().map(|block| refusal(block.line, "it is not ended")));
                open.clear();
            }
            match component.as_str() {
                "VCALENDAR" => sections.push(std::mem::take(&mut section)),
                "VEVENT" => event = Some(Block { line: line.number, lines: Vec::new() }),
                "VTIMEZONE" => section.definitions.push(Definition::default()),
                _ => {}
            }
            if open.len() >= MAX_DEPTH {
                refused.push(refusal(
                    line.number,
                    "components are nested too deep; the rest of the file is left out",
                ));
                break;
            }
            begun |= matches!(component.as_str(), "VCALENDAR" | "VEVENT");
            open.push(component);
        } else if name.eq_ignore_ascii_case("END") {
            if component == "VEVENT" || component == "VCALENDAR" {
                let ended = event.take();
                match ended {
                    Some(block) if component == "VEVENT" => section.events.push(block),
                    Some(block) => refused.push(refusal(block.line, "it is not ended")),
                    None if component == "VEVENT" => {
                        refused.push(refusal(line.number, "an event ends that has not begun"));
                    }
                    None => {}
                }
                open.clear();
            } else if let Some(depth) = open.iter().rposition(|known| *known == component) {
                open.truncate(depth);
            }
        } else if let Some(block) = &mut event {
            if open.last().is_some_and(|component| component == "VEVENT") {
                block.lines.push(line.clone());
            }
        } else if open.iter().any(|component| component == "VTIMEZONE") {
            define(&mut section, name, value);
        } else if open.last().is_none_or(|component| component == "VCALENDAR") {
            if name.eq_ignore_ascii_case("X-WR-TIMEZONE") {
                section.zone = Some(value.to_owned());
            } else if name.eq_ignore_ascii_case("NAME") || name.eq_ignore_ascii_case("X-WR-CALNAME") {
                calendar.name.get_or_insert_with(|| value.to_owned());
            }
        }
    }
    refused.extend(event.take().map(|block| refusal(block.line, "it is not ended")));
    sections.push(section);
    if !begun && refused.is_empty() {
        refused.push(refusal(1, "the file is not an iCalendar file"));
    }
    calendar.events.extend(refused.into_iter().map(Err));
    sections
}

fn define(section: &mut Section, name: &str, value: &str) {
    let Some(definition) = section.definitions.last_mut() else { return };
    match name.split(';').next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "TZID" => value.clone_into(&mut definition.tzid),
        "X-LIC-LOCATION" => definition.location = Some(value.to_owned()),
        "TZOFFSETTO" => definition.offsets.push(value.to_owned()),
        _ => {}
    }
}

/// Puts changed occurrences into the events that they belong to. Of two events with one UID the later version counts.
fn join(read: Vec<Result<Entry, event::Refused>>, events: &mut Vec<Result<Entry, Refusal>>) {
    let mut masters: Vec<Entry> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut changed: Vec<(String, Moment, Result<Entry, Refusal>)> = Vec::new();
    for event in read {
        match event {
            Ok(entry) => match entry.replaces.clone() {
                Some(original) => changed.push((entry.uid.clone(), original, Ok(entry))),
                None => match known.get(&entry.uid).and_then(|at| masters.get_mut(*at)) {
                    None => {
                        known.insert(entry.uid.clone(), masters.len());
                        masters.push(entry);
                    }
                    Some(master) => {
                        let is_later = entry.sequence >= master.sequence;
                        let old = if is_later { std::mem::replace(master, entry) } else { entry };
                        events.push(Err(old.refusal("the file has a later version of it".to_owned())));
                    }
                },
            },
            Err((refusal, Some(original))) if refusal.uid.is_some() => {
                changed.push((refusal.uid.clone().unwrap_or_default(), original, Err(refusal)));
            }
            Err((refusal, _)) => events.push(Err(refusal)),
        }
    }
    for (uid, original, change) in changed {
        match (known.get(&uid).and_then(|at| masters.get_mut(*at)), change) {
            (Some(master), Ok(entry)) => master.overrides.push((original, Some(entry))),
            (Some(master), Err(refusal)) => {
                // The rule's own time is not true either.
                master.overrides.push((original, None));
                events.push(Err(refusal));
            }
            (None, change) => events.push(change),
        }
    }
    events.extend(masters.into_iter().map(Ok));
}
