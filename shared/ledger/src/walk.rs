//! For the auditor: everything that the ledger holds, page by page, and the two repairs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use domain::pool::{Cell, Count};
use domain::{PoolId, ResourceId, Span};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Item, Refused, Store, Tx, schema};

use crate::expression::Expression;
use crate::{TimeClaim, block, counter, mark, read};

/// What a quantum is marked with: until when, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u64);

impl Mark {
    /// The mark that a claim leaves.
    pub fn of(claim: &TimeClaim) -> Self {
        Self(mark::of(claim))
    }

    /// Whether it keeps others out at `now`: sold, or held and not run out.
    pub fn is_live(self, now: Timestamp) -> bool {
        self.0 >= mark::ended_before(now)
    }

    /// Whether a record's id gives these digits: certain for a record that claims this time.
    pub fn is_of(self, owner: u128) -> bool {
        mark::owner_of(self.0) == mark::owner(owner)
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match mark::until(self.0) {
            None => f.write_str("sold"),
            Some(until) => write!(f, "held until {until}"),
        }?;
        write!(f, " to the owner ending in {:08}", mark::owner_of(self.0))
    }
}

/// An item of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A block of time: the runs of quanta with one mark, in order.
    Block {
        /// Of what.
        resource: ResourceId,
        /// All the time that the block covers.
        span: Span,
        /// The runs, those that ended too.
        marks: Vec<(Span, Mark)>,
    },
    /// Cells of a pool.
    Counts {
        /// Of what.
        pool: PoolId,
        /// Each cell that was ever offered.
        counts: BTreeMap<Cell, Count>,
    },
    /// An item that nothing here writes.
    Unknown {
        /// Its key.
        partition: String,
    },
}

/// Where a walk goes on.
#[derive(Debug, Clone)]
pub struct Place(Item);

/// Some of what the ledger holds, and where to go on; `None` at the end. Half a read unit for four kilobytes; what is written
/// meanwhile may be missing, so what it tells is a suspicion until read again.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn walk(store: &Store, after: Option<Place>) -> Result<(Vec<Found>, Option<Place>)> {
    let answer = store
        .client()
        .scan()
        .table_name(store.name(&schema::LEDGER))
        .set_exclusive_start_key(after.map(|place| place.0))
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .map_err(store::broken)?;
    store::count_read(answer.consumed_capacity());
    let found = answer.items().iter().map(found).collect();
    Ok((found, answer.last_evaluated_key.map(Place)))
}

fn found(item: &Item) -> Found {
    let unknown = || {
        let partition = item.get(schema::PARTITION).and_then(|value| value.as_s().ok()).cloned();
        Found::Unknown { partition: partition.unwrap_or_default() }
    };
    let Ok(number) = read::number(item) else { return unknown() };
    if let Ok(resource) = read::partition::<ResourceId>(item) {
        let first = number.saturating_mul(block::QUANTA_PER_BLOCK);
        let span = |quanta: std::ops::Range<i64>| {
            Span::new(block::start_of(quanta.start), block::start_of(quanta.end))
        };
        let Some(all) = span(first..first.saturating_add(block::QUANTA_PER_BLOCK)) else { return unknown() };
        let marks = read::marks(item).into_iter().map(|(place, mark)| (first.saturating_add(place), mark));
        return Found::Block { resource, span: all, marks: runs(marks) };
    }
    match read::partition::<PoolId>(item) {
        Ok(pool) => Found::Counts { pool, counts: counter::counts(number, item) },
        Err(_) => unknown(),
    }
}

/// Neighbouring quanta with the same mark, as spans; `quanta` in order.
fn runs(quanta: impl Iterator<Item = (i64, u64)>) -> Vec<(Span, Mark)> {
    let mut runs: Vec<(Span, Mark)> = Vec::new();
    for (quantum, mark) in quanta {
        let (start, end) = (block::start_of(quantum), block::start_of(quantum.saturating_add(1)));
        let Some(alone) = Span::new(start, end) else { continue };
        match runs.last_mut() {
            Some((run, last)) if run.end() == start && last.0 == mark => {
                *run = Span::new(run.start(), end).unwrap_or(*run);
            }
            _ => runs.push((alone, Mark(mark))),
        }
    }
    runs
}

/// The marks that a resource has within the span, those that ended too, in order. Read consistently, in one query.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn marks(store: &Store, resource: ResourceId, span: Span) -> Result<Vec<(Span, Mark)>> {
    let marks = read::marks_within(store, resource, span).await?;
    Ok(runs(marks.into_iter()))
}

/// Repair: adds to a transaction that the span loses this mark, unless it has another one by then.
///
/// # Errors
/// `internal` when the SDK refuses an expression.
pub fn strike(tx: &mut Tx, store: &Store, resource: ResourceId, span: &Span, mark: Mark) -> Result<()> {
    let mut blocks: BTreeMap<i64, Expression> = BTreeMap::new();
    for quantum in block::quanta(span) {
        let (number, place) = block::place(quantum);
        let expression = blocks.entry(number).or_default();
        let (name, mark) = (block::attribute(place), expression.number(mark.0));
        expression.require(format!("{name}={mark}"));
        expression.remove(name);
    }
    for (number, expression) in blocks {
        let update = expression.update(store, (resource.to_string(), number))?;
        tx.push(TransactWriteItem::builder().update(update).build(), changed);
    }
    Ok(())
}

/// A cell and how many units its records claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount {
    /// Of what.
    pub pool: PoolId,
    /// Where.
    pub cell: Cell,
    /// What the ledger says, which must still be so.
    pub seen: Count,
    /// What the records say.
    pub claimed: i64,
}

/// Repair: adds to a transaction that a cell has the claimed units that its records say, unless it changed meanwhile.
///
/// # Errors
/// `internal` when the SDK refuses an expression.
pub fn recount(tx: &mut Tx, store: &Store, to: &Recount) -> Result<()> {
    let (number, day) = counter::place(to.cell);
    let mut expression = Expression::default();
    for (letter, value) in [('n', to.seen.claimed), ('f', to.seen.free), ('c', to.seen.capacity)] {
        let value = expression.number(value);
        expression.require(format!("{letter}{day}={value}"));
    }
    let (claimed, free) = (expression.number(to.claimed), expression.number(to.seen.capacity - to.claimed));
    expression.set(format!("n{day}={claimed},f{day}={free}"));
    let update = expression.update(store, (to.pool.to_string(), number))?;
    tx.push(TransactWriteItem::builder().update(update).build(), changed);
    Ok(())
}

fn changed(_: Option<Item>) -> Refused {
    Refused::Error(Error::new(Code::Changed, "the ledger changed while it was looked at"))
}
