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

use cache::Reads;
use domain::{Pool, PoolId, Resource, ResourceId};
use env::Clock;
use errors::Result;
use store::Store;
use web::{Api, Core, Keys, Version};

/// What the group's use cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Clock,
    keys: Arc<Keys>,
    calendar_domain: String,
    reads: Reads,
}

impl App {
    /// With the edge's tables, clock, keys and cache. UIDs of calendar entries have the domain of the
    /// mail's sender, e.g. `Front desk <rooms@example.org>`, so that the entry of a feed and that of a message are one.
    pub fn new(core: &Core, sender: &str) -> Self {
        let domain = sender.rsplit('@').next().unwrap_or_default().trim_end_matches(['>', ' ']);
        Self {
            store: core.store.clone(),
            clock: core.clock.clone(),
            keys: Arc::clone(&core.keys),
            calendar_domain: domain.to_owned(),
            reads: core.reads.clone(),
        }
    }

    /// With the sender that `HOLDFAST_MAIL_FROM` names.
    ///
    /// # Errors
    /// `internal` when a variable is missing or wrong.
    pub fn from_env(core: &Core) -> Result<Self> {
        Ok(Self::new(core, &env::required("HOLDFAST_MAIL_FROM")?))
    }

    /// The room as read a moment ago: to advise, never to sell.
    async fn room(&self, id: ResourceId) -> Result<Resource> {
        self.reads.room(id).await.map(Arc::unwrap_or_clone)
    }

    /// The pool as read a moment ago: to advise, never to sell.
    async fn pool(&self, id: PoolId) -> Result<Pool> {
        self.reads.pool(id).await.map(Arc::unwrap_or_clone)
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    Api::new().version(Version::V2, v2::routes(), app).version(Version::V1, v1::routes(), app)
}
