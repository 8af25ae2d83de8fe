//! Paid sessions: offered, ordered, paid in every way that a gateway knows, given back.

mod chaos;
mod checkout;
mod cost;
mod forged;
mod found_v1;
mod offered;
mod paid;
mod posted;
mod promo_storm;
mod promos;
mod recording;
mod refused;
mod v1;

use domain::{Location, Role};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office;

/// A temple in India that sells an evening ceremony, somebody at its desk, and somebody who pays.
pub(crate) struct Temple {
    pub app: TestApp,
    pub place: Location,
    pub desk: Person,
    pub anna: Person,
}

/// What a seat costs, in paise.
pub(crate) const PRICE: i64 = 49_900;

impl Temple {
    pub(crate) async fn start() -> Self {
        Self::at(TestApp::start().await).await
    }

    /// In this process, whose workers can be stopped.
    pub(crate) async fn here() -> Self {
        Self::at(TestApp::here().await).await
    }

    /// In this process with the usual cache, so that what is consumed can be counted.
    pub(crate) async fn counted() -> Self {
        Self::at(TestApp::start_cached(cache::Cache::memory()).await).await
    }

    async fn at(app: TestApp) -> Self {
        let place = office::place(&app, "Asia/Kolkata").await;
        let (desk, anna) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
        Self { app, place, desk, anna }
    }

    /// An offering of one plan and a lamp, by the terms that most have.
    pub(crate) fn new_offering(&self) -> Value {
        json!({
            "location_id": self.place.id, "name": "Evening lamp ceremony", "currency": "INR",
            "plans": [{ "code": "seat", "name": "A seat", "price": PRICE }],
            "add_ons": [{ "code": "lamp", "name": "A lamp in your name", "price": 5_100, "needs_note": true }],
            "refunds": [{ "hours": 48, "percent": 100 }, { "hours": 24, "percent": 50 }],
        })
    }

    pub(crate) async fn offering(&self, body: Value) -> String {
        self.app.post("/v2/offerings", body).by(&self.desk).send().await.expect(201).text_of("id")
    }

    /// A session a week from the start of the test with so many seats.
    pub(crate) async fn session(&self, offering: &str, seats: u32) -> String {
        let body = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": seats });
        let path = format!("/v2/offerings/{offering}/sessions");
        let made = self.app.post(&path, body).by(&self.desk).send().await.expect(201);
        made.data()[0]["id"].as_str().unwrap().to_owned()
    }

    /// A session with so many seats of a new offering.
    pub(crate) async fn seats(&self, seats: u32) -> String {
        let offering = self.offering(self.new_offering()).await;
        self.session(&offering, seats).await
    }

    pub(crate) async fn order(&self, by: &Person, key: &str, line: Value) -> Answer {
        self.app.post("/v2/orders", json!({ "lines": [line] })).by(by).key(key).send().await
    }

    /// A seat, held for who is about to pay it.
    pub(crate) async fn held(&self, by: &Person, key: &str, session: &str) -> String {
        let made = self.order(by, key, json!({ "pool_id": session, "quantity": 1 })).await.expect(201);
        assert_eq!(made.text_of("state"), "held");
        made.text_of("id")
    }

    /// Begins the payment of an order: our id of it, and the gateway's id of its order.
    pub(crate) async fn begin(&self, by: &Person, order: &str) -> (String, String) {
        let path = format!("/v2/orders/{order}/payments");
        let begun = self.app.post(&path, json!({})).by(by).key("pay").send().await.expect(201);
        (begun.text_of("id"), begun.data()["checkout"]["order_id"].as_str().unwrap().to_owned())
    }

    /// Proves a payment with what the gateway's checkout handed out.
    pub(crate) async fn prove(
        &self,
        by: &Person,
        (payment, gateway): &(String, String),
        paid: &razorpay::Paid,
    ) -> Answer {
        let body = json!({
            "razorpay_order_id": gateway, "razorpay_payment_id": paid.payment_id,
            "razorpay_signature": paid.signature,
        });
        self.app.post(&format!("/v2/payments/{payment}/verify"), body).by(by).send().await
    }

    /// Delivers every webhook that waits, in the gateway's order.
    pub(crate) async fn hear(&self) {
        for webhook in self.app.gateway().held() {
            self.app.tell(&webhook).await.expect(200);
        }
        self.app.settle().await;
    }

    /// State of an order, and what is charged, captured, refunded and due.
    pub(crate) async fn money(&self, order: &str) -> (String, [i64; 4]) {
        let read = self.app.get(&format!("/v2/orders/{order}")).by(&self.desk).send().await.expect(200);
        let price = &read.data()["price"];
        let sum = |name: &str| price[name].as_i64().unwrap();
        let sums = ["charged", "captured", "refunded", "due"].map(sum);
        assert_eq!(sums[0] - sums[1] + sums[2], sums[3], "it balances");
        (read.text_of("state"), sums)
    }
}
