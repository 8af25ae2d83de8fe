//! The office that the week is lived in: three places in three zones, forty rooms, and the people.

use std::collections::BTreeSet;

use domain::{Location, Resource, Role, Scope};
use serde_json::json;

use crate::harness::{Person, TestApp};
use crate::office;

/// Places with the number of their rooms. One zone is half an hour off.
const PLACES: [(&str, u32); 3] = [("Europe/Berlin", 16), ("Asia/Kolkata", 14), ("America/New_York", 10)];
const CUSTOMERS: usize = 60;

pub(super) struct Firm {
    pub(super) rooms: Vec<Resource>,
    pub(super) customers: Vec<Person>,
    /// One at the desk of each place.
    pub(super) desks: Vec<(Location, Person)>,
    /// Ids of those who want no mail: every other customer.
    pub(super) quiet: BTreeSet<String>,
}

impl Firm {
    /// Rooms are open from 7 to 20 by their own clocks, with one of two grids; every fifth keeps a quarter of an hour free.
    pub(super) async fn open(app: &TestApp) -> Self {
        let (mut rooms, mut desks, mut customers) = (Vec::new(), Vec::new(), Vec::new());
        let mut quiet = BTreeSet::new();
        for (zone, count) in PLACES {
            let place = office::place(app, zone).await;
            for n in 0..count {
                let room = office::room(app, &place).open(7 * 60, 20 * 60).with(4 + 2 * (n % 5), &[]);
                let room = room.rules(|rules| {
                    (rules.grid, rules.min_length) = if n % 2 == 0 { (15, 15) } else { (30, 30) };
                    rules.buffer_after = if n % 5 == 4 { 15 } else { 0 };
                    rules.max_length = 8 * 60;
                });
                rooms.push(room.add(app).await);
            }
            let scope = Scope::Locations([place.id].into());
            desks.push((place, app.person_at(Role::Staff, scope).await));
        }
        // What is popular stands first, and it is not all in one place.
        rooms.sort_by_key(|room| (room.capacity, room.id));
        for n in 0..CUSTOMERS {
            let person = app.person(Role::Customer).await;
            if n % 2 == 1 {
                let no_mail = json!({ "preferences": { "email": false } });
                app.patch("/v2/auth/me", no_mail).by(&person).send().await.expect(200);
                quiet.insert(person.id.to_string());
            }
            customers.push(person);
        }
        Self { rooms, customers, desks, quiet }
    }

    /// The same people with tokens that hold now.
    pub(super) fn renew(&mut self, app: &TestApp) {
        for person in self.customers.iter_mut().chain(self.desks.iter_mut().map(|(_, person)| person)) {
            *person = app.renewed(person);
        }
    }

    /// Who is at the desk of the room's place.
    pub(super) fn desk(&self, room: &Resource) -> &Person {
        let (_, person) = self.desks.iter().find(|(place, _)| place.id == room.location).unwrap();
        person
    }

    /// Who is at the desk of another place.
    pub(super) fn other_desk(&self, room: &Resource) -> &Person {
        let (_, person) = self.desks.iter().find(|(place, _)| place.id != room.location).unwrap();
        person
    }
}
