//! Tools of those who resolve what went wrong: conflicts, stuck bookings, and ways out of them.

use domain::booking::Action;
use domain::text::Line;
use domain::{Booking, BookingId, BookingState, Caller, Permission, ResourceId, Span, User};
use errors::{Code, Error, FieldError, Result};
use store::{Ids, Page, Position};

use crate::App;
use crate::access::{Standing, may};
use crate::change::{Done, step};
use crate::reschedule::{Target, moved};
use crate::when::When;
use web::Asked;

/// Most bookings told of a window.
const MOST_CONFLICTS: usize = 100;

/// What has some of a window, with the people.
///
/// # Errors
/// `not_found`, `forbidden`, `bad_request` for more than 14 days.
pub(crate) async fn conflicts(
    app: &App,
    caller: &Caller,
    room: ResourceId,
    span: Span,
) -> Result<Vec<(Booking, Option<User>)>> {
    let room = app.store.resource(room).await?;
    caller.require_at(Permission::ResolveBookings, room.location)?;
    if span.length() > store::LONGEST {
        let message = "must be at most 14 days after the start";
        return Err(Error::invalid_query(vec![FieldError::new("/query/end", "too_long", message)]));
    }
    let now = app.clock.now();
    let place = (room.location, &room.zone);
    let mut found =
        app.store.bookings_in(place, room.id, reach(span), store::LONGEST, MOST_CONFLICTS).await?;
    found.retain(|booking| booking.state_at(now).claims() && booking.claimed().overlaps(&span));
    let users = found.iter().map(|booking| booking.user).collect();
    let known = app.store.together(&Ids { users, ..Ids::default() }).await?;
    Ok(found
        .into_iter()
        .map(|booking| {
            let user = known.user(booking.user).cloned();
            (booking, user)
        })
        .collect())
}

/// Wider by a day: a booking's buffers may reach into a window that it does not overlap itself.
fn reach(span: Span) -> Span {
    span.widened(domain::rules::MAX_BUFFER, domain::rules::MAX_BUFFER).unwrap_or(span)
}

/// Confirmed bookings that are over, the earliest end first, where the caller resolves bookings.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn stuck(
    app: &App,
    caller: &Caller,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Booking>> {
    let now = app.clock.now();
    let mut page = app.store.bookings_in_state(BookingState::Confirmed, Some(now), limit, after).await?;
    page.items.retain(|booking| caller.may_at(Permission::ResolveBookings, booking.location));
    Ok(page)
}

/// What becomes of a stuck booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unblock {
    Complete,
    Cancel,
}

/// Completes or cancels a confirmed booking that is over, and no other.
///
/// # Errors
/// `wrong_state` unless it is stuck.
pub(crate) async fn unblock(app: &App, asked: &Asked, id: BookingId, how: Unblock) -> Result<Done> {
    let before = load(app, asked, id).await?;
    let action = match how {
        Unblock::Complete => Action::Complete,
        Unblock::Cancel => Action::Cancel,
    };
    step(app, asked, before, action.event(), |booking, now| {
        if booking.state != BookingState::Confirmed || booking.span.end() > now {
            let message = "only a confirmed booking that is over is stuck";
            return Err(
                Error::new(Code::WrongState, message).with_detail("state", booking.state_at(now).as_str())
            );
        }
        match how {
            Unblock::Complete => booking.complete(now),
            Unblock::Cancel => booking.cancel(None, now),
        }
    })
    .await
}

/// Gives any held or confirmed booking back.
///
/// # Errors
/// `wrong_state`, `hold_expired`.
pub(crate) async fn force_cancel(app: &App, asked: &Asked, id: BookingId, reason: Line) -> Result<Done> {
    let before = load(app, asked, id).await?;
    step(app, asked, before, Action::Cancel.event(), |booking, now| booking.cancel(Some(reason), now)).await
}

/// A way out for a booking that cannot stay as it is.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// Give it back.
    Cancel,
    /// Move it; rules of the room do not count, the ledger does.
    Move { resource: Option<ResourceId>, when: When },
    /// Keep it, with the reason on record.
    Override,
}

/// Takes a way out, and records why.
///
/// # Errors
/// As for the change that it makes.
pub(crate) async fn resolve(app: &App, asked: &Asked, id: BookingId, way: Way, reason: Line) -> Result<Done> {
    let before = load(app, asked, id).await?;
    match way {
        Way::Cancel => {
            step(app, asked, before, Action::Cancel.event(), |booking, now| booking.cancel(Some(reason), now))
                .await
        }
        Way::Override => {
            step(app, asked, before, Action::Override.event(), |booking, now| {
                booking.override_rules(reason, now)
            })
            .await
        }
        Way::Move { resource, when } => {
            if asked.idem.replays(&before.requests)? {
                return Ok(Done { record: before, replayed: true });
            }
            asked.if_match.check(before.version)?;
            let to = app.store.resource(resource.unwrap_or(before.resource)).await?;
            let target = Target { resource, when, override_reason: Some(reason) };
            moved(app, asked, &before, Standing::Desk, &to, target).await
        }
    }
}

async fn load(app: &App, asked: &Asked, id: BookingId) -> Result<Booking> {
    let booking = app.store.booking(id).await?;
    may(&asked.caller, Permission::ResolveBookings, &booking)?;
    Ok(booking)
}
