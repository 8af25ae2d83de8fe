//! From an event to the messages that it calls for.

use domain::message::{Due, due_messages};
use domain::{BookingId, Event};
use errors::{Code, Error, Result};
use queue::NotifyJob;
use sha2::{Digest, Sha256};

use crate::{App, compose, deliver};

/// Makes the messages that the event calls for, and sends those that are due.
pub(crate) async fn tell(app: &App, job: &NotifyJob) -> Result<()> {
    let event = app.store.event(&job.subject, job.sequence).await?;
    let now = app.clock.now();
    let mut first_failure = None;
    for due in called_for(app, &event).await? {
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
    let Ok(id) = event.subject.parse::<BookingId>() else {
        return Ok(compose::account_messages(event, app.clock.now()));
    };
    let booking = match app.store.booking(id).await {
        Err(error) if error.code() == Code::NotFound => return Ok(Vec::new()),
        booking => booking?,
    };
    if booking.version < event.sequence {
        return Err(Error::unavailable("the booking is older than the event that tells of it"));
    }
    let account = app.store.account(booking.user).await?;
    Ok(due_messages(event, &booking, &account.user.preferences, app.clock.now()))
}

fn digest(told: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(Sha256::digest(told).split_at(16).0);
    digest
}
