//! Phones that nothing is sent to, since whoever has them wrote so: by an id that stands for the number, account or not.

use domain::UserId;
use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::{ACCOUNTS, Table};
use crate::table::Record;
use crate::{Store, Tx};

/// What a phone's holder wrote last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Stands for whoever has the phone: derived from its number.
    pub holder: UserId,
    /// Whether nothing is sent there but what was asked for at that moment.
    pub stopped: bool,
    /// When they wrote it.
    pub at: Timestamp,
    /// Counts what they wrote, from 1.
    pub version: u64,
}

impl Record for Stop {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "stop";

    fn key(&self) -> (String, String) {
        (self.holder.to_string(), "stop".to_owned())
    }
}

impl Tx {
    /// What a phone's holder wrote just now; refused with `changed` unless what they wrote before is what was read.
    pub fn put_stop(&mut self, store: &Store, stop: &Stop) {
        if stop.version > 1 {
            return self.replace(store, stop, stop.version);
        }
        self.insert(store, stop, || Error::new(Code::Changed, "another reply was faster"));
    }
}

impl Store {
    /// What whoever has this phone wrote last.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn stop(&self, holder: UserId) -> Result<Option<Stop>> {
        self.get(&holder.to_string(), "stop").await
    }

    /// Whether whoever has this phone wrote that nothing is to be sent there.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn is_stopped(&self, holder: UserId) -> Result<bool> {
        Ok(self.stop(holder).await?.is_some_and(|stop| stop.stopped))
    }
}
