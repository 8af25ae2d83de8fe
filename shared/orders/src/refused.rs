//! What a refused order is told: of each line what lacks where, and what there is instead.

use std::collections::BTreeMap;

use domain::pool::{Cell, Cells, Count, Lack, Nights, alternatives};
use domain::{OrderLine, PoolId};
use errors::{Code, Error};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::demand::{Counts, Demand};

/// Most alternatives told for a line.
const ALTERNATIVES: usize = 5;

/// The refusal of an order of which some cells lack units.
pub(crate) fn sold_out(
    lines: &[OrderLine],
    demand: &Demand,
    seen: &Counts,
    lacking: &BTreeMap<(PoolId, Cell), Lack>,
    today: Date,
) -> Error {
    let told = |(at, line): (usize, &OrderLine)| {
        let lack = |cell: Cell| lacking.get(&(line.pool, cell)).map(|lack| lack.told(cell));
        let reasons: Vec<Value> = line.cells.each().into_iter().filter_map(lack).collect();
        if reasons.is_empty() {
            return None;
        }
        let beside = demand.beside(line, seen);
        let mut told = json!({
            "line": at, "pool_id": line.pool.to_string(), "quantity": line.quantity, "reasons": reasons,
        });
        if let Some(object) = told.as_object_mut() {
            let (name, instead) = instead(line, &beside, today);
            object.insert(name.to_owned(), instead);
        }
        Some(told)
    };
    let told: Vec<Value> = lines.iter().enumerate().filter_map(told).collect();
    Error::new(Code::SoldOut, "not enough of this is left").with_detail("lines", told)
}

/// The nearest stays of as many nights; of a total pool, what is left.
fn instead(line: &OrderLine, counts: &BTreeMap<Cell, Count>, today: Date) -> (&'static str, Value) {
    match line.cells {
        Cells::Nights(nights) => {
            let found = alternatives(counts, &nights, i64::from(line.quantity), today, ALTERNATIVES);
            ("alternatives", found.into_iter().map(stay).collect())
        }
        Cells::Total => ("left", counts.get(&Cell::Total).map_or(0, Count::left).into()),
    }
}

/// Nights as told in details.
fn stay(nights: Nights) -> Value {
    json!({ "arrival": nights.from().to_string(), "departure": nights.to().to_string() })
}
