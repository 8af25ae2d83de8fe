//! A place with rooms, for tests that book them.

use std::collections::{BTreeMap, BTreeSet};

use domain::resource::{OpeningHours, OutOfService, Period, Rules};
use domain::{Location, LocationId, Resource, ResourceId};
use serde_json::{Value, json};
use store::Tx;

use crate::harness::{Answer, Person, TestApp};

/// A room that tests book, for four people, with the default rules unless changed.
pub(crate) struct Room(Resource);

/// A location in a zone.
pub(crate) async fn place(app: &TestApp, zone: &str) -> Location {
    let now = app.now();
    let id = LocationId::new(now, env::random());
    let location = Location {
        id,
        name: format!("Office {id}").parse().unwrap(),
        address: None,
        zone: zone.to_owned().try_into().unwrap(),
        coordinates: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
    };
    let mut tx = Tx::new();
    tx.insert_location(app.store(), &location);
    app.store().commit(tx).await.unwrap();
    location
}

/// A room at the location.
pub(crate) fn room(app: &TestApp, location: &Location) -> Room {
    let now = app.now();
    let id = ResourceId::new(now, env::random());
    Room(Resource {
        id,
        location: location.id,
        zone: location.zone.clone(),
        name: format!("Room {id}").parse().unwrap(),
        capacity: 4,
        equipment: BTreeSet::new(),
        attributes: BTreeMap::new(),
        rules: Rules::default(),
        out_of_service: None,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: None,
        last_request: None,
    })
}

impl Room {
    /// With other rules.
    pub(crate) fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.0.rules);
        self
    }

    /// Open from and to these minutes of every day.
    pub(crate) fn open(self, from: u16, to: u16) -> Self {
        let day = vec![Period::new(from, to).unwrap()];
        let week = std::array::from_fn(|_| day.clone());
        self.rules(|rules| rules.hours = Some(OpeningHours { week, ..OpeningHours::default() }))
    }

    /// For so many people, with this equipment.
    pub(crate) fn with(mut self, capacity: u32, equipment: &[&str]) -> Self {
        self.0.capacity = capacity;
        self.0.equipment = equipment.iter().map(|tag| tag.parse().unwrap()).collect();
        self
    }

    /// Stores it.
    pub(crate) async fn add(self, app: &TestApp) -> Resource {
        let mut tx = Tx::new();
        tx.insert_resource(app.store(), &self.0);
        app.store().commit(tx).await.unwrap();
        self.0
    }
}

/// Takes a room out of service from now on.
pub(crate) async fn close(app: &TestApp, room: &Resource) -> Resource {
    let mut after = room.clone();
    after.out_of_service =
        Some(OutOfService { reason: "water".parse().unwrap(), from: app.now(), until: None });
    after.version += 1;
    let mut tx = Tx::new();
    tx.update_resource(app.store(), room, &after);
    app.store().commit(tx).await.unwrap();
    after
}

/// A room in Berlin with the default rules.
pub(crate) async fn blue(app: &TestApp) -> Resource {
    let berlin = place(app, "Europe/Berlin").await;
    room(app, &berlin).add(app).await
}

/// Books a room from and to these instants of 5 January 2027, e.g. `09:00`, in UTC.
pub(crate) async fn book(app: &TestApp, by: &Person, room: &Resource, from: &str, to: &str) -> Answer {
    let key = format!("book {} {from} {to}", room.id);
    app.post("/v2/bookings", wanted(room, from, to)).by(by).key(&key).send().await
}

/// The body of such a request.
pub(crate) fn wanted(room: &Resource, from: &str, to: &str) -> Value {
    json!({ "room_id": room.id, "start": tuesday(from), "end": tuesday(to) })
}

/// An instant on 5 January 2027, in UTC.
pub(crate) fn tuesday(time: &str) -> String {
    format!("2027-01-05T{time}:00Z")
}
