//! Series: by id. Their occurrences are bookings, whose ids follow from the series and the date.

use domain::{Series, SeriesId};
use errors::{Error, Result};

use crate::schema::{RESERVATIONS, Table};
use crate::table::{Item, Record, read};
use crate::{Store, Tx};

impl Record for Series {
    const TABLE: Table = RESERVATIONS;
    const NAME: &'static str = "series";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "series".to_owned())
    }
}

impl Tx {
    /// A new series.
    pub fn insert_series(&mut self, store: &Store, series: &Series) {
        self.insert(store, series, || Error::internal("two series were given one id"));
    }

    /// A changed series; refused unless the stored one is the version before it.
    pub fn update_series(&mut self, store: &Store, series: &Series) {
        self.replace(store, series, series.version);
    }
}

impl Store {
    /// The series, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn series(&self, id: SeriesId) -> Result<Series> {
        self.get(&id.to_string(), "series").await?.ok_or_else(|| Error::not_found("series"))
    }
}

/// The series that a replayed commit found.
///
/// # Errors
/// `internal` when the stored item is not a series.
pub fn series_from(item: Item) -> Result<Series> {
    read(item)
}
