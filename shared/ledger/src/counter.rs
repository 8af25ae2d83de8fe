//! The counter: one conditional update for each item of a pool that a command touches.
//!
//! `DynamoDB` compares attributes with values and not with sums. So a cell keeps what is free beside what is claimed, and
//! "claimed + k ≤ capacity" becomes "free ≥ k", which needs no read before it and disturbs no other claim on the item.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use domain::PoolId;
use domain::pool::{Cell, Cells, Count};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use serde_json::Value;
use store::{Item, Store, schema};

use crate::expression::Expression;

/// Of one cell: units, and, if they may go beyond its capacity, what was seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wish {
    /// Claimed when above zero, given back when below.
    pub(crate) units: i64,
    /// The cell as it was when the decision was made to overbook it.
    pub(crate) beyond: Option<Count>,
}

/// The wishes of an item, by cell.
pub(crate) type Wishes = BTreeMap<Cell, Wish>;

/// The item that a cell lies in, and its place there: months of nights by day, the one cell of a total pool.
pub(crate) fn place(cell: Cell) -> (i64, i8) {
    match cell {
        Cell::Night(date) => (i64::from(date.year()) * 12 + i64::from(date.month()) - 1, date.day()),
        Cell::Total => (0, 0),
    }
}

fn cell(number: i64, day: i8) -> Option<Cell> {
    if day == 0 {
        return Some(Cell::Total);
    }
    let year = i16::try_from(number.div_euclid(12)).ok()?;
    let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
    Date::new(year, month, day).ok().map(Cell::Night)
}

/// The items that the cells lie in.
pub(crate) fn items(cells: &Cells) -> Vec<i64> {
    let mut items: Vec<i64> = cells.each().into_iter().map(|cell| place(cell).0).collect();
    items.dedup();
    items
}

/// The item's key.
pub(crate) fn key(pool: PoolId, number: i64) -> Item {
    HashMap::from([
        (schema::PARTITION.to_owned(), AttributeValue::S(pool.to_string())),
        (schema::SORT.to_owned(), AttributeValue::N(number.to_string())),
    ])
}

/// The cells of an item that have a number.
pub(crate) fn counts(number: i64, item: &Item) -> BTreeMap<Cell, Count> {
    let of = |letter: char, day: i8| item.get(&format!("{letter}{day}"));
    let read = |letter, day| of(letter, day).and_then(|value| value.as_n().ok()?.parse().ok());
    let count = |day| {
        let count = Count {
            capacity: read('c', day)?,
            claimed: read('n', day).unwrap_or_default(),
            free: read('f', day).unwrap_or_default(),
            overbooking: read('o', day).unwrap_or_default(),
            closed: of('x', day).is_some(),
        };
        Some((cell(number, day)?, count))
    };
    (0..=31).filter_map(count).collect()
}

/// The update that gives and takes if each may be given and taken.
pub(crate) fn update(store: &Store, (pool, number): (PoolId, i64), wishes: &Wishes) -> Result<Update> {
    let mut expression = Expression::default();
    for (cell, wish) in wishes {
        let (_, day) = place(*cell);
        let units = wish.units;
        if units < 0 {
            let given = expression.number(-units);
            expression.require(format!("n{day}>={given}"));
        } else {
            expression.require(format!("attribute_not_exists(x{day})"));
            let wanted = expression.number(units);
            if let Some(seen) = wish.beyond {
                let allowed = expression.number(seen.overbooking);
                let least = expression.number(units - seen.overbooking);
                expression.require(format!("o{day}={allowed} AND f{day}>={least} AND f{day}<{wanted}"));
            } else {
                expression.require(format!("f{day}>={wanted}"));
            }
        }
        let (more, less) = (expression.number(units), expression.number(-units));
        expression.add(format!("n{day} {more},f{day} {less}"));
    }
    expression.update(store, (pool.to_string(), number))
}

/// What it means that one of the wishes may not be granted, seen from the item as it is.
pub(crate) fn refusal((pool, number): (PoolId, i64), wishes: &Wishes, item: Option<&Item>) -> Error {
    let counts = item.map(|item| counts(number, item)).unwrap_or_default();
    let claimed = |cell| counts.get(cell).map_or(0, |count| count.claimed);
    if let Some((cell, wish)) = wishes.iter().find(|(cell, wish)| claimed(cell) + wish.units < 0) {
        return Error::internal(format!(
            "{pool} {cell}: {} units to give back of {}",
            -wish.units,
            claimed(cell)
        ));
    }
    let left = |cell| counts.get(cell).map_or(0, Count::left);
    let lacking = wishes.iter().filter(|(cell, wish)| wish.units > 0 && !granted(counts.get(cell), wish));
    let cells: Vec<Value> = lacking
        .map(|(cell, wish)| {
            serde_json::json!({ "cell": cell.to_string(), "wanted": wish.units, "left": left(cell) })
        })
        .collect();
    Error::new(Code::SoldOut, "not enough of this is left")
        .with_detail("pool", pool.to_string())
        .with_detail("cells", cells)
}

/// Whether the condition of a claim holds for the cell as it is.
fn granted(count: Option<&Count>, wish: &Wish) -> bool {
    count.is_some_and(|count| {
        let within = match wish.beyond {
            None => count.free >= wish.units,
            Some(seen) => {
                count.overbooking == seen.overbooking
                    && count.free >= wish.units - seen.overbooking
                    && count.free < wish.units
            }
        };
        within && !count.closed
    })
}
