//! Bookings: what is free, holding and booking it, moving and giving it back, series, tools for the desk, calendars. And what
//! is sold by number: pools, what is offered of them, and orders.
//!
//! One module for each use case. A command reads what it must know in one trip, asks the domain, and commits record,
//! event and claim in one transaction ([`change`] has the one place where changed bookings are written). `v2` and `v1` have
//! routes and wire types only.

mod access;
mod availability;
mod book;
mod change;
mod feeds;
mod lists;
mod offerings;
mod orders;
mod pools;
mod promos;
mod refused;
mod reschedule;
mod series;
mod steps;
mod tools;
mod v1;
mod v2;
mod when;

use std::sync::Arc;

use cache::{Shared, Tiers};
use domain::{Pool, PoolId, Resource, ResourceId};
use env::Clock;
use errors::Result;
use jiff::Timestamp;
use store::Store;
use web::{Api, Core, Keys, Version};

/// How long a room or a pool that was read is good enough to say what is free. Booking and ordering read it afresh.
const KNOWN_SECONDS: i64 = 10;

/// What the group's use cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Clock,
    keys: Arc<Keys>,
    calendar_domain: String,
    rooms: Arc<Tiers<ResourceId, Resource>>,
    pools: Arc<Tiers<PoolId, Pool>>,
}

impl App {
    /// With the edge's tables, clock and keys, and a cache that it may share. UIDs of calendar entries have the domain of the
    /// mail's sender, e.g. `Front desk <rooms@example.org>`, so that the entry of a feed and that of a message are one.
    pub fn new(core: &Core, sender: &str, shared: Option<Shared>) -> Self {
        let domain = sender.rsplit('@').next().unwrap_or_default().trim_end_matches(['>', ' ']);
        Self {
            store: core.store.clone(),
            clock: core.clock.clone(),
            keys: Arc::clone(&core.keys),
            calendar_domain: domain.to_owned(),
            rooms: Arc::new(Tiers::new("room.1", 1_000, KNOWN_SECONDS, shared.clone())),
            pools: Arc::new(Tiers::new("pool.1", 1_000, KNOWN_SECONDS, shared)),
        }
    }

    /// With the sender that `HOLDFAST_MAIL_FROM` names, and the cache of [`Shared::from_env`].
    ///
    /// # Errors
    /// `internal` when a variable is missing or wrong.
    pub fn from_env(core: &Core) -> Result<Self> {
        Ok(Self::new(core, &env::required("HOLDFAST_MAIL_FROM")?, Shared::from_env()?))
    }

    /// The room as read a moment ago: to advise, never to sell.
    async fn room(&self, id: ResourceId, now: Timestamp) -> Result<Resource> {
        self.rooms.get_or_load(id, now, self.store.resource(id)).await
    }

    /// The pool as read a moment ago: to advise, never to sell.
    async fn pool(&self, id: PoolId, now: Timestamp) -> Result<Pool> {
        self.pools.get_or_load(id, now, self.store.pool(id)).await
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    Api::new().version(Version::V2, v2::routes(), app).version(Version::V1, v1::routes(), app)
}
