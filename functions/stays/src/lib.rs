//! Stays: what a hotel has and what it costs, selling nights, and the front desk.
//!
//! A stay is an order: it is made by [`orders::claim()`], paid, refunded and expired as every order is. What is here beside that is the
//! price of nights ([`sell`]), the house with its rooms ([`house`]), and what happens from arrival to departure ([`desk`]).

mod access;
mod change;
mod channels;
mod desk;
mod folio;
mod guests;
mod house;
mod moving;
mod plans;
mod search;
mod sell;
mod v1;
mod v2;
mod walk;

use cache::Reads;
pub use desk::{Board, board_on};
use env::Clock;
use store::Store;
use web::{Api, Core, Version};

/// What the group's use cases need. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    store: Store,
    clock: Clock,
    reads: Reads,
}

impl App {
    /// With the edge's tables, clock and cache.
    pub fn new(core: &Core) -> Self {
        Self { store: core.store.clone(), clock: core.clock.clone(), reads: core.reads.clone() }
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    Api::new().version(Version::V2, v2::routes(), app).version(Version::V1, v1::routes(), app)
}
