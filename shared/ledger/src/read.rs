//! What is taken, read from the blocks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use domain::pool::{Cell, Cells, Count};
use domain::{PoolId, ResourceId, Span};
use errors::{Error, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Item, Store, schema};

use crate::{block, counter, mark};

/// `DynamoDB`'s own limit on keys in a batch.
const MOST_KEYS: usize = 100;
/// Rounds of a batch that is answered in parts.
const MOST_ROUNDS: u32 = 5;
/// Blocks of one resource that are cheaper to get by their keys, each for a unit at least, than to find by a query.
const FEW_BLOCKS: usize = 4;
/// Queries at once.
const AT_ONCE: usize = 16;

/// A run of quanta with one mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenSpan {
    /// When, in whole quanta.
    pub span: Span,
    /// Whether it is held only, or sold.
    pub held: bool,
    owner: u64,
}

impl TakenSpan {
    /// Whether a record's id gives these eight digits: certain for a record that claims this time.
    pub fn is_of(&self, owner: u128) -> bool {
        self.owner == mark::owner(owner)
    }
}

/// What a resource's blocks say of a span, holds that have ended since among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed(Vec<(i64, u64)>);

impl Claimed {
    /// What is taken at `now`, in order.
    pub fn at(&self, now: Timestamp) -> Vec<TakenSpan> {
        let free_from = mark::ended_before(now);
        runs(self.0.iter().copied().filter(|(_, mark)| *mark >= free_from)).collect()
    }
}

/// What is claimed of a resource within the span. One query, whose cost grows with the span and not with the number of bookings.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn claimed(store: &Store, resource: ResourceId, span: Span) -> Result<Claimed> {
    Ok(Claimed(marks_within(store, resource, span).await?.into_iter().collect()))
}

/// What is taken of a resource within the span at `now`, in order: as [`claimed`].
///
/// # Errors
/// `unavailable` when the database is.
pub async fn taken(
    store: &Store,
    resource: ResourceId,
    span: Span,
    now: Timestamp,
) -> Result<Vec<TakenSpan>> {
    Ok(claimed(store, resource, span).await?.at(now))
}

/// The marks of the quanta that the span touches, those that ended too.
pub(crate) async fn marks_within(
    store: &Store,
    resource: ResourceId,
    span: Span,
) -> Result<BTreeMap<i64, u64>> {
    let quanta = block::quanta(&span);
    let (first, last) = (block::place(quanta.start).0, block::place(quanta.end - 1).0);
    let mut marks = BTreeMap::new();
    let mut after: Option<Item> = None;
    loop {
        let answer = store
            .client()
            .query()
            .table_name(store.name(&schema::LEDGER))
            .consistent_read(true)
            .key_condition_expression("pk = :p AND sk BETWEEN :a AND :b")
            .expression_attribute_values(":p", AttributeValue::S(resource.to_string()))
            .expression_attribute_values(":a", AttributeValue::N(first.to_string()))
            .expression_attribute_values(":b", AttributeValue::N(last.to_string()))
            .set_exclusive_start_key(after)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(store::broken)?;
        store::count_read(answer.consumed_capacity());
        for item in answer.items() {
            let number = number(item)?;
            for (place, mark) in self::marks(item) {
                marks.insert(number * block::QUANTA_PER_BLOCK + place, mark);
            }
        }
        after = answer.last_evaluated_key;
        if after.is_none() {
            break;
        }
    }
    marks.retain(|quantum, _| quanta.contains(quantum));
    Ok(marks)
}

/// Those of the resources, each named once, of which something is taken within its span at `now`. Spans of a day and less are read together, one trip
/// for each hundred blocks; longer ones by a query each.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn busy(
    store: &Store,
    wanted: &[(ResourceId, Span)],
    now: Timestamp,
) -> Result<BTreeSet<ResourceId>> {
    let free_from = mark::ended_before(now);
    let blocks = |span: &Span| {
        let quanta = block::quanta(span);
        block::place(quanta.start).0..=block::place(quanta.end - 1).0
    };
    let (short, long): (Vec<(ResourceId, Span)>, Vec<_>) =
        wanted.iter().partition(|(_, span)| blocks(span).count() <= FEW_BLOCKS);
    let keys = short.iter().flat_map(|(resource, span)| blocks(span).map(|number| key(*resource, number)));
    let spans: BTreeMap<ResourceId, Range<i64>> =
        short.iter().map(|(resource, span)| (*resource, block::quanta(span))).collect();
    let mut busy = BTreeSet::new();
    for item in batch(store, keys).await? {
        let (resource, number) = (partition(&item)?, number(&item)?);
        let within = |place| {
            let quantum = number * block::QUANTA_PER_BLOCK + place;
            spans.get(&resource).is_some_and(|quanta| quanta.contains(&quantum))
        };
        if marks(&item).into_iter().any(|(place, mark)| within(place) && mark >= free_from) {
            busy.insert(resource);
        }
    }
    let queries = long.into_iter().map(|(resource, span)| async move {
        let taken = taken(store, resource, span, now).await?;
        Result::Ok((resource, taken.is_empty()))
    });
    let found: Vec<_> = stream::iter(queries).buffer_unordered(AT_ONCE).try_collect().await?;
    busy.extend(found.into_iter().filter(|(_, free)| !free).map(|(resource, _)| resource));
    Ok(busy)
}

