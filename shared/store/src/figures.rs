//! Figures: numbers that `insights` keeps from the feed, each event added exactly once.
//!
//! # Exactly once
//! For each subject one item notes which of its sequences were added. It is written in the transaction that adds them, over the
//! version that was read, so an event is added with its note or not at all; whoever adds the same events at the same moment is refused
//! and looks again. Events of several subjects share a transaction, and what they add to one place is added up before it is written:
//! a hundred events of a busy place cost a write for each subject and one for each place.
//!
//! # Generations
//! All of it is kept under a generation. A rebuild begins a new one, which the feed fills from then on beside the one that is read,
//! gives it everything that happened before, and then has it read. Since an event is added once to each, it does not matter that
//! both do it.
//!
//! What one item bears, a thousand writes a second, is what a place can count: a location's orders of one day. Beyond that its
//! items must be split.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::figures::{Delta, Kind, Place, Sums};
use domain::{Event, Location, LocationId, Zone};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::schema::{CATALOG, INSIGHTS, PARTITION, SORT, Table};
use crate::table::{Item, Query, Range, Record, read};
use crate::tx::MOST_ACTIONS;
use crate::{Store, Tx};

/// Places that are added to together; an event with more is added in several parts.
const PART: usize = 40;
/// Attempts while others add the same.
const ROUNDS: usize = 8;
/// Items of figures that are read at once.
const MOST_ITEMS: usize = 20_000;

/// Which generation is read, and which is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Generations {
    /// The one that is read.
    pub current: u64,
    /// The one that is being built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<u64>,
    version: u64,
}

impl Generations {
    /// Those that the feed fills.
    pub fn filled(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.current).chain(self.building)
    }
}

impl Record for Generations {
    const TABLE: Table = INSIGHTS;
    const NAME: &'static str = "generation of figures";

    fn key(&self) -> (String, String) {
        (GENERATIONS.0.to_owned(), GENERATIONS.1.to_owned())
    }
}

const GENERATIONS: (&str, &str) = ("figures", "generations");

/// What was added of a subject's events.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Added {
    generation: u64,
    subject: String,
    marks: BTreeSet<String>,
    version: u64,
}

impl Record for Added {
    const TABLE: Table = INSIGHTS;
    const NAME: &'static str = "note of what was added";

    fn key(&self) -> (String, String) {
        added(self.generation, &self.subject)
    }
}

fn added(generation: u64, subject: &str) -> (String, String) {
    (format!("added#{generation}#{subject}"), "added".to_owned())
}

fn partition(generation: u64, location: Option<LocationId>, kind: Kind) -> String {
    let location = location.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!("figures#{generation}#{location}#{}", kind.as_str())
}

fn sort(place: &Place) -> String {
    place.of.as_ref().map_or_else(|| place.day.to_string(), |of| format!("{}#{of}", place.day))
}

/// What one event, or a part of it, adds.
#[derive(Debug, Clone)]
pub struct Tally {
    subject: String,
    mark: String,
    places: BTreeMap<Place, Sums>,
}

impl Tally {
    /// What an event adds: nothing to note where that is nothing. The parts follow from the event alone.
    pub fn of(event: &Event, deltas: Vec<Delta>) -> Vec<Self> {
        let mut places: BTreeMap<Place, Sums> = BTreeMap::new();
        for delta in deltas {
            *places.entry(delta.place).or_default().entry(delta.name).or_default() += delta.by;
        }
        let places: Vec<_> = places.into_iter().collect();
        let parts = places.chunks(PART).enumerate().map(|(n, part)| Self {
            subject: event.subject.clone(),
            mark: if n == 0 { event.sequence.to_string() } else { format!("{}.{n}", event.sequence) },
            places: part.iter().cloned().collect(),
        });
        parts.collect()
    }
}

/// Figures of one place, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The day.
    pub day: Date,
    /// What they are about.
    pub of: Option<String>,
    /// By name.
    pub sums: Sums,
}

