//! Hotels: room types, their rooms, rate plans, house rules; guests and stays are below.

mod channels;
mod folios;
mod guests;
mod stays;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::hotel::{HotelRoom, Property, RatePlan, RoomType};
use domain::text::Name;
use domain::{HotelRoomId, LocationId, RatePlanId, RoomTypeId};
use errors::{Code, Error, Result};
use serde::de::DeserializeOwned;

use crate::catalog::{list, made};
use crate::page::{Page, Position};
use crate::schema::{BY_KIND, CATALOG, Table};
use crate::table::{Range, Record, text};
use crate::{Outcome, Store, Tx};

pub use channels::ChannelEvent;
pub use stays::StayStage;
pub(crate) use stays::on_the_board;

/// In the order of names at a location; what is retired is in no index.
fn by_kind(
    kind: &str,
    location: LocationId,
    (name, id): (&Name, String),
    retired: bool,
) -> Vec<(&'static str, AttributeValue)> {
    if retired {
        return Vec::new();
    }
    vec![
        (BY_KIND.partition, text(format!("{kind}#{location}"))),
        (BY_KIND.sort, text(format!("{}#{id}", name.folded()))),
    ]
}

impl Record for RoomType {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "room type";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "room_type".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        by_kind("room_type", self.location, (&self.about.name, self.id.to_string()), self.retired)
    }
}

impl Record for HotelRoom {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "room";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "hotel_room".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        by_kind("hotel_room", self.location, (&self.number, self.id.to_string()), self.retired)
    }
}

impl Record for RatePlan {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "rate plan";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "rate_plan".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        by_kind("rate_plan", self.location, (&self.name, self.id.to_string()), self.retired)
    }
}

impl Record for Property {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "property";

    fn key(&self) -> (String, String) {
        (self.location.to_string(), "property".to_owned())
    }
}

fn number_of(room: &HotelRoom) -> String {
    format!("hotel_room#{}#{}", room.location, room.number.folded())
}

impl Tx {
    /// A new room type; its pool, which has its name, is written with it.
    pub fn insert_room_type(&mut self, store: &Store, room_type: &RoomType) {
        self.insert(store, room_type, || Error::internal("two room types were given one id"));
    }

    /// A changed room type; refused unless the stored one is the version before it.
    pub fn update_room_type(&mut self, store: &Store, room_type: &RoomType) {
        self.replace(store, room_type, room_type.version);
    }

    /// A new room with its unique number.
    pub fn insert_hotel_room(&mut self, store: &Store, room: &HotelRoom) {
        self.insert(store, room, || Error::internal("two rooms were given one id"));
        self.insert_name(store, number_of(room), room.id.to_string());
    }

    /// A changed room; refused unless the stored one is the version before it. Its number is given back once it is retired.
    pub fn update_hotel_room(&mut self, store: &Store, before: &HotelRoom, after: &HotelRoom) {
        self.replace(store, after, after.version);
        if after.retired {
            self.delete(store, &CATALOG, &number_of(before), "unique");
        } else {
            self.rename(store, &number_of(before), number_of(after), after.id.to_string());
        }
    }

    /// A new rate plan.
    pub fn insert_rate_plan(&mut self, store: &Store, plan: &RatePlan) {
        self.insert(store, plan, || Error::internal("two rate plans were given one id"));
    }

    /// A changed rate plan; refused unless the stored one is the version before it.
    pub fn update_rate_plan(&mut self, store: &Store, plan: &RatePlan) {
        self.replace(store, plan, plan.version);
    }

    /// House rules, the first ones or over those that were read.
    pub fn save_property(&mut self, store: &Store, property: &Property) {
        if property.version == 1 {
            self.insert(store, property, || {
                Error::new(Code::Changed, "the property was changed by another request")
            });
        } else {
            self.replace(store, property, property.version);
        }
    }
}

impl Store {
    /// The room type, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn room_type(&self, id: RoomTypeId) -> Result<RoomType> {
        self.get(&id.to_string(), "room_type").await?.ok_or_else(|| Error::not_found("room type"))
    }

    /// The room, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn hotel_room(&self, id: HotelRoomId) -> Result<HotelRoom> {
        self.get(&id.to_string(), "hotel_room").await?.ok_or_else(|| Error::not_found("room"))
    }

    /// The rate plan, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rate_plan(&self, id: RatePlanId) -> Result<RatePlan> {
        self.get(&id.to_string(), "rate_plan").await?.ok_or_else(|| Error::not_found("rate plan"))
    }

    /// The house rules of a location, or what holds where none were said.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn property(&self, location: LocationId) -> Result<Property> {
        let found = self.get(&location.to_string(), "property").await?;
        Ok(found.unwrap_or_else(|| Property::unsaid(location)))
    }

    /// Room types of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn room_types_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<RoomType>> {
        self.at("room_type", location, limit, after).await
    }

    /// Rooms of a location by number, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn hotel_rooms_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<HotelRoom>> {
        self.at("hotel_room", location, limit, after).await
    }

    /// Rate plans of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn rate_plans_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<RatePlan>> {
        self.at("rate_plan", location, limit, after).await
    }

    async fn at<T: DeserializeOwned>(
        &self,
        kind: &str,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<T>> {
        self.query(list(&BY_KIND, format!("{kind}#{location}"), Range::All, limit, after)).await
    }
}

/// The record that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not one.
pub fn record_from<T: DeserializeOwned>(outcome: Outcome, new: T) -> Result<(T, bool)> {
    made(outcome, new)
}
