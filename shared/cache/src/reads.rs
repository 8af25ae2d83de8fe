//! How each kind is read, and what it is about: the one place where keys and tags are made.

mod hotel;
mod warm;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::pool::{Cell, Cells, Count};
use domain::{Location, LocationId, Offering, OfferingId, Pool, PoolId, Resource, ResourceId, Span};
use env::Clock;
use errors::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Kept, Page, Placed, Position, Store};

use crate::{Cache, Tag, kinds};

/// Reads that may be answered by what was read a moment ago. Commands read the tables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reads {
    store: Store,
    clock: Clock,
    cache: Cache,
}

impl Reads {
    /// Of these tables, by this clock.
    pub fn new(store: Store, clock: Clock, cache: Cache) -> Self {
        Self { store, clock, cache }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// The tables, for what is read whenever it is asked for.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Figures of a kind from a day to another, in a generation of them; of a location, or of none.
    ///
    /// # Errors
    /// `unavailable` when the database is, `too_large`.
    pub async fn figures(
        &self,
        generation: u64,
        (location, kind): (Option<LocationId>, domain::figures::Kind),
        (from, to): (Date, Date),
    ) -> Result<Vec<Kept>> {
        let of = location.map(|location| location.to_string()).unwrap_or_default();
        let key = format!("{generation} {of} {} {from} {to}", kind.as_str());
        let read = || self.store.figures(generation, (location, kind), (from, to));
        let tags = [Tag::figures(location)];
        let kept = self.cache.get_or_load(kinds::FIGURES, &key, &tags, self.clock.now(), read).await?;
        Ok(Arc::unwrap_or_clone(kept))
    }

    /// What keeps them.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The location.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn location(&self, id: LocationId) -> Result<Arc<Location>> {
        let (key, tags) = (id.to_string(), [Tag::record("location", id)]);
        let read = || self.store.location(id);
        self.cache.get_or_load(kinds::LOCATION, &key, &tags, self.clock.now(), read).await
    }

    /// Locations by name.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn locations(&self, limit: u32, after: Option<Position>) -> Result<Arc<Page<Location>>> {
        let (key, tags) = (page("", limit, after.as_ref()), [Tag::all("location")]);
        let read = || self.store.locations(limit, after);
        self.cache.get_or_load(kinds::LOCATIONS, &key, &tags, self.clock.now(), read).await
    }

    /// The room, retired or not.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn room(&self, id: ResourceId) -> Result<Arc<Resource>> {
        let (key, tags) = (id.to_string(), [Tag::record("resource", id)]);
        let read = || self.store.resource(id);
        self.cache.get_or_load(kinds::ROOM, &key, &tags, self.clock.now(), read).await
    }

    /// Rooms of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn rooms_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Arc<Placed<Resource>>> {
        let key = page(&location.to_string(), limit, after.as_ref());
        let (tags, read) = ([Tag::all("resource")], || self.store.resources_at(location, limit, after));
        self.cache.get_or_load(kinds::ROOMS, &key, &tags, self.clock.now(), read).await
    }

    /// Rooms of all locations for so many people or more, the smallest first, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn rooms(
        &self,
        capacity: u32,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Arc<Placed<Resource>>> {
        let key = page(&format!("for {capacity}"), limit, after.as_ref());
        let (tags, read) = ([Tag::all("resource")], || self.store.resources(capacity, limit, after));
        self.cache.get_or_load(kinds::ROOMS, &key, &tags, self.clock.now(), read).await
    }

    /// The pool.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn pool(&self, id: PoolId) -> Result<Arc<Pool>> {
        let (key, tags) = (id.to_string(), [Tag::record("pool", id)]);
        let read = || self.store.pool(id);
        self.cache.get_or_load(kinds::POOL, &key, &tags, self.clock.now(), read).await
    }

    /// Sessions of an offering from an instant on.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn sessions(
        &self,
        offering: OfferingId,
        from: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Arc<Page<Pool>>> {
        let key = page(&format!("{offering} {from}"), limit, after.as_ref());
        let (tags, read) = ([Tag::all("pool")], || self.store.sessions_of(offering, from, limit, after));
        self.cache.get_or_load(kinds::SESSIONS, &key, &tags, self.clock.now(), read).await
    }

    /// The offering.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn offering(&self, id: OfferingId) -> Result<Arc<Offering>> {
        let (key, tags) = (id.to_string(), [Tag::record("offering", id)]);
        let read = || self.store.offering(id);
        self.cache.get_or_load(kinds::OFFERING, &key, &tags, self.clock.now(), read).await
    }

    /// Offerings of a location by name.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn offerings(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Arc<Page<Offering>>> {
        let key = page(&location.to_string(), limit, after.as_ref());
        let (tags, read) = ([Tag::all("offering")], || self.store.offerings_at(location, limit, after));
        self.cache.get_or_load(kinds::OFFERINGS, &key, &tags, self.clock.now(), read).await
    }

    /// What is claimed of a room within a span: to advise, never to sell.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn taken(&self, room: ResourceId, span: Span) -> Result<Arc<ledger::Claimed>> {
        let key = format!("{room} {} {}", span.start().as_second(), span.end().as_second());
        let (tags, read) = ([Tag::claims(room)], || ledger::claimed(&self.store, room, span));
        self.cache.get_or_load(kinds::TAKEN, &key, &tags, self.clock.now(), read).await
    }

    /// What is known of cells of a pool: to advise, never to sell.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn counts(&self, pool: PoolId, cells: Cells) -> Result<BTreeMap<Cell, Count>> {
        // Cells are dates, which can always be written.
        let key = format!("{pool} {}", serde_json::to_string(&cells).unwrap_or_default());
        let read = || async move {
            let mut counts = ledger::counts(&self.store, &[(pool, cells)]).await?;
            Ok(counts.remove(&pool).unwrap_or_default().into_iter().collect())
        };
        let tags = [Tag::claims(pool)];
        let counts = self.cache.get_or_load(kinds::COUNTS, &key, &tags, self.clock.now(), read).await?;
        Ok(counts.iter().copied().collect())
    }
}

/// The key of a page of a list.
fn page(list: &str, limit: u32, after: Option<&Position>) -> String {
    // A place is made of texts, which can always be written.
    let after = after.map(|after| serde_json::to_string(after).unwrap_or_default()).unwrap_or_default();
    format!("{list}#{limit}#{after}")
}
