//! From an event to the messages that it calls for.

use domain::message::{Audience, Due, due_messages};
use domain::{Booking, BookingId, Event, User};
use errors::{Code, Error, Result};
use queue::NotifyJob;
use sha2::{Digest, Sha256};

use crate::{App, alert, compose, deliver, order};

/// Makes the messages that the event calls for, and sends those that are due, on behalf of the request that brought it about.
pub(crate) async fn tell(app: &App, job: &NotifyJob) -> Result<()> {
    let event = app.store.event(&job.subject, job.sequence).await?;
    let request = event.actor.request.clone();
    tracing::info!(request.id = request, event = event.kind, subject = event.subject, "told of");
    store::on_behalf_of(request, Box::pin(made(app, &event))).await
}

async fn made(app: &App, event: &Event) -> Result<()> {
    let now = app.clock.now();
    let mut first_failure = None;
    for due in called_for(app, event).await? {
        let message = due.message(event.id, event.sequence, now, digest);
        app.store.add_message(&message).await?;
        if message.due_at <= now {
            // One that fails must not keep the others waiting; the job comes again for it.
            first_failure = first_failure.or(deliver::deliver(app, message.id).await.err());
        }
    }
    first_failure.map_or(Ok(()), Err)
}

async fn called_for(app: &App, event: &Event) -> Result<Vec<Due>> {
    if let Some(due) = alert::called_for(app, event) {
        return Ok(due);
    }
    if let Ok(id) = event.subject.parse() {
        return order::called_for(app, event, id).await;
    }
    let Ok(id) = event.subject.parse::<BookingId>() else {
        let (now, on) = (app.clock.now(), app.channels());
        return Ok(
            compose::code_messages(event, on, now).unwrap_or_else(|| compose::account_messages(event, now))
        );
    };
    let booking = match app.store.booking(id).await {
        Err(error) if error.code() == Code::NotFound => return Ok(Vec::new()),
        booking => booking?,
    };
    if booking.version < event.sequence {
        return Err(Error::unavailable("the booking is older than the event that tells of it"));
    }
    let customer = app.store.account(booking.user).await?.user;
    let booker = booker(app, event, &booking).await?;
    let people: Vec<(Audience, &User)> = std::iter::once((Audience::Customer, &customer))
        .chain(booker.as_ref().map(|booker| (Audience::Booker, booker)))
        .collect();
    Ok(due_messages(event, &booking, &people, app.channels(), app.clock.now()))
}

/// Who booked for somebody else, where they are told of such an event at all.
async fn booker(app: &App, event: &Event, booking: &Booking) -> Result<Option<User>> {
    let Some(id) = booking.booked_by.filter(|id| *id != booking.user) else { return Ok(None) };
    if event.kind != "booking.room_unavailable" {
        return Ok(None);
    }
    match app.store.account(id).await {
        Err(error) if error.code() == Code::NotFound => Ok(None),
        account => account.map(|account| Some(account.user)),
    }
}

pub(crate) fn digest(told: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(Sha256::digest(told).split_at(16).0);
    digest
}
