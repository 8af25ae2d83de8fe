//! The steps of a booking's life that leave its time alone: confirm, describe, cancel, complete, no-show.

use domain::booking::Action;
use domain::text::{Line, Note};
use domain::{Booking, BookingId, Permission};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use web::Patch;

use crate::App;
use crate::access::{Standing, fits, may, may_change};
use crate::change::{Done, step};
use web::Asked;

/// What a merge patch changes.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) title: Patch<Line>,
    pub(crate) note: Patch<Note>,
    pub(crate) attendees: Patch<u32>,
}

/// Turns a hold into a booking.
pub(crate) async fn confirm(app: &App, asked: &Asked, id: BookingId) -> Result<Done> {
    let before = app.store.booking(id).await?;
    may_change(&asked.caller, &before)?;
    step(app, asked, before, Action::Confirm.event(), Booking::confirm).await
}

/// Changes what a booking says of itself.
pub(crate) async fn describe(app: &App, asked: &Asked, id: BookingId, patch: Description) -> Result<Done> {
    let before = app.store.booking(id).await?;
    may_change(&asked.caller, &before)?;
    if let Patch::Set(people) = patch.attendees {
        let room = app.room(before.resource).await?;
        fits(&room, Some(people))?;
    }
    step(app, asked, before, Action::Describe.event(), |booking, now| {
        let title = patch.title.applied_to(booking.title.clone());
        let note = patch.note.applied_to(booking.note.clone());
        let attendees = patch.attendees.applied_to(booking.attendees);
        booking.describe(title, note, attendees, now)
    })
    .await
}

/// Gives a booking back. What is over can only be taken back by the desk.
pub(crate) async fn cancel(app: &App, asked: &Asked, id: BookingId, reason: Option<Line>) -> Result<Done> {
    let before = app.store.booking(id).await?;
    let standing = may_change(&asked.caller, &before)?;
    step(app, asked, before, Action::Cancel.event(), |booking, now| {
        not_over(standing, &booking, now)?;
        booking.cancel(reason, now)
    })
    .await
}

/// Says that a booking took place.
pub(crate) async fn complete(app: &App, asked: &Asked, id: BookingId) -> Result<Done> {
    let before = app.store.booking(id).await?;
    may(&asked.caller, Permission::BookForOthers, &before)?;
    step(app, asked, before, Action::Complete.event(), Booking::complete).await
}

/// Says that nobody came.
pub(crate) async fn mark_no_show(app: &App, asked: &Asked, id: BookingId) -> Result<Done> {
    let before = app.store.booking(id).await?;
    may(&asked.caller, Permission::BookForOthers, &before)?;
    step(app, asked, before, Action::MarkNoShow.event(), Booking::mark_no_show).await
}

/// Refuses those who are not at the desk once the booking is over: what took place is no longer theirs to move.
pub(crate) fn not_over(standing: Standing, booking: &Booking, now: Timestamp) -> Result<()> {
    if standing == Standing::Own && booking.state.claims() && booking.span.end() <= now {
        return Err(Error::new(Code::WrongState, "the booking is over"));
    }
    Ok(())
}
