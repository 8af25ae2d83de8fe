//! Messages: what is told to whom, and how one message lives from the event behind it to its delivery.
//!
//! A message is a record of its own, made under an id that is derived from what it tells, so that an event that is
//! relayed twice makes it once. Its worker takes it by [`Message::claim`], which writes a lease: whoever else gets the
//! same job from the queue sees the lease and leaves it alone.

mod due;
mod happened;
mod kind;
mod report;
mod retry;
mod state;
mod tally;
mod ways;
mod wish;

pub use due::{Due, due_messages, order_messages, order_still_wanted, still_wanted, wanted_by};
use errors::{Code, Error, Result};
pub use happened::Outcome;
use jiff::{SignedDuration, Timestamp};
pub use kind::{Channel, MessageKind, Method, Skip};
pub use report::Report;
pub use retry::{MAX_ATTEMPTS, retry_at};
use serde::{Deserialize, Serialize};
pub use state::{MessageState, Step};
pub use tally::{DUE, Moved};
pub use ways::{Audience, Channels, chains, reaches};
pub use wish::Wish;

use crate::alert::Rule;
use crate::{BookingId, CampaignId, CodeId, LocationId, MessageId, OrderId, ResourceId, Span, UserId};

/// How long a queued message may stay untaken before a sweep queues it again, in seconds.
pub const QUEUE_SECONDS: i64 = 15 * 60;
/// How long a message rests that a provider may have taken without saying so, in seconds: its word comes in that time.
const UNCLEAR_SECONDS: i64 = 3 * 60;
/// The same for what is of no use so late.
const UNCLEAR_URGENT_SECONDS: i64 = 45;
/// Longest `last_error` that is kept, in characters.
const ERROR_CHARS: usize = 500;

/// What a message is about, as it was when the message was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Subject {
    /// A booking, at this time and place.
    Booking {
        /// Which.
        id: BookingId,
        /// Its room.
        resource: ResourceId,
        /// Its time.
        span: Span,
    },
    /// An order of seats of a session.
    Order {
        /// Which.
        id: OrderId,
    },
    /// The recipient's own account.
    Account,
    /// A one-time code to a phone, whoever has it.
    Code {
        /// Which.
        id: CodeId,
    },
    /// A campaign that the recipient is in the audience of.
    Campaign {
        /// Which.
        id: CampaignId,
    },
    /// How the installation works, by one rule; for whoever runs it.
    Alert {
        /// Which.
        rule: Rule,
    },
}

/// One message to one person over one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique, derived from what it tells; see [`Due::message`].
    pub id: MessageId,
    /// What it says.
    pub kind: MessageKind,
    /// How it is sent.
    pub channel: Channel,
    /// To whom.
    pub recipient: UserId,
    /// As whom they are told.
    #[serde(default, skip_serializing_if = "Audience::is_customer")]
    pub audience: Audience,
    /// What it is about.
    pub subject: Subject,
    /// Where that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// Sequence of the event behind it.
    pub sequence: u64,
    /// When to send it.
    pub due_at: Timestamp,
    /// From when on it is of no use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where it stands.
    pub state: MessageState,
    /// When a sweep must look at it if nothing happens: due, untaken on the queue, lease over, time to try again.
    /// `None` once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// Times that a worker has taken it since it was made or replayed.
    pub attempts: u32,
    /// Why the last attempt failed, in words that an operator may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// Who took it, e.g. `ses`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// When the provider took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When it reached the recipient's device, as the provider told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// The message on the channel before, which did not get through; this one tells the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<MessageId>,
    /// The message on the next channel, which tells the same since this one did not get through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed_by: Option<MessageId>,
    /// Under which heading its campaign counts it, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the keyed request that replayed it last; a retry of it is answered, not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<String>,
}

/// What a worker gets when it asks for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Yours until the lease is over: write it on condition of the old version, then send.
    Taken(Box<Message>),
    /// Not before this time: it is not due, or another worker has it.
    Later(Timestamp),
    /// It will not get through: write it, with what takes its place.
    Dead(Box<Message>),
    /// It is over; nothing to do.
    Over,
}

