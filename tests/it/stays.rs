//! Hotel stays: nights of room types, sold at rates, and the desk where guests come and go.

mod channels;
mod desk;
mod figures;
mod folio;
mod guests;
mod moving;
mod rates;
mod sold;
mod storm;
mod v1;

use domain::{Location, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};
use crate::office;

/// What a night in a double room costs, in cents.
pub(crate) const NIGHT: i64 = 10_000;

/// A hotel in Portugal with double rooms at a rate that is paid at the place, somebody at its desk, and a guest.
pub(crate) struct Hotel {
    pub app: TestApp,
    pub place: Location,
    pub desk: Person,
    pub anna: Person,
    pub double: String,
    pub plan: String,
}

impl Hotel {
    pub(crate) async fn start() -> Self {
        Self::at(TestApp::start().await, 10, 0).await
    }

    /// With so many double rooms, and so many that may be sold beyond.
    pub(crate) async fn with(rooms: u32, overbooking: u32) -> Self {
        Self::at(TestApp::start().await, rooms, overbooking).await
    }

    pub(crate) async fn at(app: TestApp, rooms: u32, overbooking: u32) -> Self {
        let place = office::place(&app, "Europe/Lisbon").await;
        let (desk, anna) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
        let (double, plan) = (String::new(), String::new());
        let mut hotel = Self { app, place, desk, anna, double, plan };
        hotel.double = hotel.room_type("Double", (rooms, overbooking)).await;
        hotel.plan = hotel.rate_plan(json!({ "deposit_percent": 0 })).await;
        hotel
    }

    /// A room type with so many rooms this year, and so many beyond.
    pub(crate) async fn room_type(&self, name: &str, (rooms, overbooking): (u32, u32)) -> String {
        let body = json!({
            "location_id": self.place.id, "name": name, "beds": [{ "kind": "double", "count": 1 }],
            "occupancy": { "adults": 2, "children": 2, "guests": 3 },
        });
        let made = self.app.post("/v2/room-types", body).by(&self.desk).send().await.expect(201);
        let offer = json!({
            "from": "2027-01-04", "to": "2027-12-31", "capacity": rooms, "overbooking": overbooking,
        });
        let path = format!("/v2/pools/{}/offer", made.text_of("pool_id"));
        self.app.put(&path, offer).by(&self.desk).send().await.expect(200);
        made.text_of("id")
    }

    /// A rate plan for double rooms, with what is said beside their price.
    pub(crate) async fn rate_plan(&self, more: Value) -> String {
        let mut body = json!({
            "location_id": self.place.id, "name": "Flexible", "meals": "breakfast", "currency": "EUR",
            "prices": { self.double.clone(): NIGHT },
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.app.post("/v2/rate-plans", body).by(&self.desk).send().await.expect(201).text_of("id")
    }

    /// A room of a type in the house.
    pub(crate) async fn hotel_room(&self, room_type: &str, number: &str) -> String {
        let body = json!({ "room_type_id": room_type, "number": number });
        self.app.post("/v2/hotel-rooms", body).by(&self.desk).send().await.expect(201).text_of("id")
    }

    /// A double room for two from a day to another.
    pub(crate) fn room(&self, (arrival, departure): (&str, &str)) -> Value {
        json!({ "room_type_id": self.double, "arrival": arrival, "departure": departure, "adults": 2 })
    }

    pub(crate) fn new_stay(&self, rooms: &[Value]) -> Value {
        json!({ "location_id": self.place.id, "rate_plan_id": self.plan, "rooms": rooms })
    }

    pub(crate) async fn book(&self, by: &Person, key: &str, body: Value) -> Answer {
        self.app.post("/v2/stays", body).by(by).key(key).send().await
    }

    /// A double room for the guest from a day to another.
    pub(crate) async fn stay(&self, key: &str, days: (&str, &str)) -> String {
        let body = self.new_stay(&[self.room(days)]);
        self.book(&self.anna, key, body).await.expect(201).text_of("id")
    }

    pub(crate) async fn read(&self, stay: &str) -> Value {
        self.app.get(&format!("/v2/stays/{stay}")).by(&self.desk).send().await.expect(200).data().clone()
    }

    /// What the desk does with a stay.
    pub(crate) async fn at_desk(&self, stay: &str, what: &str, body: Value) -> Answer {
        let path = format!("/v2/stays/{stay}/{what}");
        if what == "assignment" {
            return self.app.put(&path, body).by(&self.desk).send().await;
        }
        self.app.post(&path, body).by(&self.desk).send().await
    }

    pub(crate) async fn assign(&self, stay: &str, room: &str) -> Answer {
        self.at_desk(stay, "assignment", json!({ "hotel_room_id": room })).await
    }

    /// What may be had for two from a day to another, with more of the question.
    pub(crate) async fn search(&self, (arrival, departure): (&str, &str), more: &str) -> Value {
        let place = self.place.id;
        let path =
            format!("/v2/stays/search?location_id={place}&arrival={arrival}&departure={departure}{more}");
        self.app.get(&path).send().await.expect(200).data().clone()
    }

    /// The clock goes on, and everybody signs in anew.
    pub(crate) async fn after(&mut self, hours: i64) {
        self.app.advance(SignedDuration::from_hours(hours));
        (self.desk, self.anna) = (self.app.renewed(&self.desk), self.app.renewed(&self.anna));
        self.app.settle().await;
    }

    /// Money at the desk for a stay.
    pub(crate) async fn pay(&self, stay: &str, key: &str, body: Value) -> Answer {
        let path = format!("/v2/orders/{stay}/payments");
        self.app.post(&path, body).by(&self.desk).key(key).send().await
    }

    /// A stay whose guests have come and gone, in a room of this number, unpaid.
    pub(crate) async fn gone(&mut self, key: &str, number: &str) -> String {
        let room = self.hotel_room(&self.double, number).await;
        let today = self.app.now().strftime("%Y-%m-%d").to_string();
        let tomorrow = self.app.now().checked_add(SignedDuration::from_hours(24)).unwrap();
        let stay = self.stay(key, (&today, &tomorrow.strftime("%Y-%m-%d").to_string())).await;
        self.assign(&stay, &room).await.expect(200);
        self.at_desk(&stay, "check-in", json!({})).await.expect(200);
        self.at_desk(&stay, "check-out", json!({ "unpaid": true })).await.expect(200);
        stay
    }

    /// Double rooms that are left in every night from a day to another.
    pub(crate) async fn left(&self, days: (&str, &str)) -> i64 {
        self.search(days, "").await[0]["left"].as_i64().unwrap()
    }
}
