//! Calendar feeds, beside the account that they belong to.

use domain::{FeedId, ResourceId, RoomTypeId, User, UserId};
use errors::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schema::{ACCOUNTS, Table};
use crate::table::{Query, Range, Record, read};
use crate::{Account, Store, Tx};

/// A private calendar at a secret address. The secret is derived from the ids: what is stored here opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarFeed {
    /// Unique.
    pub id: FeedId,
    /// Whose it is.
    pub user: UserId,
    /// The room whose bookings are in it; the owner's own when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// The room type whose nights that are not to be had are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_type: Option<RoomTypeId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// 1: a feed does not change, it is revoked.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Record for CalendarFeed {
    const TABLE: Table = ACCOUNTS;
    const NAME: &'static str = "calendar feed";

    fn key(&self) -> (String, String) {
        (self.user.to_string(), self.id.to_string())
    }
}

impl Tx {
    /// A new feed.
    pub fn insert_calendar_feed(&mut self, store: &Store, feed: &CalendarFeed) {
        self.insert(store, feed, || Error::internal("two feeds were given one id"));
    }

    /// A feed that is gone afterwards.
    pub fn delete_calendar_feed(&mut self, store: &Store, feed: &CalendarFeed) {
        self.delete(store, &ACCOUNTS, &feed.user.to_string(), &feed.id.to_string());
    }
}

impl Store {
    /// Up to `most` feeds of a user.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn calendar_feeds_of(&self, user: UserId, most: usize) -> Result<Vec<CalendarFeed>> {
        let query = |after| Query {
            table: &ACCOUNTS,
            index: None,
            partition: user.to_string(),
            range: Range::Prefix(FeedId::PREFIX.to_owned()),
            descending: false,
            limit: 100,
            after,
        };
        Ok(self.query_all(most, query).await?.0)
    }

    /// A feed and the account that it belongs to, in one trip; nothing if either is missing.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn calendar_feed(&self, user: UserId, id: FeedId) -> Result<Option<(CalendarFeed, User)>> {
        let user = user.to_string();
        let keys = [(ACCOUNTS, user.clone(), "user".to_owned()), (ACCOUNTS, user, id.to_string())];
        let (mut feed, mut owner) = (None, None);
        for (_, item) in self.get_many(&keys).await? {
            if item.contains_key("user_name") {
                owner = Some(read::<Account>(item)?.user);
            } else {
                feed = Some(read::<CalendarFeed>(item)?);
            }
        }
        Ok(feed.zip(owner))
    }
}

/// The feed that a replayed commit found.
///
/// # Errors
/// `internal` when the stored item is not a feed.
pub fn calendar_feed_from(item: crate::Item) -> Result<CalendarFeed> {
    read(item)
}
