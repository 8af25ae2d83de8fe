//! Places and rooms: made, changed, found, out of service, retired; by whom, and with what mistakes.

mod made;
mod mistakes;
mod outage;
mod search;
mod v1;

use std::collections::BTreeSet;

use domain::{Booking, BookingId, BookingState, Resource, Span, UserId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Tx;

use crate::harness::{Answer, Person, TestApp};

/// A location in Berlin.
pub(crate) async fn location(app: &TestApp, by: &Person, name: &str) -> String {
    let body = json!({ "name": name, "zone": "Europe/Berlin" });
    app.post("/v2/locations", body).by(by).send().await.expect(201).text_of("id")
}

/// A room with the default rules.
pub(crate) async fn room(app: &TestApp, by: &Person, location: &str, name: &str, capacity: u32) -> String {
    let body = json!({ "location_id": location, "name": name, "capacity": capacity });
    app.post("/v2/rooms", body).by(by).send().await.expect(201).text_of("id")
}

/// A booking with its claim, made without the `bookings` group.
pub(crate) async fn booked(
    app: &TestApp,
    room: &str,
    user: UserId,
    (start, end): (&str, &str),
    state: BookingState,
) -> Booking {
    let room: Resource = app.store().resource(room.parse().unwrap()).await.unwrap();
    let span = Span::new(start.parse().unwrap(), end.parse().unwrap()).unwrap();
    let now = app.now();
    let booking = Booking {
        id: BookingId::new(now, env::random()),
        resource: room.id,
        location: room.location,
        zone: room.zone,
        user,
        booked_by: None,
        span,
        buffers: (room.rules.buffer_before, room.rules.buffer_after),
        state,
        hold_until: (state == BookingState::Held).then(|| now + SignedDuration::from_mins(10)),
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: domain::Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_booking(app.store(), &booking);
    ledger::Changes::between(None, Some(&booking)).add_to(&mut tx, app.store(), now).unwrap();
    app.store().commit(tx).await.unwrap();
    booking
}

/// The kinds of the events of a record, oldest first.
pub(crate) async fn kinds(app: &TestApp, subject: &str) -> Vec<String> {
    let events = app.store().events_of(subject, 100, None).await.unwrap().items;
    assert!(events.is_sorted_by_key(|event| event.sequence));
    events.into_iter().map(|event| event.kind).collect()
}

/// A value with every id made the same.
pub(crate) fn without_ids(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() == 30 && text.as_bytes()[3] == b'_' => text[..4].into(),
        Value::Array(values) => values.iter().map(without_ids).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), without_ids(value))).collect()
        }
        value => value.clone(),
    }
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.data().as_array().unwrap();
    items.iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect()
}

fn pointers(answer: &Answer) -> BTreeSet<String> {
    answer.fields().into_iter().map(|(pointer, _)| pointer).collect()
}

fn week(start: &str, end: &str) -> Value {
    json!([[{ "start": start, "end": end }], [], [], [], [], [], []])
}