impl Store {
    /// Which generations there are, and the zones of these locations, as far as there are such; at most 99, in one trip.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn figures_at(
        &self,
        locations: &BTreeSet<LocationId>,
    ) -> Result<(Generations, HashMap<LocationId, Zone>)> {
        let mut keys = vec![(INSIGHTS, GENERATIONS.0.to_owned(), GENERATIONS.1.to_owned())];
        keys.extend(locations.iter().map(|id| (CATALOG, id.to_string(), "location".to_owned())));
        let (mut generations, mut zones) = (Generations::default(), HashMap::new());
        for (table, item) in self.get_many(&keys).await? {
            if table == self.name(&INSIGHTS) {
                generations = read(item)?;
            } else {
                let location: Location = read(item)?;
                zones.insert(location.id, location.zone);
            }
        }
        Ok((generations, zones))
    }

    /// Begins a new generation; which.
    ///
    /// # Errors
    /// `changed` when somebody else began or finished one at the same moment.
    pub async fn begin_figures(&self) -> Result<u64> {
        let (known, _) = self.figures_at(&BTreeSet::new()).await?;
        let next = known.building.unwrap_or(known.current) + 1;
        self.set_generations(Generations { building: Some(next), ..known }).await?;
        Ok(next)
    }

    /// Has a generation read that was being built.
    ///
    /// # Errors
    /// `changed` when another one was begun since.
    pub async fn finish_figures(&self, generation: u64) -> Result<()> {
        let (known, _) = self.figures_at(&BTreeSet::new()).await?;
        if known.building != Some(generation) {
            return Err(Error::new(Code::Changed, "another rebuild was begun since"));
        }
        self.set_generations(Generations { current: generation, building: None, ..known }).await
    }

    async fn set_generations(&self, mut next: Generations) -> Result<()> {
        next.version += 1;
        let mut tx = Tx::new();
        if next.version == 1 {
            tx.insert(self, &next, || Error::new(Code::Changed, "another rebuild was begun"));
        } else {
            tx.replace(self, &next, next.version);
        }
        self.commit(tx).await.map(drop)
    }

    /// Adds to the figures of a generation, each tally once, however often it comes.
    ///
    /// # Errors
    /// `unavailable` when the database is, or others add the same all the time; some may have been added by then.
    pub async fn add_figures(&self, generation: u64, tallies: &[Tally]) -> Result<()> {
        let mut rest = tallies;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            self.add_together(generation, now).await?;
            rest = later;
        }
        Ok(())
    }

    async fn add_together(&self, generation: u64, tallies: &[Tally]) -> Result<()> {
        for _ in 0..ROUNDS {
            let keys = tallies.iter().map(|tally| added(generation, &tally.subject));
            let keys: Vec<_> = keys.map(|(pk, sk)| (INSIGHTS, pk, sk)).collect();
            let found = self.get_many(&keys).await?.into_iter().map(|(_, item)| read(item));
            let found = found.collect::<Result<Vec<Added>>>()?;
            let tx = self.adding(generation, tallies, found);
            if tx.is_empty() {
                return Ok(());
            }
            match self.commit(tx).await {
                Err(error) if error.code() == Code::Changed => {}
                done => return done.map(drop),
            }
        }
        Err(Error::unavailable("others add the same figures all the time"))
    }

    /// What is still to be added, as a transaction.
    fn adding(&self, generation: u64, tallies: &[Tally], found: Vec<Added>) -> Tx {
        let mut known: BTreeMap<String, Added> =
            found.into_iter().map(|added| (added.subject.clone(), added)).collect();
        let (mut touched, mut sums): (BTreeSet<&str>, BTreeMap<&Place, Sums>) = Default::default();
        for tally in tallies {
            let new =
                || Added { generation, subject: tally.subject.clone(), marks: BTreeSet::new(), version: 0 };
            let added = known.entry(tally.subject.clone()).or_insert_with(new);
            if !added.marks.insert(tally.mark.clone()) {
                continue;
            }
            touched.insert(&tally.subject);
            for (place, more) in &tally.places {
                let kept = sums.entry(place).or_default();
                for (name, by) in more {
                    *kept.entry(name.clone()).or_default() += by;
                }
            }
        }
        let mut tx = Tx::new();
        for mut added in touched.into_iter().filter_map(|subject| known.remove(subject)) {
            added.version += 1;
            if added.version == 1 {
                tx.insert(self, &added, || Error::new(Code::Changed, "it was added at this moment"));
            } else {
                tx.replace(self, &added, added.version);
            }
        }
        for (place, sums) in sums {
            let key = (partition(generation, place.location, place.kind), sort(place));
            let by: Vec<_> = sums.iter().map(|(name, by)| (name.as_str(), *by)).collect();
            tx.count(self, (&INSIGHTS, &key.0, &key.1), &by);
        }
        tx
    }

    /// Figures of a kind at a location, or of none, from a day until just before another, by day.
    ///
    /// # Errors
    /// `too_large` where there are more than can be added up at once.
    pub async fn figures(
        &self,
        generation: u64,
        (location, kind): (Option<LocationId>, Kind),
        (from, to): (Date, Date),
    ) -> Result<Vec<Kept>> {
        let (mut all, mut after) = (Vec::new(), None);
        let range = Range::Between(from.to_string(), format!("{}~", to.yesterday().unwrap_or(to)));
        loop {
            let (items, next) = self
                .items(Query {
                    table: &INSIGHTS,
                    index: None,
                    partition: partition(generation, location, kind),
                    range: range.clone(),
                    descending: false,
                    limit: 5_000,
                    after,
                })
                .await?;
            all.extend(items.into_iter().filter_map(kept));
            after = next;
            match after {
                None => return Ok(all),
                Some(_) if all.len() >= MOST_ITEMS => {
                    let message = "there is more than can be added up at once; ask for a shorter time";
                    return Err(Error::new(Code::TooLarge, message));
                }
                Some(_) => {}
            }
        }
    }
}

