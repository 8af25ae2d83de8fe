//! How far readers of the feed of events have come, where no stream remembers it for them.

use errors::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::schema::{LIVE, Table};
use crate::table::Record;

#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    reader: String,
    until: Timestamp,
}

impl Record for Progress {
    const TABLE: Table = LIVE;
    const NAME: &'static str = "progress";

    fn key(&self) -> (String, String) {
        (format!("feed#{}", self.reader), "progress".to_owned())
    }
}

impl Store {
    /// Until when this reader has seen every event.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn progress(&self, reader: &str) -> Result<Option<Timestamp>> {
        let progress: Option<Progress> = self.get(&format!("feed#{reader}"), "progress").await?;
        Ok(progress.map(|progress| progress.until))
    }

    /// Notes that this reader has seen every event until then.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn set_progress(&self, reader: &str, until: Timestamp) -> Result<()> {
        self.overwrite(&Progress { reader: reader.to_owned(), until }).await
    }
}
