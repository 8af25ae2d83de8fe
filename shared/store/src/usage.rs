//! What requests took, by day and operation and by hour: kept by each process that answers them, a minute's worth at a time.
//!
//! Numbers are added to, so that it does not matter how many processes there are. They are for operators, and fade: what a process
//! counted since it last wrote is lost when it ends.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use errors::{Error, Result};
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::schema::{EXPIRES, LIVE, PARTITION, SORT};
use crate::table::{Item, Query, Range, broken, key, number};
use crate::{Store, meter};

/// How long numbers are kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24 * 100);
/// How often a process keeps what it counted.
pub const KEPT_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Items that are read at once.
const MOST_ITEMS: usize = 20_000;

/// Numbers by name.
pub type Numbers = BTreeMap<String, u64>;

/// By what numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Requests by operation.
    Operations,
    /// Requests by hour.
    Hours,
    /// Queries by table and index.
    Queries,
    /// What no request waits for, by its caller and name.
    Work,
}

/// What is kept together, of one operation, hour or index on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The day, in UTC.
    pub day: Date,
    /// The operation, the hour from `00` to `23` in UTC, `Table/index`, or `caller/name`.
    pub of: String,
    /// The numbers.
    pub numbers: Numbers,
}

impl Store {
    /// Adds to what is kept of a day, all of it at once.
    ///
    /// # Errors
    /// `unavailable` when the database is; some may have been added by then.
    pub async fn add_usage(
        &self,
        all: &[(Spending, &BTreeMap<String, Numbers>)],
        now: Timestamp,
    ) -> Result<()> {
        let day = now.to_zoned(TimeZone::UTC).date();
        let each = all
            .iter()
            .flat_map(|(kind, all)| all.iter().map(|(of, numbers)| ((*kind, day, of.as_str()), numbers)));
        try_join_all(each.map(|(place, numbers)| self.add(place, numbers, now))).await.map(drop)
    }

    async fn add(
        &self,
        (kind, day, of): (Spending, Date, &str),
        numbers: &Numbers,
        now: Timestamp,
    ) -> Result<()> {
        let some: Vec<_> = numbers.iter().filter(|(_, by)| **by > 0).collect();
        if some.is_empty() {
            return Ok(());
        }
        let terms: Vec<_> = (0..some.len()).map(|at| format!("#n{at} :n{at}")).collect();
        let expires = now.saturating_add(KEPT_FOR).unwrap_or(now).as_second();
        let mut update = self
            .client()
            .update_item()
            .table_name(self.name(&LIVE))
            .set_key(Some(key(&LIVE, &partition(kind, day), of)))
            .update_expression(format!("SET #expires = :expires ADD {}", terms.join(", ")))
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_values(":expires", number(expires))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        for (at, (name, by)) in some.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#n{at}"), name)
                .expression_attribute_values(format!(":n{at}"), number(by));
        }
        let done = update.send().await.map_err(broken)?;
        meter::written(done.consumed_capacity.as_slice());
        Ok(())
    }

    /// What is kept of these days, from the first until just before the last.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn usage(&self, kind: Spending, (from, to): (Date, Date)) -> Result<Vec<Spent>> {
        let days = std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(|day| *day < to);
        let each = days.map(|day| async move { Ok::<_, Error>((day, self.spent_on(kind, day).await?)) });
        let mut all = Vec::new();
        for (day, items) in try_join_all(each).await? {
            all.extend(items.into_iter().filter_map(|item| spent(day, item)));
        }
        Ok(all)
    }

    async fn spent_on(&self, kind: Spending, day: Date) -> Result<Vec<Item>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = Query {
                table: &LIVE,
                index: None,
                partition: partition(kind, day),
                range: Range::All,
                descending: false,
                limit: 1_000,
                after,
            };
            let (items, next) = self.items(query).await?;
            all.extend(items);
            after = next;
            match after {
                None => return Ok(all),
                Some(_) if all.len() >= MOST_ITEMS => {
                    return Err(Error::internal("more operations than there can be"));
                }
                Some(_) => {}
            }
        }
    }
}

fn partition(kind: Spending, day: Date) -> String {
    let kind = match kind {
        Spending::Operations => "operations",
        Spending::Hours => "hours",
        Spending::Queries => "queries",
        Spending::Work => "work",
    };
    format!("usage#{kind}#{day}")
}

fn spent(day: Date, mut item: Item) -> Option<Spent> {
    item.remove(PARTITION);
    item.remove(EXPIRES);
    let of = item.remove(SORT)?.as_s().ok()?.clone();
    let numbers = item.into_iter().filter_map(|(name, value)| Some((name, value.as_n().ok()?.parse().ok()?)));
    Some(Spent { day, of, numbers: numbers.collect() })
}
