//! What is left of a pool, and where it is short, on the wire.

use domain::PoolId;
use domain::pool::{Cell, Count, Lack};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use web::{Path, Query, Reply, Result, Signed, State, request};

use crate::App;
use crate::pools::availability::{self, Question};
use crate::pools::{night, shortages};

request! {
    /// Of which nights, and for how much. A total pool has no nights.
    pub(crate) struct Wanted {
        /// The first night, where nights are sold.
        from: Option<Date> as String,
        /// The night after the last one, at most 367 days later.
        to: Option<Date> as String,
        /// So many units; 1 when unset.
        quantity: Option<u32> as u32,
        /// Also tell the days of arrival on which a stay of so many nights fits, 1 to 60.
        nights: Option<u32> as u32,
        /// Tell why the quantity cannot be had.
        explain: Option<bool> as bool,
    }
}

/// What is left of a pool.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PoolAvailability")]
pub(crate) struct Availability {
    pool_id: String,
    kind: String,
    zone: String,
    /// The units asked for.
    quantity: u32,
    /// Each night, or the one cell of a total pool.
    cells: Vec<CellView>,
    /// With `nights`, the days of arrival on which such a stay fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrivals: Option<Vec<String>>,
}

/// A night, or all of a total pool.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PoolCell")]
pub(crate) struct CellView {
    /// The night by the date on which it begins, or `total`.
    cell: String,
    /// The date of the night.
    date: Option<String>,
    /// Units that can still be had, those beyond the capacity included.
    left: i64,
    /// Nothing is sold, whatever is left.
    closed: bool,
    /// How many there are, where that was ever said. Like all that follows only for those who read bookings there.
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<i64>,
    /// How many may be sold beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    overbooking: Option<i64>,
    /// Units held or sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed: Option<i64>,
    /// Units claimed beyond the capacity that may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    overbooked: Option<i64>,
    /// Units claimed beyond what may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    short: Option<i64>,
    /// With `explain`, why the quantity cannot be had: each with `code`, `message` and how many are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<Value>>,
}

impl CellView {
    /// The cell as it is, with what those who read bookings may know.
    pub(crate) fn of(cell: Cell, count: Option<&Count>, knows: bool) -> Self {
        let seen = count.copied().unwrap_or_default();
        let beyond = (-seen.free).clamp(0, seen.overbooking);
        Self {
            cell: cell.to_string(),
            date: night(cell).map(|date| date.to_string()),
            left: seen.left(),
            closed: seen.closed,
            capacity: count.filter(|_| knows).map(|count| count.capacity),
            overbooking: knows.then_some(seen.overbooking),
            claimed: knows.then_some(seen.claimed),
            overbooked: knows.then_some(beyond),
            short: knows.then(|| seen.short()),
            reasons: None,
        }
    }
}

pub(crate) async fn availability(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    Query(query): Query<Wanted>,
) -> Result<Reply<Availability>> {
    let quantity = query.quantity.unwrap_or(1);
    let question = Question { from: query.from, to: query.to, quantity, nights: query.nights };
    let found = availability::left(&app, &caller, id, question).await?;
    Ok(Reply::ok(Availability::of(found, quantity, query.explain.unwrap_or(false))))
}

impl Availability {
    /// What is left of a pool.
    pub(crate) fn of(found: availability::Left, quantity: u32, explain: bool) -> Self {
        let view = |(cell, count, lack): (Cell, Option<Count>, Option<Lack>)| {
            let mut view = CellView::of(cell, count.as_ref(), found.knows);
            if matches!(lack, Some(Lack::InThePast)) {
                view.left = 0;
            }
            view.reasons = explain.then(|| lack.iter().map(|lack| lack.told(cell)).collect());
            view
        };
        Self {
            pool_id: found.pool.id.to_string(),
            kind: found.pool.kind.as_str().to_owned(),
            zone: found.pool.zone.to_string(),
            quantity,
            cells: found.cells.into_iter().map(view).collect(),
            arrivals: found.arrivals.map(|days| days.iter().map(Date::to_string).collect()),
        }
    }
}

request! {
    /// Of which nights. A total pool has none.
    pub(crate) struct Range {
        /// The first night, where nights are sold.
        from: Option<Date> as String,
        /// The night after the last one, at most 367 days later.
        to: Option<Date> as String,
    }
}

/// Where more of a pool is claimed than there is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PoolShortages")]
pub(crate) struct Shortages {
    pool_id: String,
    /// Cells with more claimed than the capacity: `short` where it is more than may be, `overbooked` within the allowance.
    cells: Vec<Shortage>,
    /// Whether there are orders that were not looked at.
    more_orders: bool,
}

#[derive(Serialize, JsonSchema)]
struct Shortage {
    #[serde(flatten)]
    cell: CellView,
    /// The orders that claim it, held or sold.
    orders: Vec<String>,
}

pub(crate) async fn shortages(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    Query(query): Query<Range>,
) -> Result<Reply<Shortages>> {
    let found = shortages::shortages(&app, &caller, id, (query.from, query.to)).await?;
    let cells = found.cells.into_iter().map(|(cell, count, orders)| Shortage {
        cell: CellView::of(cell, Some(&count), true),
        orders: orders.iter().map(ToString::to_string).collect(),
    });
    Ok(Reply::ok(Shortages {
        pool_id: found.pool.id.to_string(),
        cells: cells.collect(),
        more_orders: found.more,
    }))
}
