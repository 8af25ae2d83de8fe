//! What was taken over from the calendars of channels: each event beside its room type, with the order that keeps its nights.

use domain::pool::Nights;
use domain::text::Tag;
use domain::{OrderId, RoomTypeId};
use errors::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use crate::schema::{RESERVATIONS, Table};
use crate::table::{Query, Range, Record};
use crate::{Store, Tx};

/// An event of a channel's calendar that keeps nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelEvent {
    /// Of which room type.
    pub room_type: RoomTypeId,
    /// Whose calendar.
    pub channel: Tag,
    /// A hash of what the calendar names it by.
    pub name: String,
    /// What keeps its nights.
    pub order: OrderId,
    /// Which.
    pub nights: Nights,
    /// Counts changes, from 1.
    pub version: u64,
}

fn prefix(channel: &Tag) -> String {
    format!("channel#{channel}#")
}

impl Record for ChannelEvent {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "event of a channel";

    fn key(&self) -> (String, String) {
        (self.room_type.to_string(), format!("{}{}", prefix(&self.channel), self.name))
    }
}

impl Tx {
    /// A new event of a channel; `changed` when another import was first.
    pub fn insert_channel_event(&mut self, store: &Store, event: &ChannelEvent) {
        self.insert(store, event, || Error::new(Code::Changed, "another import took this event over"));
    }

    /// A changed event; refused unless the stored one is the version before it.
    pub fn update_channel_event(&mut self, store: &Store, event: &ChannelEvent) {
        self.replace(store, event, event.version);
    }

    /// An event that is gone afterwards.
    pub fn delete_channel_event(&mut self, store: &Store, event: &ChannelEvent) {
        let (pk, sk) = event.key();
        self.delete(store, &RESERVATIONS, &pk, &sk);
    }
}

impl Store {
    /// Events of a channel for a room type, up to `most`.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn channel_events(
        &self,
        room_type: RoomTypeId,
        channel: &Tag,
        most: usize,
    ) -> Result<Vec<ChannelEvent>> {
        let query = |after| Query {
            table: &RESERVATIONS,
            index: None,
            partition: room_type.to_string(),
            range: Range::Prefix(prefix(channel)),
            descending: false,
            limit: 500,
            after,
        };
        Ok(self.query_all(most, query).await?.0)
    }
}
