//! A book, step by step, through the front door, at the time when each step was taken.
//!
//! Whoever is refused on arrival, since no room is left of the type that they were to have, is sent elsewhere: the reservation is
//! cancelled.

use errors::{Error, Result};
use serde_json::{Value, json};

use super::door::{Door, hex, refused};
use super::house::{House, Room};
use super::journal::Done;
use super::report::{At, Refusal};
use super::rows::Reservation;
use super::steps::{Step, What};
use crate::Came;

/// A replay.
pub(super) struct Replay<'a> {
    pub(super) door: Door<'a>,
    pub(super) house: House,
    pub(super) reservations: &'a [Reservation],
    stages: Vec<Stage>,
}

/// Where a reservation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    New,
    Booked(String),
    InHouse {
        stay: String,
        room: String,
    },
    /// Left, cancelled, never come, or refused: nothing more happens.
    Over,
}

impl<'a> Replay<'a> {
    pub(super) fn new(door: Door<'a>, house: House, reservations: &'a [Reservation]) -> Self {
        Self { door, house, reservations, stages: vec![Stage::New; reservations.len()] }
    }

    /// Takes a step, unless the reservation was refused before.
    ///
    /// # Errors
    /// `unavailable` where it may work later.
    pub(super) async fn take(&mut self, step: Step) -> Result<Done> {
        let reservation = self.reservation(step)?;
        let at = step.day.to_datetime(step.part.begins());
        let at = at.to_zoned(self.house.zone.rules()).map_err(Error::internal)?.timestamp();
        let stage = self.stages.get(step.at).cloned().unwrap_or(Stage::Over);
        if stage == Stage::Over {
            return Ok(Done::default());
        }
        self.door.wait_until(at);
        match (step.what, stage) {
            (What::Book, _) => self.book(reservation).await,
            (What::Cancel, Stage::Booked(stay)) => self.end(reservation, &stay, At::Cancellation).await,
            (What::NoShow, Stage::Booked(stay)) => self.end(reservation, &stay, At::NoShow).await,
            (What::Arrive, Stage::Booked(stay)) => self.arrive(reservation, &stay).await,
            (What::Depart, Stage::InHouse { stay, .. }) => self.depart(reservation, &stay).await,
            (what, stage) => Err(Error::internal(format!("{what:?} of a reservation at {stage:?}"))),
        }
    }

    /// Whether nothing more happens to its reservation.
    pub(super) fn is_over(&self, step: Step) -> bool {
        self.stages.get(step.at).is_none_or(|stage| *stage == Stage::Over)
    }

