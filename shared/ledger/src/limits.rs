//! How near the longest commands come to the limits of `DynamoDB`, computed from the updates that would be sent.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use domain::pool::{Cell, Cells, Count, MOST_BY_NIGHT, Nights};
use domain::{PoolId, ResourceId, Span};
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::date;
use store::{Item, Store, Tx, schema};

use crate::claim::{Claim, TimeClaim, UnitsClaim};
use crate::{BelowSold, Changes, Offer, QUANTA_PER_BLOCK, block, mark, offer};

/// Operators and functions that an expression may have.
pub const MOST_OPERATORS: usize = 300;
/// Bytes that an expression may have.
pub const MOST_BYTES: usize = 4_096;
/// Bytes up to which an item costs one write unit.
pub const UNIT_BYTES: usize = 1_024;

/// The larger of a command's two expressions, and what its item has afterwards at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The command.
    pub what: &'static str,
    /// Operators and functions, each counted, those of the other expression apart.
    pub operators: usize,
    /// Bytes of the expression.
    pub bytes: usize,
}

/// The longest command of each kind on one item: those that touch more items touch each with less.
///
/// # Errors
/// `internal` when the SDK refuses an expression.
pub fn longest(store: &Store) -> Result<Vec<Measured>> {
    let half = QUANTA_PER_BLOCK / 2;
    let hold = |from, quanta| time(from, quanta, true);
    let sold = |from, quanta| time(from, quanta, false);
    let shift = |from: &Claim, to: &Claim| Changes::new().release(from).take(to);
    let month = units(Nights::new(date(2027, 1, 1), date(2027, 2, 1)))?;
    let counts = |count: Count| month_of(count);
    let full = counts(Count { capacity: 9_000, claimed: 9_000, overbooking: 999, ..Count::default() });
    let pool = PoolId::derived([1; 16]);
    let mut measured = Vec::new();
    let mut of = |what, changes: Changes| {
        let mut tx = Tx::new();
        changes.add_to(&mut tx, store, now())?;
        measured.push(measure(what, &tx)?);
        Ok::<_, Error>(())
    };
    of("claim a block", Changes::new().take(&hold(0, QUANTA_PER_BLOCK)?))?;
    of("confirm a block", shift(&hold(0, QUANTA_PER_BLOCK)?, &sold(0, QUANTA_PER_BLOCK)?))?;
    of("release a block", Changes::new().release(&sold(0, QUANTA_PER_BLOCK)?))?;
    of("move half a block into the other half", shift(&sold(0, half)?, &sold(half, half)?))?;
    of("move nearly a block by a quantum", shift(&sold(0, 71)?, &sold(1, 71)?))?;
    of("claim a month of nights", Changes::new().take(&month))?;
    of("overbook a month of nights", Changes::new().take(&month).overbook(pool, &full))?;
    of("release a month of nights", Changes::new().release(&month))?;
    let nights = Cells::Nights(nights(Nights::new(date(2027, 1, 1), date(2027, 2, 1)))?);
    let all = Offer { capacity: Some(8_999), overbooking: Some(1_000), closed: Some(true) };
    for (what, seen) in [("open a month of nights", BTreeMap::new()), ("change a month of nights", full)] {
        let mut tx = Tx::new();
        offer(&mut tx, store, (pool, &nights), &all, &seen, BelowSold::Refuse)?;
        measured.push(measure(what, &tx)?);
    }
    Ok(measured)
}

