//! Limits that must hold across processes: counters that end by themselves.
//!
//! A window begins with the first thing that is counted and ends a fixed time later. Each count is one conditional
//! update, so that requests at once cannot slip through together. What cannot be counted is refused.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::schema::{EXPIRES, LIVE, Table};
use crate::table::{Item, Record, broken, key, number};
use crate::{Store, Tx, meter};

const SORT_KEY: &str = "limit";

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub most: u32,
    /// In how long.
    pub window: SignedDuration,
}

impl Store {
    /// Counts one under this key.
    ///
    /// # Errors
    /// `rate_limited`, with the seconds until the window ends; `unavailable` when the database is.
    pub async fn count(&self, what: &str, limit: Limit, now: Timestamp) -> Result<()> {
        // Between the two updates another request may have begun the next window: then the first one counts again.
        for _ in 0..3 {
            let another = self
                .update(what, limit, now)
                .update_expression(
                    "SET #count = if_not_exists(#count, :zero) + :one, #ends = if_not_exists(#ends, :ends), \
                     #expires = if_not_exists(#expires, :expires)",
                )
                .condition_expression("attribute_not_exists(#count) OR (#ends > :now AND #count < :most)")
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":most", number(limit.most));
            let Err(old) = counted(another).await? else { return Ok(()) };
            if let Some(ends) = old.filter(|ends| *ends > now) {
                let seconds = ends.duration_since(now).as_secs().max(0) + 1;
                return Err(Error::new(Code::RateLimited, "too many attempts; try again later")
                    .with_retry_after(u32::try_from(seconds).unwrap_or(u32::MAX)));
            }
            let first = self
                .update(what, limit, now)
                .update_expression("SET #count = :one, #ends = :ends, #expires = :expires")
                .condition_expression("attribute_not_exists(#ends) OR #ends <= :now");
            if counted(first).await?.is_ok() {
                return Ok(());
            }
        }
        Err(Error::unavailable("a limit's window began again three times"))
    }

    fn update(&self, what: &str, limit: Limit, now: Timestamp) -> UpdateItemFluentBuilder {
        let ends = now + limit.window;
        self.client()
            .update_item()
            .table_name(self.name(&LIVE))
            .set_key(Some(key(&LIVE, what, SORT_KEY)))
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#ends", "ends")
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":ends", number(ends.as_millisecond()))
            .expression_attribute_values(":expires", number(ends.as_second() + 60))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }
}

impl Tx {
    /// Forgets what was counted under this key.
    pub fn forget(&mut self, store: &Store, what: &str) {
        self.delete(store, &LIVE, what, SORT_KEY);
    }

    /// Writes as much as a changed account and its event, and means nothing: so that what is done for somebody who does not
    /// exist takes as long as for somebody who does.
    pub fn pretend(&mut self, store: &Store, what: &str, now: Timestamp) {
        for part in ["record", "event"] {
            let what = format!("nothing#{what}#{part}");
            self.put(store, &Nothing { what, expires: now.as_second() + 60 });
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Nothing {
    what: String,
    expires: i64,
}

impl Record for Nothing {
    const TABLE: Table = LIVE;
    const NAME: &'static str = "nothing";

    fn key(&self) -> (String, String) {
        (self.what.clone(), "nothing".to_owned())
    }
}

/// Whether it was counted; if not, the end of the window that refused it.
async fn counted(update: UpdateItemFluentBuilder) -> Result<Result<(), Option<Timestamp>>> {
    match update.send().await {
        Ok(answer) => {
            meter::written(answer.consumed_capacity.as_slice());
            Ok(Ok(()))
        }
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(ends(failed.item()))),
            _ => Err(broken(error)),
        },
    }
}

fn ends(item: Option<&Item>) -> Option<Timestamp> {
    let millis = item?.get("ends")?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}
