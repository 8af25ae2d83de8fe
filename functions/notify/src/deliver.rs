//! Sending one message: taken under a lease, sent, noted.

use domain::message::Claim;
use domain::{Message, MessageId};
use errors::{Code, Error, Result};

use crate::App;
use crate::compose::{self, Composed};

/// How long a worker has a message to itself, in seconds: longer than a provider may take.
const LEASE_SECONDS: i64 = 60;

/// Attempts to take a message that changes under one's hands.
const ATTEMPTS: u32 = 5;

/// Sends the message if it is due and nobody else has it.
pub(crate) async fn deliver(app: &App, id: MessageId) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        let message = match app.store.message(id).await?.claim(now, LEASE_SECONDS) {
            Claim::Taken(message) => *message,
            Claim::Dead(message) => return note(app, &message).await,
            Claim::Later(_) | Claim::Over => return Ok(()),
        };
        match app.store.change_message(&message).await {
            // Another worker took it, as its lease will show; or the sweep noted that it is on the queue, and then this
            // may be the job that it queued.
            Err(error) if error.code() == Code::Changed => {}
            taken => {
                taken?;
                let done = send(app, message).await?;
                return note(app, &done).await;
            }
        }
    }
    Err(Error::unavailable("a message changed again and again"))
}

async fn send(app: &App, message: Message) -> Result<Message> {
    let email = match compose::compose(app, &message).await? {
        Composed::Mail(email) => email,
        Composed::Skip(why) => return message.skip(why, app.clock.now()),
    };
    match app.mail.send(&email).await {
        Ok(provider_id) => message.sent(app.mail.name(), provider_id, app.clock.now()),
        Err(error) => {
            tracing::warn!(message.id = %message.id, error = error.chain(), "a message did not get through");
            message.failed(&error, app.clock.now(), u64::from_be_bytes(env::random()))
        }
    }
}

/// Writes what became of it. Nobody else writes while the lease holds.
async fn note(app: &App, message: &Message) -> Result<()> {
    app.store.change_message(message).await
}
