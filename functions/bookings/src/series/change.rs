//! Changing a series: all that is to come, or from a date on, which splits it.

use domain::booking::Action;
use domain::series::SeriesState;
use domain::text::{Line, Note};
use domain::{Booking, Permission, Requests, Resource, ResourceId, Series, SeriesId, Span};
use errors::{Error, Result};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use store::Tx;
use web::Patch;

use crate::App;
use crate::access::{fits, may_book, may_change_series};
use crate::change::commit;
use crate::refused;
use crate::series::create::checked;
use crate::series::{AT_ONCE, Occurred, Told, book_one, booking_id, bookings, event, planned};
use web::Asked;

/// What changes. Weekdays do not: that is another series.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) resource: Option<ResourceId>,
    pub(crate) local_time: Option<Time>,
    pub(crate) length_minutes: Option<u32>,
    pub(crate) title: Patch<Line>,
    pub(crate) note: Patch<Note>,
    pub(crate) attendees: Patch<u32>,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    All,
    /// From this date on; what came before stays as a series that has ended.
    Following(Date),
}

/// Changes a series, then its occurrences that have not begun, each answering for itself. The request may come again with
/// its key and goes on where it was cut off.
///
/// # Errors
/// As for any change; `not_found` without an occurrence from the date on.
pub(crate) async fn change(
    app: &App,
    asked: &Asked,
    id: SeriesId,
    extent: Extent,
    edit: Edit,
) -> Result<Told> {
    let before = app.store.series(id).await?;
    may_change_series(&asked.caller, &before)?;
    let replayed = asked.idem.replays(&before.requests)?;
    let series = match (replayed, extent) {
        (true, Extent::All) => before,
        (true, Extent::Following(_)) => {
            let next = before.continued_by.ok_or_else(|| Error::not_found("series"))?;
            app.store.series(next).await?
        }
        (false, _) => {
            asked.if_match.check(before.version)?;
            written(app, asked, &before, extent, edit).await?
        }
    };
    let room = app.store.resource(series.resource).await?;
    let occurrences = carried_over(app, asked, &series, &room).await?;
    Ok(Told { series, occurrences, replayed })
}

/// Writes the series as it is from now on, and for a split the one that has ended; answers the one that goes on.
async fn written(app: &App, asked: &Asked, before: &Series, extent: Extent, edit: Edit) -> Result<Series> {
    let now = app.clock.now();
    let room = app.store.resource(edit.resource.unwrap_or(before.resource)).await?;
    if !asked.caller.is(before.user) {
        asked.caller.require_at(Permission::BookForOthers, room.location)?;
    }
    let title = edit.title.clone().applied_to(before.title.clone());
    let note = edit.note.clone().applied_to(before.note.clone());
    let attendees = edit.attendees.applied_to(before.attendees);
    fits(&room, attendees)?;
    let mut tx = Tx::new();
    let after = match extent {
        Extent::All => {
            let mut after = before.clone().describe(title, note, attendees, now)?;
            after.requests = after.requests.with(asked.idem.mark());
            edit.apply(&mut after, &room)?;
            tx.update_series(&app.store, &after);
            event(&mut tx, app, asked, Some(before), &after, "series.changed");
            after
        }
        Extent::Following(date) => {
            let next =
                asked.idem.digest().map_or_else(|| SeriesId::new(now, env::random()), SeriesId::derived);
            let (mut ended, rest) = before.clone().end_before(date, Some(next), None, now)?;
            ended.requests = ended.requests.with(asked.idem.mark());
            let mut after = Series {
                id: next,
                rule: rest,
                origin: Some(before.origin()),
                booked_by: Some(asked.caller.user).filter(|by| *by != before.user),
                created_at: now,
                updated_at: now,
                version: 1,
                request: asked.idem.request(),
                requests: Requests::default(),
                title,
                note,
                attendees,
                ..before.clone()
            };
            edit.apply(&mut after, &room)?;
            tx.update_series(&app.store, &ended);
            event(&mut tx, app, asked, Some(before), &ended, "series.ended");
            tx.insert_series(&app.store, &after);
            event(&mut tx, app, asked, None, &after, "series.created");
            after
        }
    };
    app.store.commit(tx).await?;
    Ok(after)
}

impl Edit {
    fn apply(&self, series: &mut Series, room: &Resource) -> Result<()> {
        (series.resource, series.location) = (room.id, room.location);
        let mut rule = series.rule.clone();
        rule.zone = room.zone.clone();
        rule.length_minutes = self.length_minutes.unwrap_or(rule.length_minutes);
        if let Some(time) = self.local_time {
            rule.start = rule.start.date().to_datetime(time);
        }
        series.rule = checked(rule)?;
        Ok(())
    }
}

/// Makes the occurrences what the series says: those that have not begun are moved, those that were refused are tried again,
/// those that were cancelled stay so.
async fn carried_over(app: &App, asked: &Asked, series: &Series, room: &Resource) -> Result<Vec<Occurred>> {
    if series.state == SeriesState::Cancelled {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let there = bookings(app, series).await?;
    let occurrences = series.rule.occurrences().into_iter().map(|planned| {
        let id = booking_id(series, planned.date);
        let booking = there.iter().find(|booking| booking.id == id).cloned();
        async move {
            let stays = booking.clone();
            let outcome = match (planned.span, booking) {
                (_, Some(booking)) if !booking.state.claims() || booking.span.start() <= now => Ok(booking),
                (Ok(span), Some(booking)) => follow(app, asked, series, room, booking, span).await,
                (Ok(span), None) => again(app, asked, series, room, (planned.date, span), now).await,
                (Err(refused), _) => Err(refused),
            };
            let occurred = Occurred::of(planned.date, outcome);
            // A booking that cannot follow stays where it was.
            Occurred { booking: occurred.booking.or(stays), ..occurred }
        }
    });
    Ok(stream::iter(occurrences).buffered(AT_ONCE).collect().await)
}

/// Tries an occurrence that has no booking.
async fn again(
    app: &App,
    asked: &Asked,
    series: &Series,
    room: &Resource,
    (date, span): (Date, Span),
    now: Timestamp,
) -> Result<Booking> {
    may_book(&asked.caller, room, span, now, None)?;
    book_one(app, &asked.caller, room, planned(&asked.caller, series, room, (date, span), now)).await
}

/// Makes one booking what its series says.
async fn follow(
    app: &App,
    asked: &Asked,
    series: &Series,
    room: &Resource,
    before: Booking,
    span: Span,
) -> Result<Booking> {
    if asked.idem.replays(&before.requests)? {
        return Ok(before);
    }
    let now = app.clock.now();
    let moves = before.resource != room.id || before.span != span;
    let (title, note) = (series.title.clone(), series.note.clone());
    let (mut after, action) = if moves {
        may_book(&asked.caller, room, span, now, None)?;
        (before.clone().reschedule(room, span, now)?, Action::Reschedule)
    } else {
        (before.clone().describe(None, None, None, now)?, Action::Describe)
    };
    (after.title, after.note, after.attendees) = (title, note, series.attendees);
    after.occurrence = Some(series.place(&span));
    match commit(app, asked, &before, after, action.event()).await {
        Ok(booking) => Ok(booking),
        Err(error) => Err(refused::explained(app, &asked.caller, room, span, now, error).await),
    }
}
