//! Out of service and back. Whoever takes a room out of service learns which bookings that touches, and can have their
//! people told; moving a booking is the bookings group's reschedule.
//!
//! The ledger says in one query on which days the room is taken at all; only those days' bookings are read.

use std::collections::BTreeSet;

use domain::resource::OutOfService;
use domain::{Booking, BookingState, Caller, EventId, Permission, Resource, Span};
use errors::{Code, Error, FieldError, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use web::Idempotency;

use crate::{App, rooms};

/// Bookings that are listed or told at once.
pub(crate) const MOST_TOUCHED: usize = 500;
/// Reads and writes under way at once.
const AT_ONCE: usize = 8;
/// Attempts at a booking that others change meanwhile.
const ATTEMPTS: u32 = 4;

/// What shall happen to the bookings that an outage touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Then {
    /// Only list them.
    #[default]
    List,
    /// Tell the people whose they are.
    Notify,
}

/// A room that went out of service.
pub(crate) struct Outage {
    pub(crate) room: Resource,
    /// Bookings touched, by start.
    pub(crate) touched: Vec<Booking>,
    /// Whether more than [`MOST_TOUCHED`] are.
    pub(crate) more: bool,
    /// How many were told by this request or by the one that it repeats.
    pub(crate) told: usize,
    pub(crate) replayed: bool,
}

/// Takes a room out of service. A retry with the same key tells those who were not told yet, and nobody twice.
///
/// # Errors
/// `forbidden` outside the caller's scope, field errors for a window that is empty or over, `wrong_state` once retired,
/// `changed` when somebody was faster.
pub(crate) async fn begin(
    app: &App,
    caller: &Caller,
    before: Resource,
    (out, then): (OutOfService, Then),
    idem: &Idempotency,
) -> Result<Outage> {
    caller.require_at(Permission::ManageCatalog, before.location)?;
    let replayed = idem.is(before.last_request.as_deref());
    let room = if replayed {
        before
    } else {
        let now = app.clock.now();
        check(&out, now)?;
        let mut after = before.clone().take_out_of_service(out, now)?;
        after.last_request = idem.request();
        rooms::save(app, caller, &before, after, "room.out_of_service").await?
    };
    let (touched, more) = touched(app, &room).await?;
    let told = match then {
        Then::List => 0,
        Then::Notify => tell(app, caller, &room, &touched).await?,
    };
    Ok(Outage { room, touched, more, told, replayed })
}

/// Puts a room back into service.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` unless out of service, `changed` when somebody was faster.
pub(crate) async fn end(app: &App, caller: &Caller, before: &Resource) -> Result<Resource> {
    caller.require_at(Permission::ManageCatalog, before.location)?;
    let after = before.clone().put_into_service(app.clock.now())?;
    rooms::save(app, caller, before, after, "room.in_service").await
}

fn check(out: &OutOfService, now: jiff::Timestamp) -> Result<()> {
    let wrong = |code, message: &str| Err(Error::fields(vec![FieldError::new("/until", code, message)]));
    match out.until {
        Some(until) if until <= out.from => wrong("end_before_start", "must be after from"),
        Some(until) if until <= now => wrong("in_the_past", "must be in the future"),
        _ => Ok(()),
    }
}

/// Bookings that the room's outage touches from now on, by start, at most [`MOST_TOUCHED`]; and whether there are more.
async fn touched(app: &App, room: &Resource) -> Result<(Vec<Booking>, bool)> {
    let now = app.clock.now();
    let Some(window) = room.out_of_service.as_ref().and_then(|out| {
        let horizon = rooms::horizon(now);
        Span::new(out.from.max(now), out.until.map_or(horizon, |until| until.min(horizon)))
    }) else {
        return Ok((Vec::new(), false));
    };
    let days = days_taken(app, room, window).await?;
    let mut found = stream::iter(days)
        .map(|day| app.store.bookings_starting((room.location, room.id), day, MOST_TOUCHED))
        .buffered(AT_ONCE);
    let mut touched = Vec::new();
    while let Some(bookings) = found.try_next().await? {
        touched.extend(bookings.into_iter().filter(|booking| touches(booking, &window, now)));
        if touched.len() > MOST_TOUCHED {
            break;
        }
    }
    touched.sort_by_key(|booking| booking.span);
    let more = touched.len() > MOST_TOUCHED;
    touched.truncate(MOST_TOUCHED);
    Ok((touched, more))
}

fn touches(booking: &Booking, window: &Span, now: jiff::Timestamp) -> bool {
    let stands = matches!(booking.state_at(now), BookingState::Held | BookingState::Confirmed);
    stands && booking.span.overlaps(window)
}

/// The local days on which a booking can have started whose claim reaches into the window.
async fn days_taken(app: &App, room: &Resource, window: Span) -> Result<BTreeSet<Date>> {
    // A claim that is not cut off at the window's start begins where its booking does, at most a day of buffer earlier.
    let longest = u32::try_from(store::LONGEST.as_mins()).unwrap_or(u32::MAX);
    let wide = window.widened(longest + domain::rules::MAX_BUFFER, 0).unwrap_or(window);
    let taken = ledger::taken(&app.store, room.id, wide, app.clock.now()).await?;
    let reaching = taken.iter().map(|taken| taken.span).filter(|span| span.overlaps(&window));
    let mut days = BTreeSet::new();
    for span in reaching {
        let latest = span.start().saturating_add(SignedDuration::from_hours(24)).unwrap_or(span.end());
        let (first, last) =
            (room.zone.local(span.start()).date(), room.zone.local(latest.min(span.end())).date());
        days.extend(first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last));
    }
    Ok(days)
}

/// Writes for each booking the event that makes its people be told; how many were told by it, now or before.
async fn tell(app: &App, caller: &Caller, room: &Resource, touched: &[Booking]) -> Result<usize> {
    let Some(out) = &room.out_of_service else { return Ok(0) };
    let mark = format!("{}#{}", room.id, room.version);
    let told: Vec<bool> = stream::iter(touched.to_vec())
        .map(|booking| tell_one(app, caller, out, &mark, booking))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(told.into_iter().filter(|told| *told).count())
}

async fn tell_one(
    app: &App,
    caller: &Caller,
    out: &OutOfService,
    mark: &str,
    mut booking: Booking,
) -> Result<bool> {
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        if booking.requests.contains(mark) {
            return Ok(true);
        }
        if !out.touches(&booking.span)
            || !matches!(booking.state_at(now), BookingState::Held | BookingState::Confirmed)
        {
            return Ok(false);
        }
        let id = EventId::new(now, env::random());
        let (next, event) = booking.told_unavailable(out, mark.to_owned(), (id, caller.actor()), now);
        let mut tx = Tx::new();
        tx.update_booking(&app.store, &next);
        tx.event(&app.store, &event);
        match app.store.commit(tx).await {
            Ok(_) => return Ok(true),
            Err(error) if error.code() == Code::Changed => booking = app.store.booking(booking.id).await?,
            Err(error) => return Err(error),
        }
    }
    Err(Error::unavailable("a booking kept changing while its people were to be told"))
}