/// How many of these fit into one transaction.
fn fitting(tallies: &[Tally]) -> usize {
    let (mut subjects, mut places) = (BTreeSet::new(), BTreeSet::new());
    for (n, tally) in tallies.iter().enumerate() {
        subjects.insert(&tally.subject);
        places.extend(tally.places.keys());
        if n > 0 && subjects.len() + places.len() > MOST_ACTIONS {
            return n;
        }
    }
    tallies.len()
}

fn kept(mut item: Item) -> Option<Kept> {
    item.remove(PARTITION);
    let sort = item.remove(SORT)?;
    let sort = sort.as_s().ok()?;
    let (day, of) = match sort.split_once('#') {
        Some((day, of)) => (day, Some(of.to_owned())),
        None => (sort.as_str(), None),
    };
    let number = |value: &AttributeValue| value.as_n().ok()?.parse::<i64>().ok();
    let sums = item.iter().filter_map(|(name, value)| Some((name.clone(), number(value)?)));
    Some(Kept { day: day.parse().ok()?, of, sums: sums.filter(|(_, by)| *by != 0).collect() })
}

#[cfg(test)]
mod tests {
    use domain::{Actor, EventId};

    use super::*;

    #[test]
    fn what_adds_to_many_places_is_added_in_parts_that_follow_from_the_event_alone() {
        let event = Event {
            id: EventId::derived([1; 16]),
            kind: "order.confirmed".to_owned(),
            subject: "ord_1".to_owned(),
            sequence: 7,
            at: "2027-01-04T08:00:00Z".parse().unwrap(),
            actor: Actor::system(),
            data: serde_json::Value::Null,
        };
        let place = |n: usize| Place {
            location: None,
            kind: Kind::Orders,
            day: "2027-01-04".parse().unwrap(),
            of: Some(n.to_string()),
        };
        let delta = |n: usize| Delta { place: place(n % 100), name: "made".to_owned(), by: 1 };
        let tallies = Tally::of(&event, (0..200).map(delta).collect());
        let backwards = Tally::of(&event, (0..200).rev().map(delta).collect());
        let told = |all: &[Tally]| -> Vec<_> {
            all.iter().map(|tally| (tally.mark.clone(), tally.places.clone())).collect()
        };
        assert_eq!(told(&tallies), told(&backwards));
        let marks: Vec<_> = tallies.iter().map(|tally| (tally.mark.as_str(), tally.places.len())).collect();
        assert_eq!(marks, [("7", 40), ("7.1", 40), ("7.2", 20)]);
        assert!(tallies.iter().flat_map(|tally| tally.places.values()).all(|sums| sums["made"] == 2));
        // One subject and its places: two parts fit into a transaction, three do not.
        assert_eq!(fitting(&tallies), 2);
        assert_eq!(Tally::of(&event, Vec::new()).len(), 0);
    }
}
