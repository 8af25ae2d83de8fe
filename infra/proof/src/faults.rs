//! Many clients with wrong clocks over bad wires, some of which never come back: in the end nothing may be sold twice, and what
//! each was told must be so.

use std::collections::BTreeMap;
use std::sync::Arc;

use env::Clock;
use errors::{Error, Result};
use jiff::SignedDuration;
use serde::Serialize;
use store::{Config, Store};

use crate::base::Base;
use crate::chance::Chance;
use crate::checks::{self, Facts};
use crate::crowd::{Client, Tale};
use crate::venue::Venue;
use crate::wire::{Tally, Wire};

/// Faults in a hundred requests.
const FAULTS: u64 = 30;
/// What the time of day moves on by with each operation.
const PER_OPERATION: SignedDuration = SignedDuration::from_millis(1_237);
/// One operation in so many is followed by a sweep of holds that ran out.
const PER_SWEEP: u64 = 20;

/// What is to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Operations of all clients together.
    pub operations: u64,
    /// Clients.
    pub clients: u64,
    /// Decides what each client does, and what happens to each of its requests.
    pub seed: u64,
}

/// What was tried, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Operations.
    pub operations: u64,
    /// Transactions sent, lost ones and retries included.
    pub transactions: u64,
    /// Other requests sent.
    pub reads: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Operations done again by their client with the same key.
    pub retries: u64,
    /// Holds whose units a sweep gave back while everything ran, and at the end.
    pub released: (u64, u64),
    /// Answers by act.
    pub outcomes: BTreeMap<String, u64>,
    /// Transactions for each hundred operations that succeeded.
    pub attempts_per_hundred: u64,
    /// What was claimed under these keys, refusals included.
    pub beliefs: u64,
    /// Of these, where the client never learnt the outcome, or was refused a request that was delivered once more.
    pub unsure: u64,
    /// Live records that the auditor compared with the ledger.
    pub audited: u64,
    /// What is wrong, with the seed and what was done about the keys concerned.
    pub violations: Vec<String>,
}

/// Lets the clients loose.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn run(base: &Base, clock: &Clock, size: Size) -> Result<Report> {
    let config = base.tables().await?;
    let store = Store::new(config.clone());
    let venue = Venue::new(size.seed);
    venue.open(&store).await?;
    let tally = Arc::new(Tally::default());
    let http = config.carrier();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..size.clients {
        let seed = (size.seed, number);
        let wire = Wire::new(http.clone(), Arc::clone(&tally), seed, FAULTS);
        let config = Config { http: Some(aws(&wire)), ..config.clone() };
        let desk = Venue::desk(Store::new(config))?;
        let chance = Chance::at(size.seed, &[number]);
        let client = Client::new(desk, wire.clone(), venue.clone(), chance, number % 16 == 0);
        let own = size.operations / size.clients + u64::from(number < size.operations % size.clients);
        running.spawn(live(client, wire, clock.clone(), own));
    }
    let (mut tale, mut released) = (Tale::default(), 0);
    while let Some(ended) = running.join_next().await {
        let (client, swept) = ended.map_err(Error::internal)?;
        tale.add(client.tale());
        released += swept;
    }
    clock.advance(SignedDuration::from_hours(1));
    let swept = Venue::desk(store.clone())?.sweep(clock.now()).await?;
    let mut known = venue.known();
    known.keys = tale.beliefs.iter().map(|belief| belief.key).collect();
    let facts = Facts::read(&store, &known).await?;
    let mut violations = facts.violations(&known, clock.now(), true);
    violations.extend(tale.contradictions(&facts));
    let (found, audited) = checks::audited(&store, clock.now(), &known).await?;
    violations.extend(found);
    explain(&mut violations, size.seed, &tale);
    let successes = tale.successes().max(1);
    Ok(Report {
        operations: tale.operations,
        transactions: tally.transactions(),
        reads: tally.others(),
        faults: tally.faults(),
        retries: tale.retries,
        released: (released, swept),
        attempts_per_hundred: tally.transactions() * 100 / successes,
        beliefs: count(&tale, |_| true),
        unsure: count(&tale, |belief| belief.state == crate::crowd::Believed::Unsure),
        audited: audited.bookings + audited.orders,
        outcomes: tale.outcomes,
        violations,
    })
}

fn aws(wire: &Wire) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    aws_smithy_runtime_api::client::http::SharedHttpClient::new(wire.clone())
}

fn count(tale: &Tale, which: impl Fn(&crate::crowd::Belief) -> bool) -> u64 {
    u64::try_from(tale.beliefs.iter().filter(|belief| which(belief)).count()).unwrap_or(u64::MAX)
}

async fn live(mut client: Client, wire: Wire, clock: Clock, operations: u64) -> (Client, u64) {
    let mut released = 0;
    for operation in 0..operations {
        wire.begin(operation).await;
        client.operate(&clock).await;
        clock.advance(PER_OPERATION);
        if operation % PER_SWEEP == PER_SWEEP - 1 {
            released += client.sweep(clock.now()).await;
        }
    }
    wire.drain().await;
    (client, released)
}

/// Adds the seed, and what was done about each key that a violation names.
pub(crate) fn explain(violations: &mut Vec<String>, seed: u64, tale: &Tale) {
    if violations.is_empty() {
        return;
    }
    let said = violations.join("\n");
    violations.insert(0, format!("seed {seed}"));
    let named = |key: &crate::acts::Key| {
        said.contains(&key.booking().to_string()) || said.contains(&key.order().to_string())
    };
    let history = tale.history.iter().filter(|(key, _)| named(key));
    violations.extend(history.map(|(key, what)| format!("{} {what}", key.booking())));
}