impl Message {
    /// Notes that it is on the queue.
    ///
    /// # Errors
    /// `wrong_state` when a worker has it or it is over.
    pub fn queued(self, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::Queue, now)?;
        next.wake_at = Some(later(now.max(next.due_at), QUEUE_SECONDS));
        Ok(next)
    }

    /// Takes it for `lease` seconds, which must exceed the longest time that a provider may need to answer.
    pub fn claim(self, now: Timestamp, lease: i64) -> Claim {
        if self.state == MessageState::Dead && self.wake_at.is_some() {
            // The provider told so afterwards: what takes its place is still to be made.
            let mut next = self.over();
            (next.updated_at, next.version) = (now, next.version + 1);
            return Claim::Dead(Box::new(next));
        }
        if self.state.is_final() {
            return Claim::Over;
        }
        let from = match self.state {
            MessageState::Sending | MessageState::Failed => self.wake_at.unwrap_or(now),
            _ => self.due_at,
        };
        if now < from {
            return Claim::Later(from);
        }
        // Only what nobody heard back from gets here with every attempt used: `failed` buries the others.
        let unheard = matches!(self.state, MessageState::Sending | MessageState::Failed);
        let exhausted = self.attempts >= MAX_ATTEMPTS && unheard;
        let step = if exhausted { Step::Bury } else { Step::Claim };
        let Ok(mut next) = self.step(step, now) else { return Claim::Over };
        if exhausted {
            let silence = || "every worker that took it went away".to_owned();
            next.last_error = Some(next.last_error.take().unwrap_or_else(silence));
            return Claim::Dead(Box::new(next.over()));
        }
        next.attempts += 1;
        next.wake_at = Some(later(now, lease));
        Claim::Taken(Box::new(next))
    }

    /// The provider took it, under its own `provider_id` if it gave one.
    ///
    /// # Errors
    /// `wrong_state` unless being sent.
    pub fn sent(self, provider: &str, provider_id: Option<String>, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::Deliver, now)?.over();
        (next.provider, next.provider_id) = (Some(provider.to_owned()), provider_id);
        (next.sent_at, next.last_error) = (Some(now), None);
        Ok(next)
    }

    /// The attempt failed: tried again at [`retry_at`] if the error is transient, dead otherwise and after the last
    /// attempt. `random` must come from `env::random`.
    ///
    /// # Errors
    /// `wrong_state` unless being sent.
    pub fn failed(self, error: &Error, now: Timestamp, random: u64) -> Result<Self> {
        let again = if error.is_transient() { retry_at(self.attempts, now, random) } else { None };
        let mut next = match again {
            Some(_) => self.step(Step::Fail, now)?,
            None => self.step(Step::Bury, now)?.over(),
        };
        next.wake_at = again;
        next.last_error = Some(told(error));
        Ok(next)
    }

    /// The provider may have taken it or not: it rests until the provider's word must have come ([`Message::report`]),
    /// and is tried again when it has not.
    ///
    /// # Errors
    /// `wrong_state` unless being sent.
    pub fn unclear(self, error: &Error, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::Fail, now)?;
        let seconds = if next.kind.is_urgent() { UNCLEAR_URGENT_SECONDS } else { UNCLEAR_SECONDS };
        next.wake_at = Some(later(now, seconds));
        next.last_error = Some(told(error));
        Ok(next)
    }

    /// It is not to be sent before `until`; the attempt does not count.
    ///
    /// # Errors
    /// `wrong_state` unless being sent.
    pub fn put_off(self, until: Timestamp, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::PutOff, now)?;
        (next.due_at, next.wake_at) = (until, Some(until));
        next.attempts = next.attempts.saturating_sub(1);
        Ok(next)
    }

    /// It is no longer true or wanted.
    ///
    /// # Errors
    /// `wrong_state` once it is over.
    pub fn skip(self, why: Skip, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::Skip, now)?.over();
        next.skipped = Some(why);
        Ok(next)
    }

    /// Starts it anew, at once and with all its attempts; whether it is still wanted is asked again when it is sent.
    ///
    /// # Errors
    /// `wrong_state` unless failed, dead or skipped; also for a link or a code, which must be asked for anew, and for
    /// what another channel tells since.
    pub fn replay(self, now: Timestamp) -> Result<Self> {
        if self.kind.is_urgent() {
            let message = "a link or a code is not sent twice; ask for a new one";
            return Err(Error::new(Code::WrongState, message));
        }
        if let Some(next) = self.followed_by {
            let message = "the message on the next channel tells it since; replay that one";
            return Err(Error::new(Code::WrongState, message).with_detail("followed_by", next.to_string()));
        }
        let mut next = self.step(Step::Replay, now)?;
        (next.due_at, next.wake_at) = (now, Some(now));
        (next.attempts, next.skipped) = (0, None);
        Ok(next)
    }

    fn over(mut self) -> Self {
        self.wake_at = None;
        self
    }

    fn step(mut self, step: Step, now: Timestamp) -> Result<Self> {
        let state = self.state;
        self.state = state.after(step).ok_or_else(|| {
            Error::new(Code::WrongState, format!("not possible for a message that is {}", state.as_str()))
                .with_detail("state", state.as_str())
        })?;
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }
}

fn told(error: &Error) -> String {
    format!("{}: {error}", error.code()).chars().take(ERROR_CHARS).collect()
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

#[cfg(test)]
mod tests;
