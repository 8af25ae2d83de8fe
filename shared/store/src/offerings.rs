//! Offerings and their sessions: by id, by location, sessions of an offering by time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{LocationId, Offering, OfferingId, Pool};
use errors::{Error, Result};
use jiff::Timestamp;

use crate::catalog::{list, made};
use crate::page::{Page, Position};
use crate::schema::{BY_KIND, BY_NAME, BY_PLACE, CATALOG, Table};
use crate::table::{Query, Range, Record, moment, text};
use crate::{Outcome, Store, Tx};

impl Record for Offering {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "offering";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "offering".to_owned())
    }

    /// A retired offering is in no index: nothing finds it but its id.
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.retired {
            return Vec::new();
        }
        vec![
            (BY_KIND.partition, text(format!("offering#{}", self.location))),
            (BY_KIND.sort, text(format!("{}#{}", self.about.name.folded(), self.id))),
        ]
    }
}

/// The partition of all sessions.
const SESSIONS: &str = "session";

/// Where a pool stands among the sessions of its offering and among all, if it is one.
pub(crate) fn among_sessions(pool: &Pool) -> Vec<(&'static str, AttributeValue)> {
    let Some(session) = pool.session else { return Vec::new() };
    let starts = format!("{}#{}", moment(session.span.start()), pool.id);
    vec![
        (BY_PLACE.partition, text(sessions(session.offering))),
        (BY_PLACE.sort, text(&starts)),
        (BY_NAME.partition, text(SESSIONS)),
        (BY_NAME.sort, text(starts)),
    ]
}

fn sessions(offering: OfferingId) -> String {
    format!("session#{offering}")
}

impl Tx {
    /// A new offering.
    pub fn insert_offering(&mut self, store: &Store, offering: &Offering) {
        self.insert(store, offering, || Error::internal("two offerings were given one id"));
    }

    /// A changed offering; refused unless the stored one is the version before it.
    pub fn update_offering(&mut self, store: &Store, offering: &Offering) {
        self.replace(store, offering, offering.version);
    }
}

impl Store {
    /// The offering, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn offering(&self, id: OfferingId) -> Result<Offering> {
        self.get(&id.to_string(), "offering").await?.ok_or_else(|| Error::not_found("offering"))
    }

    /// Offerings of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn offerings_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Offering>> {
        self.query(list(&BY_KIND, format!("offering#{location}"), Range::All, limit, after)).await
    }

    /// Sessions of an offering that begin at `from` or later, the earliest first, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn sessions_of(
        &self,
        offering: OfferingId,
        from: Timestamp,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Pool>> {
        let range = Range::Between(moment(from), "~".to_owned());
        self.query(list(&BY_PLACE, sessions(offering), range, limit, after)).await
    }

    /// Up to `most` sessions of all offerings without the retired ones: those that begin at `now` or later, the earliest first,
    /// or those that begin then or began before, the latest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn sessions(&self, now: Timestamp, to_come: bool, most: usize) -> Result<Vec<Pool>> {
        let found = self.query_all(most, |after| {
            let range = if to_come {
                Range::Between(moment(now), "~".to_owned())
            } else {
                Range::Between("0".to_owned(), format!("{}~", moment(now)))
            };
            let query = list(&BY_NAME, SESSIONS.to_owned(), range, 500, after);
            Query { descending: !to_come, ..query }
        });
        Ok(found.await?.0)
    }
}

/// The offering that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not an offering.
pub fn offering_from(outcome: Outcome, new: Offering) -> Result<(Offering, bool)> {
    made(outcome, new)
}
