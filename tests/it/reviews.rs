//! Reviews: written once by who was there, seen by whom they are there for, flagged, moderated and counted.

mod moderated;
mod v1;
mod written;

use domain::{BookingState, Role};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::catalog::{booked, location, room};
use crate::harness::{Answer, Person, START, TestApp};

/// An installation with a room, an administrator, and a moderator.
struct House {
    app: TestApp,
    admin: Person,
    moderator: Person,
    place: String,
    room: String,
}

impl House {
    async fn start() -> Self {
        Self::at(TestApp::start().await).await
    }

    async fn counted() -> Self {
        Self::at(TestApp::counted().await).await
    }

    async fn at(app: TestApp) -> Self {
        let (admin, moderator) = (app.person(Role::Admin).await, app.person(Role::Moderator).await);
        let place = location(&app, &admin, "Here").await;
        let room = room(&app, &admin, &place, "Blue", 4).await;
        Self { app, admin, moderator, place, room }
    }

    /// A completed booking of the room's n-th hour.
    async fn stay(&self, by: &Person, n: i64) -> String {
        let start: Timestamp = START.parse().unwrap();
        let start = start + SignedDuration::from_hours(n);
        let end = start + SignedDuration::from_hours(1);
        let times = (start.to_string(), end.to_string());
        let times = (times.0.as_str(), times.1.as_str());
        booked(&self.app, &self.room, by.id, times, BookingState::Completed).await.id.to_string()
    }

    async fn review(&self, by: &Person, n: i64, rating: u8) -> String {
        let body = json!({ "booking_id": self.stay(by, n).await, "rating": rating });
        self.app.post("/v2/reviews", body).by(by).send().await.expect(201).text_of("id")
    }

    async fn moderate(&self, id: &str, action: &str) -> Answer {
        let path = format!("/v2/reviews/{id}/moderation");
        self.app.post(&path, json!({ "action": action })).by(&self.moderator).send().await
    }

    async fn flag(&self, id: &str, by: &Person) -> Answer {
        self.app.post(&format!("/v2/reviews/{id}/flag"), json!({ "reason": "rude" })).by(by).send().await
    }

    async fn report(&self) -> Value {
        let path = format!("/v2/rooms/{}/reviews/report", self.room);
        self.app.get(&path).by(&self.moderator).send().await.expect(200).data().clone()
    }
}

fn ids(answer: &Answer) -> Vec<String> {
    let list = answer.body.get("data").or_else(|| answer.body.get("reviews")).unwrap();
    let id = |review: &Value| {
        review.get("id").or_else(|| review.get("review_id")).unwrap().as_str().unwrap().to_owned()
    };
    list.as_array().unwrap().iter().map(id).collect()
}
