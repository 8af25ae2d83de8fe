//! Rooms by id.

use domain::{Resource, ResourceId};
use errors::{Error, Result};

use crate::Store;
use crate::schema::{CATALOG, Table};
use crate::table::Record;

impl Record for Resource {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "room";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "resource".to_owned())
    }
}

impl Store {
    /// The room, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn resource(&self, id: ResourceId) -> Result<Resource> {
        self.get(&id.to_string(), "resource").await?.ok_or_else(|| Error::not_found("room"))
    }
}
