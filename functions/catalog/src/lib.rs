//! The catalog group: places, rooms, and what people say of them.
//!
//! Rooms are found by what they are and by when they are free; "booked" is never stored, it is read from the ledger.
//! Use cases are in the modules beside this one; `v2` and `v1` have the routes and the wire types.

mod filling;
mod locations;
mod moderation;
mod outage;
mod reviews;
mod rooms;
mod search;
mod v1;
mod v2;

use cache::Reads;
use env::Clock;
use store::Store;
use web::{Api, Core, Version};

/// What the use cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Clock,
    reads: Reads,
}

impl App {
    /// On the installation's tables, clock and cache.
    pub fn new(core: &Core) -> Self {
        Self { store: core.store.clone(), clock: core.clock.clone(), reads: core.reads.clone() }
    }
}

/// The group's routes, in both versions.
pub fn api(app: &App) -> Api {
    Api::new().version(Version::V2, v2::routes(), app).version(Version::V1, v1::routes(), app)
}
