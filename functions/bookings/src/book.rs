//! Booking at once, or holding for a while: one trip to read what must be known, one to write.

use ::orders::for_whom;
use domain::booking::{Occurrence, held_until};
use domain::text::{Line, Note};
use domain::{
    Booking, BookingId, BookingState, Caller, EventId, Requests, Resource, ResourceId, Span, UserId,
};
use errors::{Error, Result};
use jiff::Timestamp;
use ledger::Changes;
use store::{Ids, Tx};

use crate::App;
use crate::access::{fits, may_book};
use crate::change::Done;
use crate::refused;
use crate::when::When;
use web::Asked;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) resource: ResourceId,
    /// For whom; the caller when unset.
    pub(crate) user: Option<UserId>,
    pub(crate) when: When,
    pub(crate) about: About,
    /// For how many seconds it is only held; booked at once when unset.
    pub(crate) hold_seconds: Option<u32>,
    /// Why rules of the room do not count.
    pub(crate) override_reason: Option<Line>,
}

/// What a booking says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    pub(crate) title: Option<Line>,
    pub(crate) note: Option<Note>,
    pub(crate) attendees: Option<u32>,
}

/// Holds or books.
///
/// # Errors
/// `not_found` without such a room, `forbidden` for another user without the right, `validation_failed`, `not_bookable`,
/// and `slot_taken` with alternatives.
pub(crate) async fn book(app: &App, asked: &Asked, wanted: Wanted) -> Result<Done> {
    let now = app.clock.now();
    let caller = &asked.caller;
    let keyed = asked.idem.digest().map(BookingId::derived);
    let ids = Ids {
        resources: [wanted.resource].into(),
        users: wanted.user.filter(|user| !caller.is(*user)).into_iter().collect(),
        bookings: keyed.into_iter().collect(),
        ..Ids::default()
    };
    let known = app.store.together(&ids).await?;
    if let Some(made) = known.bookings.first() {
        return replayed(asked, made);
    }
    let room = known.resource(wanted.resource).ok_or_else(|| Error::not_found("room"))?;
    let user = for_whom(caller, wanted.user, room.location, &known)?;
    fits(room, wanted.about.attendees)?;
    let span = wanted.when.span(&room.zone)?;
    let hold_until = wanted.hold_seconds.map(|seconds| held_until(seconds, now)).transpose()?;
    may_book(caller, room, span, now, wanted.override_reason.as_ref())?;
    let mut new = new_booking(caller, user, room, span, wanted.about, now);
    new.id = keyed.unwrap_or(new.id);
    new.request = asked.idem.request();
    new.reason = wanted.override_reason;
    if hold_until.is_some() {
        (new.state, new.hold_until) = (BookingState::Held, hold_until);
    }
    let mut tx = Tx::new();
    claim(&mut tx, app, caller, &new).add_to(&mut tx, &app.store, now)?;
    match app.store.commit(tx).await.and_then(|outcome| store::booking_from(outcome, new)) {
        Ok((booking, replayed)) => Ok(Done { record: booking, replayed }),
        Err(error) => Err(refused::explained(app, caller, room, span, now, error).await),
    }
}

/// The first result of a key; or the refusal, if the key came with another request then.
fn replayed(asked: &Asked, made: &Booking) -> Result<Done> {
    if asked.idem.is(made.request.as_deref()) {
        return Ok(Done { record: made.clone(), replayed: true });
    }
    Err(web::Idempotency::reused())
}

/// A confirmed booking with a new id.
pub(crate) fn new_booking(
    caller: &Caller,
    user: UserId,
    room: &Resource,
    span: Span,
    about: About,
    now: Timestamp,
) -> Booking {
    Booking {
        id: BookingId::new(now, env::random()),
        resource: room.id,
        location: room.location,
        zone: room.zone.clone(),
        user,
        booked_by: Some(caller.user).filter(|by| *by != user),
        span,
        buffers: (room.rules.buffer_before, room.rules.buffer_after),
        state: BookingState::Confirmed,
        hold_until: None,
        title: about.title,
        note: about.note,
        attendees: about.attendees,
        reason: None,
        occurrence: None::<Occurrence>,
        reviewed: false,
        sequence: 0,
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

/// Adds a new booking and its event; answers the claim, which the caller adds last.
pub(crate) fn claim(tx: &mut Tx, app: &App, caller: &Caller, new: &Booking) -> Changes {
    let kind = if new.state == BookingState::Held { "booking.held" } else { "booking.confirmed" };
    let id = EventId::new(new.created_at, env::random());
    tx.insert_booking(&app.store, new);
    tx.event(&app.store, &new.event(id, kind, None, caller.actor()));
    Changes::between(None, Some(new))
}