/// The bytes of a full block and of a full month of nights with the largest numbers, as `DynamoDB` counts an item's size.
///
/// # Errors
/// None in fact: the span that it makes is not empty.
pub fn fullest() -> Result<[(&'static str, usize); 2]> {
    let Claim::Time(claim) = time(0, QUANTA_PER_BLOCK, false)? else {
        return Err(Error::internal("a claim on time is none"));
    };
    let number = |value: u64| AttributeValue::N(value.to_string());
    let key = |partition: String, number: i64| {
        [
            (schema::PARTITION.to_owned(), AttributeValue::S(partition)),
            (schema::SORT.to_owned(), AttributeValue::N(number.to_string())),
        ]
    };
    let mut time: Item = key(claim.resource.to_string(), 999_999).into();
    time.insert(schema::EXPIRES.to_owned(), number(9_999_999_999));
    time.extend((0..QUANTA_PER_BLOCK).map(|place| (block::attribute(place), number(mark::of(&claim)))));
    let mut nights: Item = key(PoolId::derived([1; 16]).to_string(), 24_323).into();
    for day in 1..=31 {
        for letter in ['c', 'n', 'f', 'o'] {
            nights.insert(format!("{letter}{day}"), AttributeValue::N(format!("-{MOST_BY_NIGHT}")));
        }
        nights.insert(format!("x{day}"), AttributeValue::Bool(true));
    }
    Ok([("a full block", bytes(&time)), ("a full month of nights", bytes(&nights))])
}

/// An item's size: names and texts count in full, a number a byte for two digits and one more, and one for its sign.
/// Source: "`DynamoDB` item sizes and formats" of the developer guide.
fn bytes(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => {
            digits.trim_start_matches('-').len().div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
        }
        _ => 1,
    };
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

/// The larger of the two expressions of the one update in the transaction.
fn measure(what: &'static str, tx: &Tx) -> Result<Measured> {
    let update = tx.actions().first().and_then(|action| action.update());
    let update: &Update = update.ok_or_else(|| Error::internal("a command that updates nothing"))?;
    let (condition, effect) = (update.condition_expression().unwrap_or_default(), update.update_expression());
    Ok(Measured {
        what,
        operators: operators(condition).max(operators(effect)),
        bytes: condition.len().max(effect.len()),
    })
}

/// Comparisons, sums, assignments, logic and functions of an expression: more than `DynamoDB` counts, never less.
pub(crate) fn operators(expression: &str) -> usize {
    let symbols = ["<=", ">=", "<>", "=", "<", ">", "+", "-"];
    let mut rest = expression;
    let mut count = 0;
    while let Some(first) = rest.chars().next() {
        let symbol = symbols.iter().find(|symbol| rest.starts_with(**symbol));
        let word = rest.len()
            - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_:#".contains(c)).len();
        let (taken, is_operator) = match symbol {
            Some(symbol) => (symbol.len(), true),
            None if word > 0 => {
                let (name, after) = rest.split_at(word);
                (word, ["AND", "OR", "NOT", "BETWEEN", "IN"].contains(&name) || after.starts_with('('))
            }
            None => (first.len_utf8(), false),
        };
        count += usize::from(is_operator);
        rest = rest.get(taken..).unwrap_or_default();
    }
    count
}

fn time(from: i64, quanta: i64, held: bool) -> Result<Claim> {
    // The first quantum of a block.
    let first = 1_800_000_000_i64.div_euclid(300).div_euclid(QUANTA_PER_BLOCK) * QUANTA_PER_BLOCK;
    let at = |quantum: i64| block::start_of(first + quantum);
    let span = Span::new(at(from), at(from + quanta)).ok_or_else(|| Error::internal("an empty span"))?;
    Ok(Claim::Time(TimeClaim {
        resource: ResourceId::derived([1; 16]),
        span,
        held_until: held.then(now),
        owner: 99_999_999,
    }))
}

fn units(of: Option<Nights>) -> Result<Claim> {
    let cells = Cells::Nights(nights(of)?);
    Ok(Claim::Units(UnitsClaim { pool: PoolId::derived([1; 16]), cells, quantity: 999 }))
}

fn nights(of: Option<Nights>) -> Result<Nights> {
    of.ok_or_else(|| Error::internal("no nights"))
}

fn month_of(count: Count) -> BTreeMap<Cell, Count> {
    (1..=31).map(|day| (Cell::Night(date(2027, 1, day)), count)).collect()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap_or(Timestamp::UNIX_EPOCH)
}
