//! What became of a message, and the event that tells of it.

use serde_json::{Value, json};

use super::{Message, MessageState};
use crate::EventId;
use crate::event::{Actor, Event};

/// How a message ended, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A provider has it.
    Sent,
    /// It has arrived, as the provider says.
    Delivered,
    /// No provider took it.
    Failed,
    /// A provider took it, and says that it will not arrive.
    Undeliverable,
    /// It was no longer true or wanted.
    Skipped,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Delivered, Self::Failed, Self::Undeliverable, Self::Skipped];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Undeliverable => "undeliverable",
            Self::Skipped => "skipped",
        }
    }
}

impl Message {
    /// How it ended; `None` while it is under way.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            MessageState::Sent => Some(Outcome::Sent),
            MessageState::Delivered | MessageState::Read => Some(Outcome::Delivered),
            MessageState::Dead if self.sent_at.is_some() => Some(Outcome::Undeliverable),
            MessageState::Dead => Some(Outcome::Failed),
            MessageState::Skipped => Some(Outcome::Skipped),
            MessageState::Scheduled | MessageState::Queued | MessageState::Sending | MessageState::Failed => {
                None
            }
        }
    }

    /// The event that tells of a change from `before` to `self`, of its kind.
    pub fn event(&self, id: EventId, kind: &str, before: &Self, actor: Actor) -> Event {
        let mut of = json!({ "channel": self.channel });
        if let (Some(location), Some(of)) = (self.location, of.as_object_mut()) {
            of.insert("location".to_owned(), json!(location));
        }
        Event {
            id,
            kind: kind.to_owned(),
            subject: self.id.to_string(),
            sequence: self.version,
            at: self.updated_at,
            actor,
            data: json!({ "before": before.told(), "after": self.told(), "of": of }),
        }
    }

    /// The event that tells how it ended, if the change from `before` has ended it otherwise.
    pub fn ended(&self, id: EventId, before: &Self) -> Option<Event> {
        let outcome = self.outcome().filter(|outcome| before.outcome() != Some(*outcome))?;
        Some(self.event(id, &format!("message.{}", outcome.as_str()), before, Actor::system()))
    }

    fn told(&self) -> Value {
        let mut told = json!({ "state": self.state, "attempts": self.attempts, "due_at": self.due_at });
        if let Some(told) = told.as_object_mut() {
            told.extend(self.outcome().map(|outcome| ("outcome".to_owned(), outcome.as_str().into())));
            told.extend(self.provider.clone().map(|provider| ("provider".to_owned(), provider.into())));
        }
        told
    }
}
