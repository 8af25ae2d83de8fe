//! Sending one message: taken under a lease, sent, noted.

use std::time::Duration;

use domain::message::{Channel, Claim, Skip, Subject, reaches};
use domain::{EventId, Message, MessageId};
use errors::{Code, Error, Result};
use providers::{Failure, Text};
use queue::Job;

use crate::App;
use crate::compose::{self, Composed};
use crate::stay;
use crate::tell::digest;

/// How long a worker has a message to itself, in seconds: longer than a provider may take.
const LEASE_SECONDS: i64 = 60;

/// Attempts to take a message that changes under one's hands.
const ATTEMPTS: u32 = 5;

/// Sends the message if it is due and nobody else has it.
pub(crate) async fn deliver(app: &App, id: MessageId) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        let before = app.store.message(id).await?;
        let message = match before.clone().claim(now, LEASE_SECONDS) {
            Claim::Taken(message) => *message,
            Claim::Dead(message) => return note(app, &before, *message).await,
            Claim::Later(_) | Claim::Over => return Ok(()),
        };
        match app.store.change_message(&message).await {
            // Another worker took it, as its lease will show; or the sweep noted that it is on the queue, and then this
            // may be the job that it queued.
            Err(error) if error.code() == Code::Changed => {}
            taken => {
                taken?;
                let done = send(app, message.clone()).await?;
                return note(app, &message, done).await;
            }
        }
    }
    Err(Error::unavailable("a message changed again and again"))
}

async fn send(app: &App, message: Message) -> Result<Message> {
    let answer = match compose::compose(app, &message).await? {
        Composed::Skip(why) => return message.skip(why, app.clock.now()),
        Composed::Later(until) => return message.put_off(until, app.clock.now()),
        Composed::Mail(email) => {
            let sent = app.mail.send(&email).await;
            // The same mail again has the same Message-ID: nothing is unclear about trying.
            (app.mail.name(), sent.map_err(Failure::NotTaken))
        }
        Composed::Text(_, text) if is_stopped(app, &text).await? => {
            return message.skip(Skip::Unwanted, app.clock.now());
        }
        Composed::Text(texts, text) => (texts.name(), texts.send(&text).await),
    };
    let now = app.clock.now();
    match answer {
        (provider, Ok(provider_id)) => message.sent(provider, provider_id, now),
        (provider, Err(Failure::Refused(error) | Failure::NotTaken(error))) => {
            tracing::warn!(message.id = %message.id, error = error.chain(), "a message did not get through");
            let message = message.failed(&error, now, u64::from_be_bytes(env::random()))?;
            Ok(Message { provider: Some(provider.to_owned()), ..message })
        }
        (_, Err(Failure::Unclear(error))) => {
            tracing::warn!(message.id = %message.id, error = error.chain(), "nobody knows whether a message got through");
            message.unclear(&error, now)
        }
    }
}

/// Whether whoever has the phone wrote back to be left alone; what they asked for at this moment they get all the same.
async fn is_stopped(app: &App, text: &Text) -> Result<bool> {
    if text.kind.is_urgent() {
        return Ok(false);
    }
    app.store.is_stopped(app.keys.holder(text.to.as_str())).await
}

/// Writes what became of it since `before`, together with the event that tells how it ended, and with the message on the next
/// channel where it did not get through.
async fn note(app: &App, before: &Message, message: Message) -> Result<()> {
    let id = message.id;
    let event = message.ended(EventId::new(message.updated_at, env::random()), before);
    let next = if message.leaves_news_untold() { next_channel(app, &message).await? } else { None };
    let written = match next {
        None => app.store.end_message(&message, event.as_ref(), None).await,
        Some(channel) => {
            let (message, next) = message.followed(channel, app.clock.now(), digest);
            app.store.end_message(&message, event.as_ref(), Some(&next)).await?;
            // It is due; where this fails, the sweep finds it.
            return app.queue.send(&Job::Deliver { message: next.id }, Duration::ZERO).await;
        }
    };
    match written {
        // While the lease holds, nobody else writes but a provider that tells what became of it: that is the last word.
        Err(error) if error.code() == Code::Changed && app.store.message(id).await?.state.is_final() => {
            Ok(())
        }
        written => written,
    }
}

/// The channel that takes over, if the recipient can be reached on one.
async fn next_channel(app: &App, message: &Message) -> Result<Option<Channel>> {
    let on = app.channels();
    if let Subject::Code { .. } = message.subject {
        return Ok(message.next_channel(|channel| on.has(channel)));
    }
    let user = match stay::recipient(app, message.recipient).await {
        Err(error) if error.code() == Code::NotFound => return Ok(None),
        user => user?,
    };
    Ok(message.next_channel(|channel| on.has(channel) && reaches(channel, message.kind, &user)))
}
