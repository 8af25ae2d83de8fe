//! What the load is put on: an administrator, rooms to book, and rooms that are booked already.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bench::load::{Ask, Connection};
use domain::{LocationId, ResourceId};
use http::{Method, StatusCode};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{child, seed};

/// The administrator who does everything.
pub(super) const EMAIL: &str = "bench@holdfast.example";
/// Rooms that are booked under load.
const ROOMS: usize = 20;
/// Half an hour, the length of every booking.
const HALF_HOUR: SignedDuration = SignedDuration::from_mins(30);

/// The rooms, and whoever books them.
pub(super) struct Scene {
    token: Arc<str>,
    password: String,
    /// The place of the rooms that are booked already.
    pub(super) place: LocationId,
    /// Rooms that are booked already.
    pub(super) booked: Vec<ResourceId>,
    /// The midnight before the first booking.
    pub(super) begins: Timestamp,
    listed: String,
    rooms: Arc<[String]>,
    next: Arc<AtomicUsize>,
}

impl Scene {
    /// Makes an administrator, and so many rooms that are to be booked in advance, besides those that are booked under load.
    pub(super) async fn make(
        data: &Path,
        address: SocketAddr,
        booked: usize,
        now: Timestamp,
    ) -> io::Result<Self> {
        let password = format!("{:032x}", u128::from_be_bytes(env::random()));
        child::admin(data, EMAIL, &password).await?;
        let today = now.to_zoned(TimeZone::UTC).date();
        let begins = today.saturating_add(jiff::Span::new().days(2)).to_zoned(TimeZone::UTC);
        let begins = begins.map_err(io::Error::other)?.timestamp();
        let mut connection = Connection::open(address).await?;
        let token = log_in(&mut connection, &password).await?;
        let mut make = Maker { connection, token: Arc::clone(&token), made: 0 };
        let place = make.place("Booked").await?;
        let booked = make.rooms(&place, booked).await?;
        let booked: Result<_, _> = booked.iter().map(|id| id.parse()).collect();
        let listed = make.place("Free").await?;
        let rooms = make.rooms(&listed, ROOMS).await?;
        Ok(Self {
            token,
            password,
            place: place.parse().map_err(io::Error::other)?,
            booked: booked.map_err(io::Error::other)?,
            begins,
            listed,
            rooms: rooms.into(),
            next: Arc::default(),
        })
    }

    /// Signs in anew: a token holds for a quarter of an hour.
    pub(super) async fn renew(&mut self, address: SocketAddr) -> io::Result<()> {
        self.token = log_in(&mut Connection::open(address).await?, &self.password).await?;
        Ok(())
    }

    pub(super) fn health() -> Ask {
        get("/health".to_owned(), "".into())
    }

    pub(super) fn read(&self) -> Ask {
        let room = self.rooms.first().map_or("", String::as_str);
        get(format!("/v2/rooms/{room}"), Arc::clone(&self.token))
    }

    pub(super) fn list(&self) -> Ask {
        get(format!("/v2/rooms?location={}&limit=20", self.listed), Arc::clone(&self.token))
    }

    /// What is free in the first week of a room that is booked in advance.
    pub(super) fn week(&self) -> Ask {
        let room = self.booked.first().map(ToString::to_string).unwrap_or_default();
        let to = self.begins.saturating_add(SignedDuration::from_hours(7 * 24)).unwrap_or(self.begins);
        let path = format!("/v2/rooms/{room}/availability?from={}&to={to}&length=30", self.begins);
        get(path, Arc::clone(&self.token))
    }

    /// Books, each time the next half hour of the next room.
    pub(super) fn book(&self) -> impl Fn(usize) -> Ask + Send + Sync + 'static {
        let (rooms, next) = (Arc::clone(&self.rooms), Arc::clone(&self.next));
        let (token, begins) = (Arc::clone(&self.token), self.begins);
        move |_| {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let room = rooms.get(n % rooms.len().max(1)).map_or("", String::as_str);
            let span = seed::slot(begins, HALF_HOUR, n / rooms.len().max(1));
            let body = json!({ "room_id": room, "start": span.map(|span| span.start()), "end": span.map(|span| span.end()) });
            post("/v2/bookings", Arc::clone(&token), format!("bench {n}"), &body)
        }
    }

    /// Bookings that were asked for.
    pub(super) fn bookings(&self) -> usize {
        self.next.load(Ordering::Relaxed)
    }
}

struct Maker {
    connection: Connection,
    token: Arc<str>,
    made: usize,
}

impl Maker {
    async fn place(&mut self, name: &str) -> io::Result<String> {
        self.make("/v2/locations", json!({ "name": name, "zone": "UTC" })).await
    }

    async fn rooms(&mut self, place: &str, count: usize) -> io::Result<Vec<String>> {
        let mut rooms = Vec::with_capacity(count);
        for n in 0..count {
            let body = json!({ "location_id": place, "name": format!("Room {n}"), "capacity": 8, "equipment": ["screen"] });
            rooms.push(self.make("/v2/rooms", body).await?);
        }
        Ok(rooms)
    }

    async fn make(&mut self, path: &str, body: Value) -> io::Result<String> {
        self.made += 1;
        let ask = post(path, Arc::clone(&self.token), format!("make {}", self.made), &body);
        asked(&mut self.connection, ask, "/data/id").await
    }
}

async fn log_in(connection: &mut Connection, password: &str) -> io::Result<Arc<str>> {
    let body = json!({ "login": EMAIL, "password": password });
    let ask =
        Ask { expected: StatusCode::OK, ..post("/v2/auth/login", "".into(), "log in".to_owned(), &body) };
    Ok(asked(connection, ask, "/data/access_token").await?.into())
}

/// The text that the answer has there.
async fn asked(connection: &mut Connection, ask: Ask, pointer: &str) -> io::Result<String> {
    let (path, expected) = (ask.path.clone(), ask.expected);
    let answer = connection.ask(ask).await?;
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match body.pointer(pointer).and_then(Value::as_str) {
        Some(text) if answer.status == expected => Ok(text.to_owned()),
        _ => Err(io::Error::other(format!("{path}: {} {body}", answer.status))),
    }
}

fn get(path: String, token: Arc<str>) -> Ask {
    Ask { method: Method::GET, path, token, key: None, body: None, expected: StatusCode::OK }
}

fn post(path: &str, token: Arc<str>, key: String, body: &Value) -> Ask {
    let (key, body) = (Some(key), Some(body.to_string()));
    Ask { method: Method::POST, path: path.to_owned(), token, key, body, expected: StatusCode::CREATED }
}
