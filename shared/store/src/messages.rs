//! Messages to people: by id, by recipient, those that wait for a time, those that were given up.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::message::MessageState;
use domain::{Event, Message, MessageId, UserId};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::page::{Page, Position};
use crate::schema::{BY_DUE, BY_RECIPIENT, EXPIRES, Index, MESSAGES, Table};
use crate::table::{Query, Range, Record, moment, number, text};
use crate::{Store, Tx};

/// A message that is over is kept this long.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
const DUE: &str = "due";
const DEAD: &str = "dead";

impl Record for Message {
    const TABLE: Table = MESSAGES;
    const NAME: &'static str = "message";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "message".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let mut extra = vec![(BY_RECIPIENT.sort, text(format!("{}#{}", moment(self.created_at), self.id)))];
        let waiting = self
            .wake_at
            .map(|at| (DUE, at))
            .or_else(|| (self.state == MessageState::Dead).then_some((DEAD, self.updated_at)));
        if let Some((list, at)) = waiting {
            extra.push((BY_DUE.partition, text(list)));
            extra.push((BY_DUE.sort, text(format!("{}#{}", moment(at), self.id))));
        }
        if self.state.is_final() {
            extra.push((EXPIRES, number((self.updated_at + KEPT).as_second())));
        }
        extra
    }
}

impl Tx {
    /// A changed message; refused unless the stored one is the version before it.
    /// One of a campaign is counted under the heading that it comes under now.
    pub fn update_message(&mut self, store: &Store, message: &Message) {
        let mut counted = message.clone();
        let moved = counted.recount();
        self.replace(store, &counted, message.version);
        if let Some(moved) = moved {
            self.move_in_campaign(store, &moved);
        }
    }
}

impl Store {
    /// Writes a message that has ended, with the event that tells how, and the one on the next channel that takes its place if
    /// there is one: all of it or nothing. `changed` unless the stored one is the version before it.
    ///
    /// # Errors
    /// `changed`, `unavailable`.
    pub async fn end_message(
        &self,
        message: &Message,
        event: Option<&Event>,
        next: Option<&Message>,
    ) -> Result<()> {
        if let (None, None) = (event, next) {
            return self.change_message(message).await;
        }
        let mut tx = Tx::new();
        tx.update_message(self, message);
        if let Some(event) = event {
            tx.event(self, event);
        }
        if let Some(next) = next {
            tx.insert(self, next, || Error::internal("two messages took the place of one"));
        }
        self.commit(tx).await.map(drop)
    }

    /// Adds a message unless it is there already; whether it was new.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn add_message(&self, message: &Message) -> Result<bool> {
        self.create(message).await
    }

    /// Writes a changed message; `changed` unless the stored one is the version before it.
    ///
    /// # Errors
    /// `changed`, `unavailable`.
    pub async fn change_message(&self, message: &Message) -> Result<()> {
        if message.clone().recount().is_none() {
            return self.change(message, message.version).await;
        }
        let mut tx = Tx::new();
        tx.update_message(self, message);
        self.commit(tx).await.map(drop)
    }

    /// The message, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn message(&self, id: MessageId) -> Result<Message> {
        self.get(&id.to_string(), "message").await?.ok_or_else(|| Error::not_found("message"))
    }

    /// Messages to somebody, latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn messages_to(
        &self,
        user: UserId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Message>> {
        self.query(list(&BY_RECIPIENT, user.to_string(), Range::All, true, limit, after)).await
    }

    /// Messages that somebody must look at by `now`: due, untaken on the queue, left by a worker, to be tried again.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn messages_due(
        &self,
        now: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Message>> {
        let range = Range::Between("0".to_owned(), format!("{}#~", moment(now)));
        self.query(list(&BY_DUE, DUE.to_owned(), range, false, limit, after)).await
    }

    /// Messages that wait for a time, earliest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn messages_waiting(&self, limit: u32, after: Option<Position>) -> Result<Page<Message>> {
        self.query(list(&BY_DUE, DUE.to_owned(), Range::All, false, limit, after)).await
    }

    /// Messages that were given up, earliest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn messages_dead(&self, limit: u32, after: Option<Position>) -> Result<Page<Message>> {
        self.query(list(&BY_DUE, DEAD.to_owned(), Range::All, false, limit, after)).await
    }
}

fn list(
    index: &'static Index,
    partition: String,
    range: Range,
    descending: bool,
    limit: u32,
    after: Option<Position>,
) -> Query<'static> {
    Query { table: &MESSAGES, index: Some(index), partition, range, descending, limit, after }
}
