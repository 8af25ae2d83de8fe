//! Places and rooms. Names are unique through items of their own, written with the record that has the name.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::text::Name;
use domain::{Location, LocationId, Resource, ResourceId};
use errors::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::page::{Page, Placed, Position};
use crate::schema::{BY_KIND, BY_NAME, BY_PLACE, CATALOG, Index, Table};
use crate::table::{Query, Range, Record, read, text};
use crate::{Outcome, Store, Tx};

/// Most rooms of one name that are looked for, one for each location.
const MOST_NAMESAKES: u32 = 100;

impl Record for Location {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "location";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "location".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![
            (BY_KIND.partition, text("location")),
            (BY_KIND.sort, text(format!("{}#{}", self.name.folded(), self.id))),
        ]
    }
}

impl Record for Resource {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "room";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "resource".to_owned())
    }

    /// A retired room is in no index: nothing finds it but its id.
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.retired {
            return Vec::new();
        }
        let name = self.name.folded();
        vec![
            (BY_KIND.partition, text("room")),
            (BY_KIND.sort, text(format!("{}#{}", padded(self.capacity), self.id))),
            (BY_NAME.partition, text(format!("room#{name}"))),
            (BY_NAME.sort, text(self.location.to_string())),
            (BY_PLACE.partition, text(self.location.to_string())),
            (BY_PLACE.sort, text(format!("{name}#{}", self.id))),
        ]
    }
}

/// Capacities in keys: fixed width, so that they sort as text.
fn padded(capacity: u32) -> String {
    format!("{capacity:010}")
}

/// Says that a name belongs to a location, or within a location to a room.
#[derive(Debug, Serialize, Deserialize)]
struct Unique {
    name: String,
    owner: String,
}

impl Record for Unique {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "name";

    fn key(&self) -> (String, String) {
        (self.name.clone(), "unique".to_owned())
    }
}

fn name_of_location(name: &Name) -> String {
    format!("location#{}", name.folded())
}

fn name_of_room(location: LocationId, name: &Name) -> String {
    format!("{location}#{}", name.folded())
}

impl Tx {
    /// A new location with its unique name.
    pub fn insert_location(&mut self, store: &Store, location: &Location) {
        self.insert(store, location, || Error::internal("two locations were given one id"));
        self.insert_name(store, name_of_location(&location.name), location.id.to_string());
    }

    /// A changed location; refused unless the stored one is the version before it. Renames what is unique about it.
    pub fn update_location(&mut self, store: &Store, before: &Location, after: &Location) {
        self.replace(store, after, after.version);
        let (old, new) = (name_of_location(&before.name), name_of_location(&after.name));
        self.rename(store, &old, new, after.id.to_string());
    }

    /// A new room with its unique name.
    pub fn insert_resource(&mut self, store: &Store, resource: &Resource) {
        self.insert(store, resource, || Error::internal("two rooms were given one id"));
        let name = name_of_room(resource.location, &resource.name);
        self.insert_name(store, name, resource.id.to_string());
    }

    /// A changed room; refused unless the stored one is the version before it. Renames what is unique about it, and gives
    /// the name back once the room is retired.
    pub fn update_resource(&mut self, store: &Store, before: &Resource, after: &Resource) {
        self.replace(store, after, after.version);
        let old = name_of_room(before.location, &before.name);
        if after.retired {
            self.delete(store, &CATALOG, &old, "unique");
        } else {
            let new = name_of_room(after.location, &after.name);
            self.rename(store, &old, new, after.id.to_string());
        }
    }

    pub(crate) fn rename(&mut self, store: &Store, old: &str, new: String, owner: String) {
        if old != new {
            self.delete(store, &CATALOG, old, "unique");
            self.insert_name(store, new, owner);
        }
    }

    pub(crate) fn insert_name(&mut self, store: &Store, name: String, owner: String) {
        self.insert_claim(store, name, owner, || {
            Error::new(Code::AlreadyExists, "this name is in use").with_detail("field", "/name")
        });
    }

    pub(crate) fn insert_claim(
        &mut self,
        store: &Store,
        name: String,
        owner: String,
        taken: impl FnOnce() -> Error + Send + 'static,
    ) {
        self.insert(store, &Unique { name, owner }, taken);
    }
}

