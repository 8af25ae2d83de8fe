//! How far readers of the feed of events have come, where no stream remembers it for them.

use errors::Result;
use futures::try_join;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::schema::{LIVE, Table};
use crate::table::Record;

/// The reader that keeps figures and the audit trail by person, where it reads by itself.
pub const FEED_READER: &str = "insights";
/// The reader that reads for all, where no stream pushes events.
pub const ONLY_READER: &str = "relay";
/// Readers note their places at least so often while there is something to read.
pub const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

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

    /// How far what is kept from the feed is behind: the age of the first thing of today or yesterday that is surely not kept. Readers
    /// note their places each [`NOTED_EVERY`] only, so what happened sooner after that is not told, and nothing before the first note. On
    /// a laptop one reader reads for all.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn feed_lag(&self, now: Timestamp) -> Result<SignedDuration> {
        let (feed, all) = try_join!(self.progress(FEED_READER), self.progress(ONLY_READER))?;
        let Some(until) = feed.max(all) else { return Ok(SignedDuration::ZERO) };
        let from = until.saturating_add(NOTED_EVERY).unwrap_or(until);
        let first = self.first_event(from, now).await?;
        Ok(first.map_or(SignedDuration::ZERO, |at| now.duration_since(at).max(SignedDuration::ZERO)))
    }
}