    fn reservation(&self, step: Step) -> Result<&'a Reservation> {
        self.reservations.get(step.at).ok_or_else(|| Error::internal("a step of no reservation"))
    }

    /// Remembers what became of a step, of this run or of one before it.
    pub(super) fn remember(&mut self, step: Step, done: &Done) {
        let Some(stage) = self.stages.get_mut(step.at) else { return };
        let before = stage.clone();
        *stage = match (before, done) {
            (Stage::Over, _) | (_, Done { refused: Some(_), .. }) => Stage::Over,
            (Stage::New, Done { stay: Some(stay), .. }) => Stage::Booked(stay.clone()),
            (Stage::Booked(stay), Done { room: Some(room), .. }) => {
                Stage::InHouse { stay, room: room.clone() }
            }
            _ => Stage::Over,
        };
        let moved = match stage {
            Stage::InHouse { room, .. } => Some((room.clone(), true)),
            _ => done.room.clone().map(|room| (room, false)),
        };
        if let Some((id, taken)) = moved
            && let Some(room) = self.room(&id)
        {
            room.taken = taken;
        }
    }

    fn room(&mut self, id: &str) -> Option<&mut Room> {
        self.house.types.values_mut().flat_map(|of_type| &mut of_type.rooms).find(|room| room.id == id)
    }

    fn type_id(&self, name: &str) -> Result<String> {
        let known = self.house.types.get(name).map(|known| known.id.clone());
        known.ok_or_else(|| Error::internal(format!("the room type {name} was not made")))
    }

    async fn book(&mut self, reservation: &Reservation) -> Result<Done> {
        let body = json!({
            "location_id": self.house.location, "rate_plan_id": self.house.plan,
            "rooms": [self.wanted(reservation, &reservation.reserved, true)?],
            "guest": { "name": reservation.guest }, "source": reservation.source,
        });
        let key = hex(&reservation.key);
        let came = self.door.post("book", "/v2/stays", (&[&self.house.location, &key], &body)).await?;
        match came.text("id") {
            Some(stay) if came.status.is_success() => Ok(Done { stay: Some(stay), ..Done::default() }),
            _ => Ok(told(reservation, At::Booking, &came)),
        }
    }

    /// The room that it asks for.
    fn wanted(&self, reservation: &Reservation, room_type: &str, new: bool) -> Result<Value> {
        let mut room = json!({
            "room_type_id": self.type_id(room_type)?,
            "arrival": reservation.nights.from(), "departure": reservation.nights.to(),
            "adults": reservation.adults, "children": reservation.children,
        });
        if let Some(room) = room.as_object_mut() {
            if new {
                room.insert("nightly".to_owned(), json!(reservation.nightly));
            } else {
                room.insert("was".to_owned(), json!(0));
            }
        }
        Ok(room)
    }

    async fn end(&mut self, reservation: &Reservation, stay: &str, at: At) -> Result<Done> {
        let (what, path) = match at {
            At::NoShow => ("no-show", format!("/v2/stays/{stay}/no-show")),
            _ => ("cancel", format!("/v2/stays/{stay}/cancel")),
        };
        let came = self.door.post(what, &path, (&[stay], &json!({}))).await?;
        Ok(if came.status.is_success() { Done::default() } else { told(reservation, at, &came) })
    }

    async fn arrive(&mut self, reservation: &Reservation, stay: &str) -> Result<Done> {
        if reservation.assigned != reservation.reserved {
            let room = self.wanted(reservation, &reservation.assigned, false)?;
            let body = json!({ "rooms": [room], "keep_prices": true });
            let path = format!("/v2/stays/{stay}/rooms");
            let came = self.door.put("change", &path, (&[stay], &body)).await?;
            if !came.status.is_success() {
                return self.sent_elsewhere(stay, told(reservation, At::Change, &came)).await;
            }
        }
        let Some((room, ready)) = self.free(&reservation.assigned) else {
            let reason = format!("no room of type {} is free", reservation.assigned);
            let done = Done {
                refused: Some(refusal(reservation, At::Assignment, ("no_room".to_owned(), reason))),
                ..Done::default()
            };
            return self.sent_elsewhere(stay, done).await;
        };
        let body = json!({ "hotel_room_id": room });
        let path = format!("/v2/stays/{stay}/assignment");
        let came = self.door.put("assign", &path, (&[stay, &room], &body)).await?;
        if !came.status.is_success() {
            return self.sent_elsewhere(stay, told(reservation, At::Assignment, &came)).await;
        }
        if !ready && !came.replayed {
            let path = format!("/v2/hotel-rooms/{room}");
            let came = self.door.patch("clean", &path, &json!({ "housekeeping": "clean" })).await?;
            if !came.status.is_success() {
                return Err(refused("a room that is to be cleaned", &came));
            }
        }
        if let Some(room) = self.room(&room) {
            room.ready = true;
        }
        let path = format!("/v2/stays/{stay}/check-in");
        let came = self.door.post("check-in", &path, (&[stay], &json!({}))).await?;
        if !came.status.is_success() {
            return self.sent_elsewhere(stay, told(reservation, At::CheckIn, &came)).await;
        }
        Ok(Done { room: Some(room), ..Done::default() })
    }

    /// The first room of a type that nobody is in, and whether it is ready.
    fn free(&self, room_type: &str) -> Option<(String, bool)> {
        let rooms = self.house.types.get(room_type).map(|known| &known.rooms);
        let room = rooms.into_iter().flatten().find(|room| !room.taken)?;
        Some((room.id.clone(), room.ready))
    }

    /// Gives back what cannot be had as it was to be.
    async fn sent_elsewhere(&mut self, stay: &str, done: Done) -> Result<Done> {
        let body = json!({ "reason": "no room of the type was left on arrival" });
        let path = format!("/v2/stays/{stay}/cancel");
        let came = self.door.post("send elsewhere", &path, (&[stay], &body)).await?;
        if came.status.is_success() { Ok(done) } else { Err(refused("whom to send elsewhere", &came)) }
    }

    async fn depart(&mut self, reservation: &Reservation, stay: &str) -> Result<Done> {
        let path = format!("/v2/stays/{stay}/check-out");
        let came = self.door.post("check-out", &path, (&[stay], &json!({ "unpaid": true }))).await?;
        if !came.status.is_success() {
            return Ok(told(reservation, At::CheckOut, &came));
        }
        let room = came.body.pointer("/data/rooms/0/hotel_room_id").and_then(Value::as_str);
        let room = room.map(str::to_owned);
        if let Some(id) = &room
            && !came.replayed
            && let Some(room) = self.room(id)
        {
            room.ready = false;
        }
        Ok(Done { room, ..Done::default() })
    }
}

fn told(reservation: &Reservation, at: At, came: &Came) -> Done {
    Done { refused: Some(refusal(reservation, at, came.refusal())), ..Done::default() }
}

fn refusal(reservation: &Reservation, at: At, (code, reason): (String, String)) -> Refusal {
    Refusal { file: reservation.file.clone(), line: reservation.line, at, code, reason }
}
