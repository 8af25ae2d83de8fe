//! Whether an order can have these lines: their pools are there, of one location, and of the right kind.

use std::collections::BTreeSet;

use domain::pool::{Cell, Lack};
use domain::{LocationId, Order, OrderLine, PoolId, PoolKind};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use store::Together;
use web::Fields;

use crate::demand::Demand;

/// The location of the lines, and the day that it is there. An order that is changed stays at its location, and keeps what it
/// has of a pool that was retired since.
///
/// # Errors
/// `validation_failed` with every line's pool that is unknown, retired, elsewhere or counted otherwise; `not_bookable` when a
/// night has passed.
pub fn place(
    lines: &[OrderLine],
    before: Option<&Order>,
    known: &Together,
    now: Timestamp,
) -> Result<(LocationId, Date)> {
    let demand = Demand::between(before, lines);
    let takes: BTreeSet<PoolId> = demand.taken().map(|(pool, ..)| pool).collect();
    let first = lines.iter().find_map(|line| known.pool(line.pool));
    let location = before.map(|before| before.location).or(first.map(|pool| pool.location));
    let mut fields = Fields::new();
    for (at, line) in lines.iter().enumerate() {
        let pointer = |field: &str| format!("/lines/{at}/{field}");
        let Some(pool) = known.pool(line.pool) else {
            fields.refuse(pointer("pool_id"), "unknown", "there is no such pool");
            continue;
        };
        if pool.retired && takes.contains(&pool.id) {
            fields.refuse(pointer("pool_id"), "retired", "is no longer offered");
        }
        if Some(pool.location) != location {
            fields.refuse(pointer("pool_id"), "other_location", "must be at the same location as all lines");
        }
        match pool.kind {
            _ if line.cells.are_of(pool.kind) => {}
            PoolKind::Nightly => {
                fields.refuse(pointer("arrival"), "required", "is required: this is sold by the night");
                fields.refuse(pointer("departure"), "required", "is required: this is sold by the night");
            }
            PoolKind::Total => {
                fields.refuse(pointer("arrival"), "unexpected", "must be left out: this has no nights");
            }
        }
    }
    fields.check()?;
    let first = first.ok_or_else(|| Error::internal("an order without lines passed its checks"))?;
    let today = first.today(now);
    let past = |cell: &Cell| matches!(cell, Cell::Night(date) if *date < today);
    let past: BTreeSet<Cell> = demand.taken().map(|(_, cell, _)| cell).filter(past).collect();
    if past.is_empty() {
        return Ok((location.unwrap_or(first.location), today));
    }
    let reasons: Vec<Value> = past.into_iter().map(|cell| Lack::InThePast.told(cell)).collect();
    Err(Error::new(Code::NotBookable, "this time cannot be booked: it has passed")
        .with_detail("reasons", reasons))
}
