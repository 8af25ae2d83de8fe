//! How many there are: opening, closing and changing the capacity of a pool's cells.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::PoolId;
use domain::pool::{Cell, Cells, Count};
use errors::{Code, Error, Result};
use serde_json::Value;
use store::{Item, Refused, Store, Tx};

use crate::counter;
use crate::expression::Expression;

/// What is offered of each cell from now on; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer {
    /// How many there are.
    pub capacity: Option<u32>,
    /// How many may be sold beyond that.
    pub overbooking: Option<u32>,
    /// Whether nothing is sold, whatever is free.
    pub closed: Option<bool>,
}

/// What becomes of an offer below what is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BelowSold {
    /// It is refused.
    Refuse,
    /// It holds, and what is sold beyond it is told, to be resolved.
    Queue,
}

impl Offer {
    /// The cell as it is under this offer; `None` if it has no capacity and is given none.
    fn over(&self, seen: Option<&Count>) -> Option<Count> {
        let before = match (seen, self.capacity) {
            (Some(seen), _) => *seen,
            (None, Some(_)) => Count::default(),
            (None, None) => return None,
        };
        let capacity = self.capacity.map_or(before.capacity, i64::from);
        Some(Count {
            capacity,
            claimed: before.claimed,
            free: before.free + capacity - before.capacity,
            overbooking: self.overbooking.map_or(before.overbooking, i64::from),
            closed: self.closed.unwrap_or(before.closed),
        })
    }
}

/// Adds the change of what is offered to a transaction; answers the cells in which more is sold than may be from then on, for
/// the command's event to tell. `seen` is what was read of the cells just before: a sale in between that matters for the
/// outcome refuses the transaction with `changed`, any other does not disturb it.
///
/// # Errors
/// `below_sold` when the offer is below what is sold and that is to be refused; `validation_failed` when a cell that was never
/// offered is given no capacity; `internal` when the SDK refuses an expression.
pub fn offer(
    tx: &mut Tx,
    store: &Store,
    (pool, cells): (PoolId, &Cells),
    offer: &Offer,
    seen: &BTreeMap<Cell, Count>,
    below: BelowSold,
) -> Result<Vec<(Cell, Count)>> {
    let mut items: BTreeMap<i64, Vec<(Cell, Option<Count>, Count)>> = BTreeMap::new();
    let (mut short, mut deeper) = (Vec::new(), false);
    for cell in cells.each() {
        let before = seen.get(&cell).copied();
        let after = offer.over(before.as_ref()).ok_or_else(|| {
            Error::field("/capacity", "required", format!("{cell} was never offered: say how many there are"))
        })?;
        if after.short() > 0 {
            short.push((cell, after));
            deeper |= after.short() > before.map_or(0, |before| before.short());
        }
        items.entry(counter::place(cell).0).or_default().push((cell, before, after));
    }
    // What makes a shortage smaller is never refused, also while it leaves one.
    if below == BelowSold::Refuse && deeper {
        return Err(below_sold(pool, &short));
    }
    for (number, changes) in items {
        let update = update(store, (pool, number), &changes)?;
        tx.push(TransactWriteItem::builder().update(update).build(), move |item: Option<Item>| {
            Refused::Error(refusal(pool, number, &changes, item.as_ref(), below))
        });
    }
    Ok(short)
}

fn update(
    store: &Store,
    (pool, number): (PoolId, i64),
    changes: &[(Cell, Option<Count>, Count)],
) -> Result<Update> {
    let mut expression = Expression::default();
    for (cell, before, after) in changes {
        let (_, day) = counter::place(*cell);
        let capacity = expression.number(after.capacity);
        if let Some(before) = before {
            let (known, by) =
                (expression.number(before.capacity), expression.number(after.capacity - before.capacity));
            expression.require(format!("c{day}={known}"));
            // What is not told as short must not be.
            if after.short() == 0 {
                let least = expression.number(before.free - after.free - after.overbooking);
                expression.require(format!("f{day}>={least}"));
            }
            expression.set(format!("c{day}={capacity},f{day}=f{day}+{by}"));
        } else {
            let none = expression.number(0);
            expression.require(format!("attribute_not_exists(c{day})"));
            expression.set(format!("c{day}={capacity},f{day}={capacity},n{day}={none}"));
        }
        if after.overbooking > 0 {
            let overbooking = expression.number(after.overbooking);
            expression.set(format!("o{day}={overbooking}"));
        } else {
            expression.remove(format!("o{day}"));
        }
        if after.closed {
            let closed = expression.value(AttributeValue::Bool(true));
            expression.set(format!("x{day}={closed}"));
        } else {
            expression.remove(format!("x{day}"));
        }
    }
    expression.update(store, (pool.to_string(), number))
}

/// Somebody bought, or changed the offer, between the read and the write.
fn refusal(
    pool: PoolId,
    number: i64,
    changes: &[(Cell, Option<Count>, Count)],
    item: Option<&Item>,
    below: BelowSold,
) -> Error {
    let counts = item.map(|item| counter::counts(number, item)).unwrap_or_default();
    let sold = |(cell, before, after): &(Cell, Option<Count>, Count)| {
        let (now, before) = (counts.get(cell)?, before.as_ref()?);
        let free = now.free + after.capacity - before.capacity;
        let would = Count { claimed: now.claimed, free, ..*after };
        (now.capacity == before.capacity && would.short() > 0).then_some((*cell, would))
    };
    let short: Vec<(Cell, Count)> = changes.iter().filter_map(sold).collect();
    if below == BelowSold::Refuse && !short.is_empty() {
        return below_sold(pool, &short);
    }
    Error::new(Code::Changed, "the pool was changed by another request")
}

fn below_sold(pool: PoolId, short: &[(Cell, Count)]) -> Error {
    let cell = |(cell, count): &(Cell, Count)| serde_json::json!({ "cell": cell.to_string(), "sold": count.claimed, "short": count.short() });
    Error::new(Code::BelowSold, "more is sold than that")
        .with_detail("pool", pool.to_string())
        .with_detail("cells", short.iter().map(cell).collect::<Value>())
}
