//! Figures of the operator: counted from the feed, each event once, and read by days of a location.

mod days;
mod house;
mod read;

use std::collections::{BTreeSet, HashMap};

use cache::Tag;
use domain::figures::{deltas, location};
use domain::{Event, LocationId, Zone};
use errors::Result;
use store::{Store, Tally};

pub use days::Days;
pub(crate) use house::rounded;
pub use house::{Amounts, Arrivals, Books, Nights, Pickup, arrivals, by_month, nights, pickup};
pub use read::{
    Delivered, Distribution, Money, Month, Months, Shares, Totals, delivery, distribution, revenue, totals,
};

/// Events whose locations are read at once.
const PORTION: usize = 90;

/// Counts events: in the generation that is read, and in the one that is being built. One that comes again changes nothing, and
/// one that nothing is counted of costs nothing.
///
/// # Errors
/// `unavailable` when the database is; some may have been counted by then.
pub async fn count(store: &Store, events: &[Event]) -> Result<()> {
    for events in events.chunks(PORTION).filter(|events| events.iter().any(is_counted)) {
        let (generations, zones) = store.figures_at(&locations(events)).await?;
        let tallies = tallies(events, &zones);
        for generation in generations.filled() {
            store.add_figures(generation, &tallies).await?;
        }
    }
    Ok(())
}

/// What is kept of figures and changes with these events.
pub(crate) fn counted(events: &[Event]) -> Vec<Tag> {
    events.iter().filter(|event| is_counted(event)).map(|event| Tag::figures(location(event))).collect()
}

/// Counts events in one generation, for a rebuild.
///
/// # Errors
/// As [`count`].
pub async fn count_in(store: &Store, generation: u64, events: &[Event]) -> Result<()> {
    for events in events.chunks(PORTION).filter(|events| events.iter().any(is_counted)) {
        let (_, zones) = store.figures_at(&locations(events)).await?;
        store.add_figures(generation, &tallies(events, &zones)).await?;
    }
    Ok(())
}

/// Whether figures may be kept of it: what is not depends on no zone.
fn is_counted(event: &Event) -> bool {
    !deltas(event, &Zone::utc()).is_empty()
}

fn locations(events: &[Event]) -> BTreeSet<LocationId> {
    events.iter().filter_map(location).collect()
}

/// What the events add. A location that is not there, which only an example has, is taken to be in UTC.
fn tallies(events: &[Event], zones: &HashMap<LocationId, Zone>) -> Vec<Tally> {
    let of = |event: &Event| {
        let zone = location(event).and_then(|id| zones.get(&id).cloned()).unwrap_or_else(Zone::utc);
        Tally::of(event, deltas(event, &zone))
    };
    events.iter().flat_map(of).collect()
}
