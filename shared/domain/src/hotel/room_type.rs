//! Room types: what a kind of rooms is like and how many people fit in.

use std::collections::BTreeSet;

use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::offering::{MOST_DETAILS, Wrong};
use crate::text::{Line, Name, Note, Tag};
use crate::{EventId, LocationId, PoolId, Requests, RoomTypeId};

/// The most people of any kind in one room.
pub const MOST_GUESTS: u8 = 20;
/// The most people that a room of a stay is for, whatever was agreed on: groups are booked in one line.
pub const MOST_PARTY: usize = 100;
/// The highest age of a child.
pub const MOST_AGE: u8 = 17;

/// A kind of rooms. How many there are of it stands in the ledger, in the pool of the same bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomType {
    /// Unique.
    pub id: RoomTypeId,
    /// Where it is.
    pub location: LocationId,
    /// What it is like.
    pub about: About,
    /// Who fits in.
    pub occupancy: Occupancy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// A retired type is kept for its history and sells nothing.
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

/// What a room type says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// As shown; unique among the pools of the location.
    pub name: Name,
    /// At length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// What one sleeps in, at most [`MOST_DETAILS`] kinds.
    #[serde(default)]
    pub beds: Vec<Beds>,
    /// What is in it, at most [`MOST_DETAILS`].
    #[serde(default)]
    pub amenities: BTreeSet<Tag>,
    /// Addresses of pictures (`https://…`), the first one leads; at most [`MOST_DETAILS`].
    #[serde(default)]
    pub images: Vec<Line>,
}

/// So many beds of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beds {
    /// `double`, `single`, `sofa` and the like.
    pub kind: Tag,
    /// How many, from 1 to [`MOST_GUESTS`].
    pub count: u8,
}

/// Who fits into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    /// At most so many adults.
    pub adults: u8,
    /// At most so many children.
    pub children: u8,
    /// At most so many of both together.
    pub guests: u8,
}

/// Who stays in a room.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Party {
    /// How many adults.
    pub adults: u8,
    /// The age of each child, from 0 to [`MOST_AGE`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<u8>,
}

impl Party {
    /// How many people.
    pub fn guests(&self) -> usize {
        usize::from(self.adults) + self.children.len()
    }
}

impl Occupancy {
    /// Whether the party fits in: somebody, and no more than there is room for.
    pub fn fits(&self, party: &Party) -> bool {
        party.guests() > 0
            && party.adults <= self.adults
            && party.children.len() <= usize::from(self.children)
            && party.guests() <= usize::from(self.guests)
    }
}

impl RoomType {
    /// The pool that counts its nights.
    pub fn pool(&self) -> PoolId {
        pool_of(self.id)
    }

    /// The type, if its texts and numbers are within bounds.
    ///
    /// # Errors
    /// `validation_failed` with every field.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        let about = &self.about;
        wrong.at_most(about.beds.len(), MOST_DETAILS, "/beds");
        wrong.at_most(about.amenities.len(), MOST_DETAILS, "/amenities");
        wrong.at_most(about.images.len(), MOST_DETAILS, "/images");
        let within = |count: u8| (1..=MOST_GUESTS).contains(&count);
        let message = format!("must be 1 to {MOST_GUESTS}");
        for (at, beds) in about.beds.iter().enumerate() {
            wrong.unless(within(beds.count), &format!("/beds/{at}/count"), "out_of_range", &message);
        }
        for (at, image) in about.images.iter().enumerate() {
            let secure = image.as_str().starts_with("https://") && !image.as_str().contains(' ');
            wrong.unless(secure, &format!("/images/{at}"), "invalid_format", "must be an https address");
        }
        let Occupancy { adults, children, guests } = self.occupancy;
        wrong.unless(within(adults), "/occupancy/adults", "out_of_range", &message);
        let most = format!("must be 0 to {MOST_GUESTS}");
        wrong.unless(children <= MOST_GUESTS, "/occupancy/children", "out_of_range", &most);
        let all = u16::from(adults) + u16::from(children);
        let fine = within(guests) && guests >= adults && u16::from(guests) <= all;
        let message = "must be at least the adults and at most adults and children together";
        wrong.unless(fine, "/occupancy/guests", "out_of_range", message);
        wrong.check(self)
    }

    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if self.retired {
            let message = "the room type is retired";
            return Err(Error::new(Code::WrongState, message).with_detail("state", "retired"));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// The event that tells of the change from `before` (nothing, for a new type) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "location": self.location, "about": self.about, "occupancy": self.occupancy, "retired": self.retired,
        })
    }
}

/// The pool that counts the nights of a room type: they have the same bits, so that who knows the one knows the other.
pub fn pool_of(room_type: RoomTypeId) -> PoolId {
    PoolId::derived(room_type.bits().to_be_bytes())
}

/// The room type whose nights a pool counts, if it is a room type's.
pub fn type_of(pool: PoolId) -> RoomTypeId {
    RoomTypeId::derived(pool.bits().to_be_bytes())
}
