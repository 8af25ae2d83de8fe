//! Where more of a pool is claimed than there is, and by which orders: what a person has to resolve.

use std::collections::BTreeMap;

use domain::pool::{Cell, Cells, Count};
use domain::{Caller, Order, OrderId, Permission, Pool, PoolId};
use errors::{Error, Result};
use jiff::civil::Date;
use store::{Page, Position};

use crate::App;
use crate::pools::{asked_range, night};

/// Most orders looked through; beyond them the answer says that there are more.
const MOST_LOOKED_AT: usize = 2_000;
/// Orders read at once.
const PORTION: u32 = 100;
/// By this day the orders of total pools end: they have no other.
const NEVER: Date = jiff::civil::date(9999, 12, 31);

/// Cells of a pool with more claimed than there is.
#[derive(Debug)]
pub(crate) struct Shortages {
    pub(crate) pool: Pool,
    pub(crate) cells: Vec<(Cell, Count, Vec<OrderId>)>,
    /// Whether there are orders that were not looked at.
    pub(crate) more: bool,
}

/// Cells in which more is claimed than there is, knowingly or because less is offered now, with the orders that claim them.
///
/// # Errors
/// `not_found`; `forbidden` for those who read no bookings there; `bad_request` for a range that cannot be.
pub(crate) async fn shortages(
    app: &App,
    caller: &Caller,
    id: PoolId,
    (from, to): (Option<Date>, Option<Date>),
) -> Result<Shortages> {
    let pool = app.store.pool(id).await?;
    let may = |permission| caller.may_at(permission, pool.location);
    if !may(Permission::ReadBookings) && !may(Permission::ResolveBookings) {
        return Err(Error::forbidden("your role does not allow this here"));
    }
    let cells = asked_range(&pool, from, to)?;
    let mut counts = ledger::counts(&app.store, &[(id, cells)]).await?;
    let over: BTreeMap<Cell, Count> =
        counts.remove(&id).unwrap_or_default().into_iter().filter(|(_, count)| count.free < 0).collect();
    let Some(first) = over.keys().next() else {
        return Ok(Shortages { pool, cells: Vec::new(), more: false });
    };
    let (orders, more) = claiming(app, id, night(*first)).await?;
    let by = |cell: Cell| {
        let claims =
            |order: &&Order| order.lines.iter().any(|line| line.pool == id && includes(&line.cells, cell));
        orders.iter().filter(claims).map(|order| order.id).collect()
    };
    Ok(Shortages { cells: over.iter().map(|(cell, count)| (*cell, *count, by(*cell))).collect(), pool, more })
}

fn includes(cells: &Cells, cell: Cell) -> bool {
    match (cells, cell) {
        (Cells::Nights(nights), Cell::Night(date)) => nights.from() <= date && date < nights.to(),
        (Cells::Total, Cell::Total) => true,
        _ => false,
    }
}

/// Orders stored as claiming units of the pool that end after the night, and whether there may be more. The orders of a pool are known by
/// what the feed told, which may not yet have told of the very order that is too many.
async fn claiming(app: &App, pool: PoolId, night: Option<Date>) -> Result<(Vec<Order>, bool)> {
    let from = night.unwrap_or(NEVER);
    let (mut found, mut looked_at, mut more) = (Vec::new(), 0, false);
    for held in [true, false] {
        let mut after: Option<Position> = None;
        loop {
            let Page { items, next } = if held {
                app.store.orders_held(PORTION, after).await?
            } else {
                app.store.orders_confirmed(from, PORTION, after).await?
            };
            looked_at += items.len();
            found.extend(items.into_iter().filter(|order| order.lines.iter().any(|line| line.pool == pool)));
            after = next;
            if after.is_none() {
                break;
            }
            if looked_at >= MOST_LOOKED_AT {
                more = true;
                break;
            }
        }
    }
    Ok((found, more))
}
