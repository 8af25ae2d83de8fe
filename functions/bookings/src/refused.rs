//! What a refused claim is told: what is free nearby, and, for those who may know, which bookings are in the way.

use domain::availability::{self, Taken};
use domain::{Caller, Permission, Resource, Span};
use errors::{Code, Error};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::App;
use crate::v2::Local;

/// Most alternatives told.
const ALTERNATIVES: usize = 5;
/// Most colliding bookings told.
const COLLIDING: usize = 20;

/// The refusal with more to go on, at one more read of the ledger; any other error as it is. If that read fails, the
/// refusal stands as it is: it is true without it.
pub(crate) async fn explained(
    app: &App,
    caller: &Caller,
    room: &Resource,
    wanted: Span,
    now: Timestamp,
    error: Error,
) -> Error {
    if error.code() != Code::SlotTaken {
        return error;
    }
    let window = availability::window_around(room, wanted);
    let Ok(taken) = ledger::taken(&app.store, room.id, window, now).await else { return error };
    let taken: Vec<Taken> = taken.into_iter().map(|run| Taken { span: run.span, held: run.held }).collect();
    let free = availability::alternatives(room, wanted, &taken, now, ALTERNATIVES);
    let error =
        error.with_detail("alternatives", free.iter().map(|span| told(room, span)).collect::<Value>());
    if !caller.may_at(Permission::ReadBookings, room.location) {
        return error;
    }
    let look_back = SignedDuration::from_mins(i64::from(room.rules.max_length));
    let place = (room.location, &room.zone);
    let found = app.store.bookings_in(place, room.id, wanted, look_back, COLLIDING).await.unwrap_or_default();
    let colliding = found.iter().filter(|booking| booking.state_at(now).claims());
    error.with_detail("bookings", colliding.map(|booking| booking.id.to_string()).collect::<Value>())
}

/// A span as told in details: instants and the room's wall clock.
pub(crate) fn told(room: &Resource, span: &Span) -> Value {
    let zone = room.zone.rules();
    let local = |at| Local::new(&zone, at);
    json!({
        "start": span.start().to_string(), "end": span.end().to_string(),
        "local_start": local(span.start()), "local_end": local(span.end()),
    })
}
