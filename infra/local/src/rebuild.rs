//! Counting figures anew from everything that ever happened.

use errors::Result;
use insights::figures::count_in;
use jiff::{SignedDuration, Timestamp};
use store::Store;

/// Locations whose age is looked at.
const MOST_PLACES: usize = 100_000;
/// What happened so shortly before is counted once more after the switch: its entry in the index may have been late.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(10);

/// Counts everything in a new generation of figures and has that one read; how many events there were. The feed goes on
/// meanwhile and counts in both. Broken off, it leaves what is read as it was; the next rebuild begins anew.
///
/// # Errors
/// `unavailable` when the database is, `changed` when somebody else began another rebuild meanwhile.
pub async fn rebuild(store: &Store, from: Option<Timestamp>, now: Timestamp) -> Result<usize> {
    let generation = store.begin_figures().await?;
    let from = match from {
        Some(from) => from,
        None => earliest(store).await?.unwrap_or(now),
    };
    let to = now.saturating_add(LOOK_BACK).unwrap_or(now);
    let readers = async |events: Vec<_>| count_in(store, generation, &events).await;
    let count = relay::replay(store, from, to, readers).await?;
    store.finish_figures(generation).await?;
    relay::replay(store, now.saturating_sub(LOOK_BACK).unwrap_or(now), to, readers).await?;
    Ok(count)
}

/// When the first location was made: what figures are kept of happens at locations.
async fn earliest(store: &Store) -> Result<Option<Timestamp>> {
    let (locations, _) = store.all_locations(MOST_PLACES).await?;
    Ok(locations.iter().map(|location| location.created_at).min())
}
