//! The other design: a document of all bookings of a day, read, changed and written back on condition of its version.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::{Item, Store};

use super::{at_once, slot, units};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// More attempts than clients: only the last can fail so often.
const MOST_ATTEMPTS: u64 = 1_000;

/// Write units of a claim on days that have so many bookings each.
pub(super) async fn cost(
    store: &Store,
    table: &str,
    (start, length): (Timestamp, SignedDuration),
    bookings: usize,
) -> Result<u64> {
    let resource = format!("days of {} minutes, {bookings} bookings", length.as_mins());
    let mut day = start;
    let end = start.checked_add(length).map_err(Error::internal)?;
    let mut request = store.client().transact_write_items();
    while day < end {
        let spans: Vec<String> =
            (0..=bookings).map(|n| entry(slot(n), SignedDuration::from_mins(5))).collect();
        let put = put(table, &resource, day, 1, spans)?;
        request = request.transact_items(TransactWriteItem::builder().put(put).build());
        day = day.checked_add(DAY).map_err(Error::internal)?;
    }
    let answer = request
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .map_err(store::broken)?;
    units(answer.consumed_capacity())
}

/// Attempts of all clients together, each for a time of its own, until all have it.
pub(super) async fn contended(store: &Store, table: &str) -> Result<u64> {
    at_once(|client| async move {
        for attempt in 1..=MOST_ATTEMPTS {
            if book(store, table, slot(client)).await? {
                return Ok(attempt);
            }
        }
        Err(Error::internal("a client was never the first"))
    })
    .await
}

/// Reads the day, adds a booking, writes the day; whether nobody else did meanwhile.
async fn book(store: &Store, table: &str, at: Timestamp) -> Result<bool> {
    let (resource, day) = ("contended day", slot(0));
    let found = store
        .client()
        .get_item()
        .table_name(table)
        .key("pk", AttributeValue::S(resource.to_owned()))
        .key("sk", AttributeValue::S(day.to_string()))
        .consistent_read(true)
        .send()
        .await
        .map_err(store::broken)?
        .item
        .unwrap_or_default();
    let (version, mut spans) = read(&found);
    spans.push(entry(at, SignedDuration::from_mins(5)));
    let put = put(table, resource, day, version + 1, spans)?;
    let written = store
        .client()
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .send()
        .await;
    match written {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(error))
            if matches!(error.err(), TransactWriteItemsError::TransactionCanceledException(_)) =>
        {
            Ok(false)
        }
        Err(error) => Err(store::broken(error)),
    }
}

fn read(item: &Item) -> (u64, Vec<String>) {
    let version = item.get("version").and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or_default();
    let spans = item.get("spans").and_then(|value| value.as_ss().ok()).cloned().unwrap_or_default();
    (version, spans)
}

/// A booking as it stands in a document: its times and its id.
fn entry(start: Timestamp, length: SignedDuration) -> String {
    let end = start.saturating_add(length).unwrap_or(start);
    format!("{start}/{end}/bkg_{:026}", start.as_second())
}

fn put(table: &str, resource: &str, day: Timestamp, version: u64, spans: Vec<String>) -> Result<Put> {
    Put::builder()
        .table_name(table)
        .item("pk", AttributeValue::S(resource.to_owned()))
        .item("sk", AttributeValue::S(day.to_string()))
        .item("version", AttributeValue::N(version.to_string()))
        .item("spans", AttributeValue::Ss(spans))
        .condition_expression("attribute_not_exists(pk) OR version = :before")
        .expression_attribute_values(":before", AttributeValue::N((version - 1).to_string()))
        .build()
        .map_err(Error::internal)
}
