//! The other design: an item for each quantum, put on condition that it does not exist.

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::Store;

use super::{at_once, slot, units};

const MINUTES: i64 = 5;

/// Write units of a claim; `None` when it takes more actions than a transaction has.
pub(super) async fn cost(
    store: &Store,
    table: &str,
    start: Timestamp,
    length: SignedDuration,
) -> Result<Option<u64>> {
    let resource = format!("slots of {} minutes", length.as_mins());
    claim(store, table, &resource, start, length).await
}

/// Attempts of all clients together, each for a quantum of its own.
pub(super) async fn contended(store: &Store, table: &str) -> Result<u64> {
    at_once(|client| async move {
        let quantum = SignedDuration::from_mins(MINUTES);
        let made = claim(store, table, "contended slots", slot(client), quantum).await?;
        made.map(|_| 1).ok_or_else(|| Error::internal("a quantum takes more than a transaction has"))
    })
    .await
}

async fn claim(
    store: &Store,
    table: &str,
    resource: &str,
    start: Timestamp,
    length: SignedDuration,
) -> Result<Option<u64>> {
    let quanta = usize::try_from((length.as_mins() + MINUTES - 1) / MINUTES).map_err(Error::internal)?;
    if quanta > store::MOST_ACTIONS {
        return Ok(None);
    }
    let mut request = store.client().transact_write_items();
    for n in 0..quanta {
        let minutes = i64::try_from(n).map_err(Error::internal)? * MINUTES;
        let at = start.checked_add(SignedDuration::from_mins(minutes)).map_err(Error::internal)?;
        let put = Put::builder()
            .table_name(table)
            .item("pk", AttributeValue::S(resource.to_owned()))
            .item("sk", AttributeValue::S(at.to_string()))
            .item("owner", AttributeValue::S("bkg_01jhx2tq5fszv8m4y6k0w3r9dn".to_owned()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(Error::internal)?;
        request = request.transact_items(TransactWriteItem::builder().put(put).build());
    }
    let answer = request
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .map_err(store::broken)?;
    units(answer.consumed_capacity()).map(Some)
}
