//! Reviews, and the counters that each room's report is read from.
//!
//! Counters change in the transaction that changes a review, by the difference that it makes: the report costs one read
//! however many reviews there are, and cannot drift from them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::review::Report;
use domain::{ResourceId, Review, ReviewId, UserId};
use errors::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog::{list, made};
use crate::page::{Placed, Position};
use crate::schema::{BY_AUTHOR, BY_KIND, BY_NAME, BY_PLACE, CATALOG, Index, Table};
use crate::table::{Query, Range, Record, moment, text};
use crate::{Outcome, Store, Tx};

/// Partition of the reviews that wait for a moderator.
const FLAGGED: &str = "flagged";
/// Sort key of a room's counters, beside the room.
const COUNTERS: &str = "reviews";

impl Record for Review {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "review";

    fn key(&self) -> (String, String) {
        (self.id.to_string(), "review".to_owned())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let at = |at: Timestamp| text(format!("{}#{}", moment(at), self.id));
        let mut extra = vec![
            (BY_KIND.partition, text("review")),
            (BY_KIND.sort, at(self.created_at)),
            (BY_PLACE.partition, text(self.resource.to_string())),
            (BY_PLACE.sort, at(self.created_at)),
            (BY_AUTHOR.partition, text(self.user.to_string())),
            (BY_AUTHOR.sort, at(self.created_at)),
        ];
        if let Some(flag) = self.flag.as_ref().filter(|_| self.awaits_moderation()) {
            extra.extend([(BY_NAME.partition, text(FLAGGED)), (BY_NAME.sort, at(flag.at))]);
        }
        extra
    }
}

/// A room's counters as its item has them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counters {
    total: u64,
    visible: u64,
    flagged: u64,
    hidden: u64,
    removed: u64,
    moderated: u64,
    stars_1: u64,
    stars_2: u64,
    stars_3: u64,
    stars_4: u64,
    stars_5: u64,
}

impl Record for Counters {
    const TABLE: Table = CATALOG;
    const NAME: &'static str = "report";

    /// Counters are only added to and read: their key is made from the room's id.
    fn key(&self) -> (String, String) {
        (String::new(), COUNTERS.to_owned())
    }
}

fn counts(report: &Report) -> [(&'static str, u64); 11] {
    let [one, two, three, four, five] = report.stars;
    [
        ("total", report.total),
        ("visible", report.visible),
        ("flagged", report.flagged),
        ("hidden", report.hidden),
        ("removed", report.removed),
        ("moderated", report.moderated),
        ("stars_1", one),
        ("stars_2", two),
        ("stars_3", three),
        ("stars_4", four),
        ("stars_5", five),
    ]
}

fn differences(before: Option<&Review>, after: &Review) -> Vec<(&'static str, i64)> {
    let (old, new): (Report, Report) = (before.into_iter().collect(), std::iter::once(after).collect());
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let pairs = counts(&old).into_iter().zip(counts(&new));
    pairs.map(|((name, old), (_, new))| (name, signed(new) - signed(old))).collect()
}

impl Tx {
    /// A new review, counted.
    pub fn insert_review(&mut self, store: &Store, review: &Review) {
        self.insert(store, review, || {
            Error::new(errors::Code::AlreadyExists, "this booking has been reviewed; change that review")
        });
        self.count_review(store, None, review);
    }

    /// A changed review, counted as it now is; refused unless the stored one is the version before it.
    pub fn update_review(&mut self, store: &Store, before: &Review, after: &Review) {
        self.replace(store, after, after.version);
        self.count_review(store, Some(before), after);
    }

    fn count_review(&mut self, store: &Store, before: Option<&Review>, after: &Review) {
        let room = after.resource.to_string();
        self.count(store, (&CATALOG, &room, COUNTERS), &differences(before, after));
    }
}

impl Store {
    /// The review, read consistently.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn review(&self, id: ReviewId) -> Result<Review> {
        self.get(&id.to_string(), "review").await?.ok_or_else(|| Error::not_found("review"))
    }

    /// Reviews of a room, newest first, for whomever they are there.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn reviews_of(
        &self,
        resource: ResourceId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Placed<Review>> {
        self.query_placed(newest(&BY_PLACE, resource.to_string(), limit, after)).await
    }

    /// Reviews that a user wrote, newest first, for whomever they are there.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn reviews_by(
        &self,
        user: UserId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<Placed<Review>> {
        self.query_placed(newest(&BY_AUTHOR, user.to_string(), limit, after)).await
    }

    /// All reviews, newest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn reviews(&self, limit: u32, after: Option<Position>) -> Result<Placed<Review>> {
        self.query_placed(newest(&BY_KIND, "review".to_owned(), limit, after)).await
    }

    /// Reviews that wait for a moderator, the longest waiting first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn flagged_reviews(&self, limit: u32, after: Option<Position>) -> Result<Placed<Review>> {
        self.query_placed(list(&BY_NAME, FLAGGED.to_owned(), Range::All, limit, after)).await
    }

    /// A room's reviews in figures, read consistently.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn review_report(&self, resource: ResourceId) -> Result<Report> {
        let found = self.get::<Counters>(&resource.to_string(), COUNTERS).await?.unwrap_or_default();
        Ok(Report {
            total: found.total,
            visible: found.visible,
            flagged: found.flagged,
            hidden: found.hidden,
            removed: found.removed,
            moderated: found.moderated,
            stars: [found.stars_1, found.stars_2, found.stars_3, found.stars_4, found.stars_5],
        })
    }
}

fn newest(index: &'static Index, partition: String, limit: u32, after: Option<Position>) -> Query<'static> {
    Query { descending: true, ..list(index, partition, Range::All, limit, after) }
}

/// The review that a commit made, or made before.
///
/// # Errors
/// `internal` when the stored item is not a review.
pub fn review_from(outcome: Outcome, new: Review) -> Result<(Review, bool)> {
    made(outcome, new)
}
