//! Who may see and change which booking or order. What one may not know of is not found.

use domain::refusal::{Refusal, not_bookable};
use domain::resource::QUANTUM_MINUTES;
use domain::rules::{self, MAX_LENGTH, MAX_NOTICE};
use domain::text::Line;
use domain::{Booking, Caller, LocationId, Order, Permission, Resource, Role, Series, Span, UserId};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};

/// In what capacity somebody changes a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is theirs.
    Own,
    /// They act for others at its location.
    Desk,
}

/// Whoever has it, or reads all bookings there.
///
/// # Errors
/// `not_found`.
pub(crate) fn may_see(caller: &Caller, booking: &Booking) -> Result<()> {
    sees(caller, booking.user, booking.location).then_some(()).ok_or_else(|| Error::not_found("booking"))
}

/// Likewise for a series.
///
/// # Errors
/// `not_found`.
pub(crate) fn may_see_series(caller: &Caller, series: &Series) -> Result<()> {
    sees(caller, series.user, series.location).then_some(()).ok_or_else(|| Error::not_found("series"))
}

/// Likewise for an order.
///
/// # Errors
/// `not_found`.
pub(crate) fn may_see_order(caller: &Caller, order: &Order) -> Result<()> {
    sees(caller, order.user, order.location).then_some(()).ok_or_else(|| Error::not_found("order"))
}

/// Whether the booking is among those that the caller sees.
pub(crate) fn can_see(caller: &Caller, booking: &Booking) -> bool {
    sees(caller, booking.user, booking.location)
}

fn sees(caller: &Caller, user: UserId, location: LocationId) -> bool {
    caller.is(user) || caller.may_at(Permission::ReadBookings, location)
}

/// Whoever has it, or books for others there.
///
/// # Errors
/// `not_found`, or `forbidden` for those who may know of it.
pub(crate) fn may_change(caller: &Caller, booking: &Booking) -> Result<Standing> {
    may_see(caller, booking)?;
    standing(caller, booking.user, booking.location)
}

/// Likewise for a series.
///
/// # Errors
/// `not_found`, or `forbidden` for those who may know of it.
pub(crate) fn may_change_series(caller: &Caller, series: &Series) -> Result<Standing> {
    may_see_series(caller, series)?;
    standing(caller, series.user, series.location)
}

/// Likewise for an order.
///
/// # Errors
/// `not_found`, or `forbidden` for those who may know of it.
pub(crate) fn may_change_order(caller: &Caller, order: &Order) -> Result<Standing> {
    may_see_order(caller, order)?;
    standing(caller, order.user, order.location)
}

fn standing(caller: &Caller, user: UserId, location: LocationId) -> Result<Standing> {
    if caller.may_at(Permission::BookForOthers, location) {
        return Ok(Standing::Desk);
    }
    if caller.is(user) {
        return Ok(Standing::Own);
    }
    Err(Error::forbidden("your role does not change the bookings of others here"))
}

/// Whoever has the permission there.
///
/// # Errors
/// `not_found`, or `forbidden` for those who may know of it.
pub(crate) fn may(caller: &Caller, permission: Permission, booking: &Booking) -> Result<()> {
    may_see(caller, booking)?;
    caller.require_at(permission, booking.location)
}

/// Passes a span that the room's rules allow this caller: notice does not bind the desk, and with a reason to be recorded,
/// those who resolve bookings may go against hours, service, lengths and grid. Never against the ledger.
///
/// A machine that books for customers keeps to the notice that holds for customers.
///
/// # Errors
/// `not_bookable`; `forbidden` when a reason is given by somebody who may not override rules there.
pub(crate) fn may_book(
    caller: &Caller,
    room: &Resource,
    span: Span,
    now: Timestamp,
    reason: Option<&Line>,
) -> Result<()> {
    if reason.is_some() {
        caller.require_at(Permission::ResolveBookings, room.location)?;
    }
    let desk = caller.role != Role::Service && caller.may_at(Permission::BookForOthers, room.location);
    rules::check(room, span, now, |refusal| {
        let fixed = matches!(refusal, Refusal::Retired | Refusal::InThePast);
        (desk && refusal.is_notice()) || (reason.is_some() && !fixed)
    })?;
    let beyond = beyond_every_room(span, now);
    if beyond.is_empty() { Ok(()) } else { Err(not_bookable(&beyond)) }
}

/// What no reason helps against: queries look no further than the longest booking, and the ledger has its own grid.
fn beyond_every_room(span: Span, now: Timestamp) -> Vec<Refusal> {
    let quantum = SignedDuration::from_mins(i64::from(QUANTUM_MINUTES));
    let on_quantum = |at: Timestamp| at.as_second() % quantum.as_secs() == 0 && at.subsec_nanosecond() == 0;
    let on_grid = on_quantum(span.start()) && on_quantum(span.end());
    let latest =
        now.saturating_add(SignedDuration::from_mins(i64::from(MAX_NOTICE))).unwrap_or(Timestamp::MAX);
    [
        (span.start() > latest).then_some(Refusal::TooFar { latest }),
        (span.length() > store::LONGEST).then_some(Refusal::TooLong { max_length: MAX_LENGTH }),
        (!on_grid).then_some(Refusal::OffGrid { grid: QUANTUM_MINUTES }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// As many people as fit in.
///
/// # Errors
/// `validation_failed`.
pub(crate) fn fits(room: &Resource, attendees: Option<u32>) -> Result<()> {
    match attendees {
        Some(0) => Err(Error::field("/attendees", "out_of_range", "must be at least 1")),
        Some(people) if people > room.capacity => {
            let message = format!("must be at most {}, the room's capacity", room.capacity);
            Err(Error::field("/attendees", "over_capacity", message))
        }
        _ => Ok(()),
    }
}
