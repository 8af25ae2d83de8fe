//! Moving a booking in time or to another room: the old and the new claim change hands in one transaction.

use domain::booking::Action;
use domain::text::Line;
use domain::{Booking, BookingId, Permission, Resource, ResourceId};
use errors::{Error, Result};
use store::Ids;

use crate::App;
use crate::access::{Standing, fits, may_book, may_change};
use crate::change::{Done, commit};
use crate::refused;
use crate::steps::not_over;
use crate::when::When;
use web::Asked;

/// Where to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The same room when unset.
    pub(crate) resource: Option<ResourceId>,
    /// The same time when empty.
    pub(crate) when: When,
    /// Why rules of the room do not count.
    pub(crate) override_reason: Option<Line>,
}

/// Moves a booking.
///
/// # Errors
/// As for booking, and as for any change of a booking.
pub(crate) async fn reschedule(app: &App, asked: &Asked, id: BookingId, target: Target) -> Result<Done> {
    let ids =
        Ids { resources: target.resource.into_iter().collect(), bookings: [id].into(), ..Ids::default() };
    let known = app.store.together(&ids).await?;
    let before = known.booking(id).ok_or_else(|| Error::not_found("booking"))?;
    let standing = may_change(&asked.caller, before)?;
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: before.clone(), replayed: true });
    }
    asked.if_match.check(before.version)?;
    let to = match target.resource {
        Some(room) => known.resource(room).cloned().ok_or_else(|| Error::not_found("room"))?,
        None => app.store.resource(before.resource).await?,
    };
    moved(app, asked, before, standing, &to, target).await
}

/// Moves a booking that the caller may change to a room that was read.
pub(crate) async fn moved(
    app: &App,
    asked: &Asked,
    before: &Booking,
    standing: Standing,
    to: &Resource,
    target: Target,
) -> Result<Done> {
    let now = app.clock.now();
    let caller = &asked.caller;
    if !caller.is(before.user) {
        caller.require_at(Permission::BookForOthers, to.location)?;
    }
    let span = if target.when.is_empty() { before.span } else { target.when.span(&to.zone)? };
    not_over(standing, before, now)?;
    let mut after = before.clone().reschedule(to, span, now)?;
    fits(to, before.attendees)?;
    may_book(caller, to, span, now, target.override_reason.as_ref())?;
    after.reason = target.override_reason.or(after.reason);
    match commit(app, asked, before, after, Action::Reschedule.event()).await {
        Ok(record) => Ok(Done { record, replayed: false }),
        Err(error) => Err(refused::explained(app, caller, to, span, now, error).await),
    }
}
