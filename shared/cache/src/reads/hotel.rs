//! How what a hotel has and asks for it is read.

use std::sync::Arc;

use domain::hotel::{Property, RatePlan, RoomType};
use domain::{LocationId, RatePlanId, RoomTypeId};
use errors::Result;
use store::{Page, Position};

use super::{Reads, page};
use crate::{Tag, kinds};

impl Reads {
    /// The room type.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn room_type(&self, id: RoomTypeId) -> Result<RoomType> {
        let (key, tags) = (id.to_string(), [Tag::record("room_type", id)]);
        let read = || self.store.room_type(id);
        self.cache
            .get_or_load(kinds::ROOM_TYPE, &key, &tags, self.clock.now(), read)
            .await
            .map(Arc::unwrap_or_clone)
    }

    /// Room types of a location.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn room_types(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<RoomType>> {
        let key = page(&location.to_string(), limit, after.as_ref());
        let (tags, read) = ([Tag::all("room_type")], || self.store.room_types_at(location, limit, after));
        self.cache
            .get_or_load(kinds::ROOM_TYPES, &key, &tags, self.clock.now(), read)
            .await
            .map(Arc::unwrap_or_clone)
    }

    /// The rate plan.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn rate_plan(&self, id: RatePlanId) -> Result<RatePlan> {
        let (key, tags) = (id.to_string(), [Tag::record("rate_plan", id)]);
        let read = || self.store.rate_plan(id);
        self.cache
            .get_or_load(kinds::RATE_PLAN, &key, &tags, self.clock.now(), read)
            .await
            .map(Arc::unwrap_or_clone)
    }

    /// Rate plans of a location.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn rate_plans(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<RatePlan>> {
        let key = page(&location.to_string(), limit, after.as_ref());
        let (tags, read) = ([Tag::all("rate_plan")], || self.store.rate_plans_at(location, limit, after));
        self.cache
            .get_or_load(kinds::RATE_PLANS, &key, &tags, self.clock.now(), read)
            .await
            .map(Arc::unwrap_or_clone)
    }

    /// What holds for stays at a location, where it says nothing by default.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn property(&self, id: LocationId) -> Result<Property> {
        let (key, tags) = (id.to_string(), [Tag::record("property", id)]);
        let read = || self.store.property(id);
        self.cache
            .get_or_load(kinds::PROPERTY, &key, &tags, self.clock.now(), read)
            .await
            .map(Arc::unwrap_or_clone)
    }
}
