//! What the operator wants to know: who did what, what became of each message, whether the service is well, and what it
//! offers.
//!
//! The audit trail is the feed of events itself, read by record and by time. By person it is read through an index that
//! [`consume`] keeps from the feed: the commands themselves pay nothing for it. Messages and campaigns belong to `notify`, which
//! sends them; here they are asked for, looked at and started anew. [`figures`] are added up from the feed too, and answered from
//! what was added.

mod audit;
mod campaigns;
mod dead_letters;
mod feed;
pub mod figures;
mod health;
mod messages;
pub mod operations;
mod pages;
mod replay;
mod replies;
mod v1;
mod v2;
mod webhooks;

use std::sync::Arc;

use cache::Reads;
use domain::DialCode;
use env::Clock;
use queue::Queues;
use store::Store;
use web::telemetry::Telemetry;
use web::{Api, Core, Keys, Version};

pub use feed::{Feed, consume, warm};
pub use operations::Watch;
pub use webhooks::Webhooks;

/// What the use cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    clock: Clock,
    keys: Arc<Keys>,
    watch: Watch,
    webhooks: Webhooks,
    country: DialCode,
    reads: Reads,
    telemetry: Arc<Telemetry>,
}

impl App {
    /// On the installation's tables and clock, and its queues.
    pub fn new(core: &Core, queues: &Queues) -> Self {
        let (store, clock, keys) = (core.store.clone(), core.clock.clone(), Arc::clone(&core.keys));
        let reads = core.reads.clone();
        let watch = Watch::new(reads.clone(), clock.clone(), queues.clone());
        let (webhooks, country, telemetry) =
            (Webhooks::default(), DialCode::default(), Arc::clone(&core.telemetry));
        Self { store, clock, keys, watch, webhooks, country, reads, telemetry }
    }

    /// Phone numbers that say no country are of this one.
    #[must_use]
    pub fn in_country(self, country: DialCode) -> Self {
        Self { country, ..self }
    }

    /// Hears the providers of messages that have proofs here.
    #[must_use]
    pub fn hearing(self, webhooks: Webhooks) -> Self {
        Self { webhooks, ..self }
    }
}

/// The group's routes.
pub fn api(app: &App) -> Api {
    Api::new()
        .version(Version::V2, v2::routes(), app)
        .version(Version::V2, v2::campaigns::routes(), app)
        .version(Version::V2, v2::operations::routes(), app)
        .version(Version::V2, v2::scalability::routes(), app)
        .version(Version::V2, v2::warming::routes(), app)
        .version(Version::V2, webhooks::routes(), app)
        .version(Version::V1, v1::routes(), app)
        .root(health::routes(), app)
        .root(pages::routes(), app)
}
