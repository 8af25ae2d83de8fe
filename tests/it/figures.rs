//! Figures: what is kept from the feed is what the records say, however often and in whatever order events come.

mod counted;
mod exported;
mod page;
mod told;

use domain::figures::Kind;
use domain::{Event, LocationId, Role};
use insights::figures::Days;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Kept, Store};

use crate::harness::Person;
use crate::payments::Temple;

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// The weeks that tests are about.
pub(crate) fn weeks() -> Days {
    Days::new(date("2027-01-01"), date("2027-02-01")).unwrap()
}

/// A temple where nearly everything has happened that can happen to an order, on two days.
pub(crate) async fn busy() -> Temple {
    let temple = Temple::here().await;
    let session = temple.seats(100).await;
    let other = temple.offering(json!({
        "location_id": temple.place.id, "name": "=Morning prayer", "currency": "INR",
        "plans": [{ "code": "seat", "name": "A seat", "price": 11_000 }],
    }));
    let other = temple.session(&other.await, 50).await;
    let pays = async |by: &Person, order: &str| {
        let begun = temple.begin(by, order).await;
        let paid = temple.app.gateway().pay(&begun.1).unwrap();
        temple.prove(by, &begun, &paid).await.expect(200);
    };
    for n in 0..4 {
        let order = temple.held(&temple.anna, &format!("a{n}"), &session).await;
        pays(&temple.anna, &order).await;
        temple.hear().await;
        if n == 1 {
            give_back(&temple, &order).await;
        }
        if n == 2 {
            let path = format!("/v2/orders/{order}/refunds");
            let body = json!({ "amount": 9_900, "reason": "no lamp" });
            temple.app.post(&path, body).by(&temple.desk).key("back").send().await.expect(200);
        }
    }
    // Tried, and it did not work; held, and never paid; given back while it was held.
    let failed = temple.held(&temple.anna, "failed", &session).await;
    let begun = temple.begin(&temple.anna, &failed).await;
    temple.app.gateway().fail(&begun.1).unwrap();
    temple.held(&temple.anna, "idle", &other).await;
    give_back(&temple, &temple.held(&temple.anna, "given", &other).await).await;
    temple.hear().await;
    temple.app.advance(SignedDuration::from_hours(26));
    let temple = Temple {
        desk: temple.app.renewed(&temple.desk),
        anna: temple.app.person(Role::Customer).await,
        ..temple
    };
    temple.app.settle().await;
    // The desk sells at once and takes the money in two ways.
    let line = json!({ "pool_id": other, "quantity": 2 });
    let order = temple.order(&temple.desk, "desk", line).await.expect(201).text_of("id");
    for (means, amount) in [("cash", 12_000), ("upi", 10_000)] {
        let body = json!({ "means": means, "amount": amount, "reference": (means == "upi").then_some("412345678901") });
        let path = format!("/v2/orders/{order}/payments");
        temple.app.post(&path, body).by(&temple.desk).key(means).send().await.expect(201);
    }
    let unpaid = temple.order(&temple.desk, "unpaid", json!({ "pool_id": other, "quantity": 1 })).await;
    unpaid.expect(201);
    temple.hear().await;
    temple.hear().await;
    temple
}

async fn give_back(temple: &Temple, order: &str) {
    let path = format!("/v2/orders/{order}/cancel");
    temple.app.post(&path, json!({})).by(&temple.anna).key("cancel").send().await.expect(200);
}

/// A session that nobody has ordered yet.
pub(crate) async fn another(temple: &Temple) -> String {
    let offering = temple.offering(json!({
        "location_id": temple.place.id, "name": "Noon prayer", "currency": "INR",
        "plans": [{ "code": "seat", "name": "A seat", "price": 11_000 }],
    }));
    temple.session(&offering.await, 5).await
}

/// Everything that ever happened there.
pub(crate) async fn events(temple: &Temple) -> Vec<Event> {
    let range = ("2027-01-01T00:00:00Z".parse().unwrap(), "2027-02-01T00:00:00Z".parse().unwrap());
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = temple.app.store().events_in(range, 500, after).await.unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

/// Every figure of a generation at a location, and of none.
pub(crate) async fn every(store: &Store, generation: u64, location: LocationId) -> Vec<(Kind, Vec<Kept>)> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for at in [Some(location), None] {
            let mut kept = store.figures(generation, (at, kind), weeks().bounds()).await.unwrap();
            kept.retain(|kept| !kept.sums.is_empty());
            all.push((kind, kept));
        }
    }
    all
}

/// The orders there, as the API tells them.
pub(crate) async fn orders(temple: &Temple) -> Vec<Value> {
    let path = format!("/v2/orders?location_id={}&limit=100", temple.place.id);
    let listed = temple.app.get(&path).by(&temple.desk).send().await.expect(200);
    listed.data().as_array().unwrap().clone()
}
