//! What is sold by number: pools made, offered, read, and found short.

mod made;
mod offered;
mod read;

use domain::pool::{Cell, Cells, Count, Nights};
use domain::{Event, Location, PoolId, Role};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office;

/// A place in Berlin that sells by number, somebody who runs it, and somebody who orders.
pub(crate) struct House {
    pub app: TestApp,
    pub place: Location,
    pub desk: Person,
    pub anna: Person,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::at(TestApp::start().await).await
    }

    pub(crate) async fn counted() -> Self {
        Self::at(TestApp::counted().await).await
    }

    async fn at(app: TestApp) -> Self {
        let place = office::place(&app, "Europe/Berlin").await;
        let (desk, anna) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
        Self { app, place, desk, anna }
    }

    /// The body of a new pool with a name of its own.
    pub(crate) fn new_pool(&self, kind: &str) -> Value {
        let name = format!("Pool {:032x}", u128::from_be_bytes(env::random()));
        json!({ "location_id": self.place.id, "name": name, "kind": kind })
    }

    /// A total pool with so many units, and so many beyond.
    pub(crate) async fn total(&self, capacity: u32, overbooking: u32) -> String {
        let mut body = self.new_pool("total");
        (body["capacity"], body["overbooking"]) = (json!(capacity), json!(overbooking));
        self.app.post("/v2/pools", body).by(&self.desk).send().await.expect(201).text_of("id")
    }

    /// A nightly pool with so many units, and so many beyond, from a night until just before another.
    pub(crate) async fn nightly(&self, capacity: u32, overbooking: u32, (from, to): (&str, &str)) -> String {
        let made = self.app.post("/v2/pools", self.new_pool("nightly")).by(&self.desk).send().await;
        let pool = made.expect(201).text_of("id");
        let offer = json!({ "from": from, "to": to, "capacity": capacity, "overbooking": overbooking });
        self.offer(&pool, offer).await.expect(200);
        pool
    }

    pub(crate) async fn offer(&self, pool: &str, offer: Value) -> Answer {
        self.app.put(&format!("/v2/pools/{pool}/offer"), offer).by(&self.desk).send().await
    }

    pub(crate) async fn order(&self, by: &Person, key: &str, lines: Value) -> Answer {
        self.app.post("/v2/orders", json!({ "lines": lines })).by(by).key(key).send().await
    }

    /// Holds the lines for so many seconds.
    pub(crate) async fn hold(&self, by: &Person, key: &str, lines: Value, seconds: u32) -> Answer {
        let body = json!({ "lines": lines, "hold_seconds": seconds });
        self.app.post("/v2/orders", body).by(by).key(key).send().await
    }

    /// The availability of a pool, with `?` and what follows.
    pub(crate) async fn left(&self, by: &Person, pool: &str, query: &str) -> Answer {
        self.app.get(&format!("/v2/pools/{pool}/availability{query}")).by(by).send().await
    }

    pub(crate) async fn shortages(&self, pool: &str, query: &str) -> Value {
        let path = format!("/v2/pools/{pool}/shortages{query}");
        self.app.get(&path).by(&self.desk).send().await.expect(200).data().clone()
    }

    /// What happened to a record, oldest first.
    pub(crate) async fn events(&self, subject: &str) -> Vec<Event> {
        self.app.store().events_of(subject, 100, None).await.unwrap().items
    }

    /// What the ledger says of a total pool.
    pub(crate) async fn count(&self, pool: &str) -> Count {
        self.counts(pool, Cells::Total).await[0].1
    }

    /// What the ledger says of nights.
    pub(crate) async fn nights(&self, pool: &str, (from, to): (&str, &str)) -> Vec<(String, i64)> {
        let nights = Nights::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let counts = self.counts(pool, Cells::Nights(nights)).await;
        counts.into_iter().map(|(cell, count)| (cell.to_string(), count.claimed)).collect()
    }

    async fn counts(&self, pool: &str, cells: Cells) -> Vec<(Cell, Count)> {
        let pool: PoolId = pool.parse().unwrap();
        let mut found = ledger::counts(self.app.store(), &[(pool, cells)]).await.unwrap();
        let counts = found.remove(&pool).unwrap_or_default();
        assert!(counts.values().all(|count| count.claimed + count.free == count.capacity), "{counts:?}");
        counts.into_iter().collect()
    }
}

/// A line of nights.
pub(crate) fn stay(pool: &str, quantity: u32, (arrival, departure): (&str, &str)) -> Value {
    json!({ "pool_id": pool, "quantity": quantity, "arrival": arrival, "departure": departure })
}

/// A line of a total pool.
pub(crate) fn units(pool: &str, quantity: u32) -> Value {
    json!({ "pool_id": pool, "quantity": quantity })
}
