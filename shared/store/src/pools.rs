//! Pools: by id, by location. How much of them is left stands in the ledger.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{LocationId, Pool, PoolId};
use errors::{Error, Result};

use crate::catalog::{list, made};
use crate::offerings::among_sessions;
use crate::page::{Page, Position};
use crate::schema::{BY_KIND, CATALOG, Table};
use crate::table::{Range, Record, text};
use crate::{Outcome, Store, Tx};

impl Record for Pool {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "pool";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "pool".to_owned())
    }

    /// A retired pool is in no index: nothing finds it but its id.
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.retired {
            return Vec::new();
        }
        let mut extra = vec![
            (BY_KIND.partition, text(format!("pool#{}", self.location))),
            (BY_KIND.sort, text(format!("{}#{}", self.name.folded(), self.id))),
        ];
        extra.extend(among_sessions(self));
        extra
    }
}

fn name_of(pool: &Pool) -> String {
    format!("pool#{}#{}", pool.location, pool.name.folded())
}

impl Tx {
    /// A new pool with its unique name.
    pub fn insert_pool(&mut self, store: &Store, pool: &Pool) {
        self.insert(store, pool, || Error::internal("two pools were given one id"));
        self.insert_name(store, name_of(pool), pool.id.to_string());
    }

    /// A changed pool; refused unless the stored one is the version before it. Renames what is unique about it, and gives the
    /// name back once the pool is retired.
    pub fn update_pool(&mut self, store: &Store, before: &Pool, after: &Pool) {
        self.replace(store, after, after.version);
        if after.retired {
            self.delete(store, &CATALOG, &name_of(before), "unique");
        } else {
            self.rename(store, &name_of(before), name_of(after), after.id.to_string());
        }
    }
}

impl Store {
    /// The pool, retired or not, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn pool(&self, id: PoolId) -> Result<Pool> {
        self.get(&id.to_string(), "pool").await?.ok_or_else(|| Error::not_found("pool"))
    }

    /// Pools of a location by name, without the retired ones.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn pools_at(
        &self,
        location: LocationId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Page<Pool>> {
        self.query(list(&BY_KIND, format!("pool#{location}"), Range::All, limit, after)).await
    }
}

/// The pool that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a pool.
pub fn pool_from(outcome: Outcome, new: Pool) -> Result<(Pool, bool)> {
    made(outcome, new)
}