impl Store {
    /// The location, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn location(&self, id: LocationId) -> Result<Location> {
        self.get(&id.to_string(), "location").await?.ok_or_else(|| Error::not_found("location"))
    }

    /// Nothing, if there is such a location; nothing of it is read.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn location_exists(&self, id: LocationId) -> Result<()> {
        let there = self.exists(&CATALOG, &id.to_string(), "location").await?;
        there.then_some(()).ok_or_else(|| Error::not_found("location"))
    }

    /// The location of this name, whatever its case.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn location_named(&self, name: &Name) -> Result<Option<Location>> {
        self.owner_of(&name_of_location(name), "location").await
    }

    /// Locations by name.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn locations(&self, limit: u32, after: Option<Position>) -> Result<Page<Location>> {
        self.query(list(&BY_KIND, "location".to_owned(), Range::All, limit, after)).await
    }

    /// Up to `most` locations by name, and whether there are more.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn all_locations(&self, most: usize) -> Result<(Vec<Location>, bool)> {
        self.query_all(most, |after| list(&BY_KIND, "location".to_owned(), Range::All, 500, after)).await
    }

    /// The room, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resource(&self, id: ResourceId) -> Result<Resource> {
        self.get(&id.to_string(), "resource").await?.ok_or_else(|| Error::not_found("room"))
    }

    /// Nothing, if there is such a room, retired or not; nothing of it is read.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resource_exists(&self, id: ResourceId) -> Result<()> {
        let there = self.exists(&CATALOG, &id.to_string(), "resource").await?;
        there.then_some(()).ok_or_else(|| Error::not_found("room"))
    }

    /// Rooms by id, those that exist, in the order asked for; at most 100.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn resources_by_id(&self, ids: &[ResourceId]) -> Result<Vec<Resource>> {
        let keys: Vec<_> = ids.iter().map(|id| (CATALOG, id.to_string(), "resource".to_owned())).collect();
        let found = self.get_many(&keys).await?;
        let mut found = found.into_iter().map(|(_, item)| read(item)).collect::<Result<Vec<Resource>>>()?;
        found.sort_by_key(|resource| ids.iter().position(|id| *id == resource.id));
        Ok(found)
    }

    /// Rooms of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn resources_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Placed<Resource>> {
        self.query_placed(list(&BY_PLACE, location.to_string(), Range::All, limit, after)).await
    }

    /// Rooms of all locations for so many people or more, the smallest first, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn resources(
        &self,
        capacity: u32,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Placed<Resource>> {
        let large_enough = Range::Between(padded(capacity), format!("{}~", padded(u32::MAX)));
        self.query_placed(list(&BY_KIND, "room".to_owned(), large_enough, limit, after)).await
    }

    /// Up to `most` rooms of all locations, the smallest first, and whether there are more.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn all_resources(&self, most: usize) -> Result<(Vec<Resource>, bool)> {
        self.query_all(most, |after| list(&BY_KIND, "room".to_owned(), Range::All, 500, after)).await
    }

    /// Rooms of this name, whatever its case: at most one for each location, and 100 in all.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn resources_named(&self, name: &Name) -> Result<Vec<Resource>> {
        let named = format!("room#{}", name.folded());
        Ok(self.query(list(&BY_NAME, named, Range::All, MOST_NAMESAKES, None)).await?.items)
    }

    /// The location's room of this name, whatever its case.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn resource_named(&self, location: LocationId, name: &Name) -> Result<Option<Resource>> {
        self.owner_of(&name_of_room(location, name), "resource").await
    }

    async fn owner_of<T: Record>(&self, name: &str, sk: &str) -> Result<Option<T>> {
        match self.get::<Unique>(name, "unique").await? {
            Some(unique) => self.get(&unique.owner, sk).await,
            None => Ok(None),
        }
    }
}

/// The location that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a location.
pub fn location_from(outcome: Outcome, new: Location) -> Result<(Location, bool)> {
    made(outcome, new)
}

/// The room that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a room.
pub fn resource_from(outcome: Outcome, new: Resource) -> Result<(Resource, bool)> {
    made(outcome, new)
}

pub(crate) fn made<T: DeserializeOwned>(outcome: Outcome, new: T) -> Result<(T, bool)> {
    match outcome {
        Outcome::Committed => Ok((new, false)),
        Outcome::Replayed(item) => Ok((read(item)?, true)),
    }
}

pub(crate) fn list(
    index: &'static Index,
    partition: String,
    range: Range,
    limit: u32,
    after: Option<Position>,
) -> Query<'static> {
    Query { table: &CATALOG, index: Some(index), partition, range, descending: false, limit, after }
}