/// Those of the resources that somebody has at this instant, held or sold. One trip for each hundred.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn taken_at(
    store: &Store,
    resources: &[ResourceId],
    instant: Timestamp,
) -> Result<BTreeSet<ResourceId>> {
    let quantum = block::quantum_of(instant);
    let (number, place) = block::place(quantum);
    let free_from = mark::ended_before(instant);
    let mut busy = BTreeSet::new();
    for item in batch(store, resources.iter().map(|resource| key(*resource, number))).await? {
        if marks(&item).get(&place).is_some_and(|mark| *mark >= free_from) {
            busy.insert(partition(&item)?);
        }
    }
    Ok(busy)
}

/// What is claimed and free of the cells of each pool; those that were never offered are missing. One trip for each hundred
/// months of nights or total pools.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn counts(
    store: &Store,
    wanted: &[(PoolId, Cells)],
) -> Result<BTreeMap<PoolId, BTreeMap<Cell, Count>>> {
    let of = |(pool, cells): &(PoolId, Cells)| {
        counter::items(cells).into_iter().map(|number| (*pool, number)).collect::<Vec<_>>()
    };
    let items: BTreeSet<(PoolId, i64)> = wanted.iter().flat_map(of).collect();
    let mut found: BTreeMap<PoolId, BTreeMap<Cell, Count>> = BTreeMap::new();
    for item in batch(store, items.into_iter().map(|(pool, number)| counter::key(pool, number))).await? {
        let number = number(&item)?;
        found.entry(partition(&item)?).or_default().extend(counter::counts(number, &item));
    }
    for (pool, counts) in &mut found {
        let asked: BTreeSet<Cell> =
            wanted.iter().filter(|(of, _)| of == pool).flat_map(|(_, cells)| cells.each()).collect();
        counts.retain(|cell, _| asked.contains(cell));
    }
    Ok(found)
}

/// Where a block of a resource lies.
fn key(resource: ResourceId, number: i64) -> Item {
    HashMap::from([
        (schema::PARTITION.to_owned(), AttributeValue::S(resource.to_string())),
        (schema::SORT.to_owned(), AttributeValue::N(number.to_string())),
    ])
}

/// Items by key, those that exist, read consistently and in no order.
async fn batch(store: &Store, keys: impl Iterator<Item = Item>) -> Result<Vec<Item>> {
    let table = store.name(&schema::LEDGER);
    let keys: Vec<Item> = keys.collect();
    let mut found = Vec::new();
    for some in keys.chunks(MOST_KEYS) {
        let mut wanted = some.to_vec();
        let mut rounds = 0;
        while !wanted.is_empty() {
            rounds += 1;
            if rounds > MOST_ROUNDS {
                return Err(Error::unavailable("a batch read of the ledger stayed unprocessed"));
            }
            let keys = KeysAndAttributes::builder().set_keys(Some(std::mem::take(&mut wanted)));
            let keys = keys.consistent_read(true).build().map_err(Error::internal)?;
            let answer = store
                .client()
                .batch_get_item()
                .request_items(&table, keys)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(store::broken)?;
            for part in answer.consumed_capacity() {
                store::count_read(Some(part));
            }
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let rest = answer.unprocessed_keys.unwrap_or_default();
            wanted = rest.into_values().flat_map(|rest| rest.keys).collect();
        }
    }
    Ok(found)
}

/// Whose the item is.
pub(crate) fn partition<T: std::str::FromStr>(item: &Item) -> Result<T> {
    let partition = item.get(schema::PARTITION).and_then(|value| value.as_s().ok()?.parse().ok());
    partition.ok_or_else(|| Error::internal("a ledger item of nobody"))
}

/// Which of its items.
pub(crate) fn number(item: &Item) -> Result<i64> {
    let number = item.get(schema::SORT).and_then(|value| value.as_n().ok()?.parse().ok());
    number.ok_or_else(|| Error::internal("a ledger item without a number"))
}

/// The marks of a block's item, by place.
pub(crate) fn marks(item: &Item) -> BTreeMap<i64, u64> {
    item.iter()
        .filter_map(|(name, value)| Some((block::place_of(name)?, value.as_n().ok()?.parse().ok()?)))
        .collect()
}

/// Neighbouring quanta with the same mark, as spans; `quanta` in order.
pub(crate) fn runs(quanta: impl Iterator<Item = (i64, u64)>) -> impl Iterator<Item = TakenSpan> {
    let mut runs: Vec<(i64, i64, u64)> = Vec::new();
    for (quantum, mark) in quanta {
        match runs.last_mut() {
            Some((_, end, last)) if *end == quantum && *last == mark => *end += 1,
            _ => runs.push((quantum, quantum + 1, mark)),
        }
    }
    runs.into_iter().filter_map(|(start, end, mark)| {
        Some(TakenSpan {
            span: Span::new(block::start_of(start), block::start_of(end))?,
            held: mark::is_hold(mark),
            owner: mark::owner_of(mark),
        })
    })
}
