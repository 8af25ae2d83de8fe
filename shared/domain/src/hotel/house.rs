//! The rooms of a room type: their numbers, in what state they are, and who is put into them when.
//!
//! A room keeps the calendar of its own assignments, and every assignment is written over the version of it that was read: two
//! guests are never put into one room for one night. Whether a night can be sold is none of its business.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::pool::Nights;
use crate::text::{Name, Note};
use crate::{EventId, HotelRoomId, LocationId, OrderId, Requests, RoomTypeId};

/// Stays to come that a room keeps.
pub const MOST_ASSIGNED: usize = 100;

/// One room of a room type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotelRoom {
    /// Unique.
    pub id: HotelRoomId,
    /// Where it is.
    pub location: LocationId,
    /// Of which kind.
    pub room_type: RoomTypeId,
    /// What is on its door; unique within the location.
    pub number: Name,
    /// On which floor or in which wing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Name>,
    /// In what state it is.
    pub housekeeping: Housekeeping,
    /// What housekeeping should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Who is put into it, by arrival; what has passed is dropped with the next one.
    #[serde(default)]
    pub assigned: Vec<Assignment>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired room is kept for its history and takes nobody.
    pub retired: bool,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// In what state a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Housekeeping {
    /// Ready for somebody.
    Clean,
    /// Used, and to be cleaned.
    Dirty,
    /// Cleaned, and looked at by somebody else.
    Inspected,
    /// Nobody is put into it.
    OutOfOrder,
}

impl Housekeeping {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Clean, Self::Dirty, Self::Inspected, Self::OutOfOrder];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Dirty => "dirty",
            Self::Inspected => "inspected",
            Self::OutOfOrder => "out_of_order",
        }
    }

    /// Whether somebody may move in now.
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Clean | Self::Inspected)
    }
}

/// A room of a stay, put into this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Whose.
    pub order: OrderId,
    /// Which room of the stay, from 0.
    pub room: usize,
    /// For which nights.
    pub nights: Nights,
}

impl Assignment {
    fn is_of(&self, order: OrderId, room: usize) -> bool {
        (self.order, self.room) == (order, room)
    }
}

impl HotelRoom {
    /// Puts a room of a stay into it, in place of what it had for the same one. What is over by `today` is dropped.
    ///
    /// # Errors
    /// `wrong_state` once retired or out of order, `conflict` with the stay that is in the way, `too_large` for too many.
    pub fn assign(mut self, new: Assignment, (today, now): (Date, Timestamp)) -> Result<Self> {
        if self.retired || self.housekeeping == Housekeeping::OutOfOrder {
            let state = if self.retired { "retired" } else { Housekeeping::OutOfOrder.as_str() };
            let message = format!("room {} takes nobody", self.number);
            return Err(Error::new(Code::WrongState, message).with_detail("state", state));
        }
        self = self.released(new.order, new.room);
        self.assigned.retain(|known| known.nights.to() >= today);
        let meets = |known: &&Assignment| {
            known.nights.from() < new.nights.to() && new.nights.from() < known.nights.to()
        };
        if let Some(other) = self.assigned.iter().find(meets) {
            let message = format!("somebody else is in room {} then", self.number);
            return Err(Error::new(Code::SlotTaken, message)
                .with_detail("order_id", other.order.to_string())
                .with_detail("arrival", other.nights.from().to_string())
                .with_detail("departure", other.nights.to().to_string()));
        }
        if self.assigned.len() >= MOST_ASSIGNED {
            let message = format!("a room keeps at most {MOST_ASSIGNED} stays to come");
            return Err(Error::new(Code::WrongState, message));
        }
        self.assigned.push(new);
        self.assigned.sort_by_key(|known| (known.nights, known.order, known.room));
        Ok(self.touched(now))
    }

    /// Takes a room of a stay out of it, if it is there.
    #[must_use]
    pub fn release(self, order: OrderId, room: usize, now: Timestamp) -> Self {
        if self.assigned.iter().any(|known| known.is_of(order, room)) {
            return self.released(order, room).touched(now);
        }
        self
    }

    /// Is in another state from now on.
    #[must_use]
    pub fn kept(mut self, housekeeping: Housekeeping, now: Timestamp) -> Self {
        self.housekeeping = housekeeping;
        self.touched(now)
    }

    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(self, now: Timestamp) -> Result<Self> {
        if self.retired {
            return Err(Error::new(Code::WrongState, "the room is retired").with_detail("state", "retired"));
        }
        Ok(self.touched(now))
    }

    fn released(mut self, order: OrderId, room: usize) -> Self {
        self.assigned.retain(|known| !known.is_of(order, room));
        self
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    /// The event that tells of the change from `before` (nothing, for a new room) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "location": self.location, "room_type": self.room_type, "number": self.number, "floor": self.floor,
            "housekeeping": self.housekeeping, "assigned": self.assigned, "retired": self.retired,
        })
    }
}

#[cfg(test)]
mod tests;
