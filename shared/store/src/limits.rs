//! Limits that must hold across processes: counters that end by themselves.
//!
//! A window begins with the first thing that is counted and ends a fixed time later. Each count is one conditional
//! update, so that requests at once cannot slip through together. What cannot be counted is refused.
//!
//! [`Store::count`] is for guesses: a window begins with the first one and ends for good. [`Store::admit`] is for requests: a pace that
//! a caller has used up comes back bit by bit.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::Rate;
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
            if let Some(ends) = ends(old.as_ref()).filter(|ends| *ends > now) {
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

    /// Admits so many requests at a rate: the pace after them, or the one that refused them (see [`Rate::admit`]). One round trip for whoever has
    /// not asked for a while, two for others.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn admit(
        &self,
        what: &str,
        (rate, many): (Rate, u32),
        now: Timestamp,
    ) -> Result<Result<i64, i64>> {
        let (micros, step) = (now.as_microsecond(), rate.step() * i64::from(many));
        if step > rate.span() {
            return Ok(Err(micros));
        }
        // Between the two updates the clock of another process may have let the pace pass: then the first one is tried again.
        for _ in 0..3 {
            let (first, pace) = (self.pacing(what, rate, now), micros + step);
            let first = first
                .update_expression("SET #pace = :pace, #expires = :expires")
                .condition_expression("attribute_not_exists(#pace) OR #pace <= :now")
                .expression_attribute_values(":pace", number(pace));
            if counted(first).await?.is_ok() {
                return Ok(Ok(pace));
            }
            let another = self
                .pacing(what, rate, now)
                .update_expression("SET #pace = #pace + :step, #expires = :expires")
                .condition_expression("#pace > :now AND #pace <= :most")
                .expression_attribute_values(":step", number(step))
                .expression_attribute_values(":most", number(micros + rate.span() - step))
                .return_values(ReturnValue::UpdatedNew);
            match counted(another).await? {
                Ok(new) => return Ok(Ok(pace_of(new.as_ref()).unwrap_or(pace))),
                Err(old) => {
                    if let Some(old) = pace_of(old.as_ref()).filter(|old| *old > micros) {
                        return Ok(Err(old));
                    }
                }
            }
        }
        Err(Error::unavailable("a limit's pace passed three times"))
    }

    fn update(&self, what: &str, limit: Limit, now: Timestamp) -> UpdateItemFluentBuilder {
        let ends = now + limit.window;
        self.updating(what)
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#ends", "ends")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":ends", number(ends.as_millisecond()))
            .expression_attribute_values(":expires", number(ends.as_second() + 60))
    }

    fn pacing(&self, what: &str, rate: Rate, now: Timestamp) -> UpdateItemFluentBuilder {
        self.updating(what)
            .expression_attribute_names("#pace", "pace")
            .expression_attribute_values(":now", number(now.as_microsecond()))
            .expression_attribute_values(":expires", number(now.as_second() + i64::from(rate.seconds()) + 60))
    }

    fn updating(&self, what: &str) -> UpdateItemFluentBuilder {
        self.client()
            .update_item()
            .table_name(self.name(&LIVE))
            .set_key(Some(key(&LIVE, what, SORT_KEY)))
            .expression_attribute_names("#expires", EXPIRES)
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

/// What the update returned if it was made, else the item that stood in its way.
async fn counted(update: UpdateItemFluentBuilder) -> Result<Result<Option<Item>, Option<Item>>> {
    match update.send().await {
        Ok(answer) => {
            meter::written(answer.consumed_capacity.as_slice());
            Ok(Ok(answer.attributes))
        }
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(Err(failed.item().cloned())),
            _ => Err(broken(error)),
        },
    }
}

fn ends(item: Option<&Item>) -> Option<Timestamp> {
    let millis = item?.get("ends")?.as_n().ok()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}

fn pace_of(item: Option<&Item>) -> Option<i64> {
    item?.get("pace")?.as_n().ok()?.parse().ok()
}
