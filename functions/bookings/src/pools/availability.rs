//! What is left of a pool: of each night, or in total. Reads advise; only the claim on the ledger decides.

use std::collections::BTreeMap;

use domain::pool::{Cell, Cells, Count, Lack, MOST_NIGHTS, MOST_NIGHTS_OPENED, Nights, lacks};
use domain::{Caller, Permission, Pool, PoolId, PoolKind};
use errors::{Error, Result};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::App;
use crate::pools::{asked_range, wrong};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    /// So many units.
    pub(crate) quantity: u32,
    /// In stays of so many nights.
    pub(crate) nights: Option<u32>,
}

/// What is left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) pool: Pool,
    /// Each cell asked for: what is known of it, and why it does not give the quantity.
    pub(crate) cells: Vec<(Cell, Option<Count>, Option<Lack>)>,
    /// Days of arrival of stays that fit.
    pub(crate) arrivals: Option<Vec<Date>>,
    /// Whether the caller may know how much is sold.
    pub(crate) knows: bool,
}

/// What is left of a pool. One read of the ledger; the pool may be known.
///
/// # Errors
/// `not_found`, also for a retired pool; `bad_request` for a range or a stay that cannot be.
pub(crate) async fn left(app: &App, caller: &Caller, id: PoolId, question: Question) -> Result<Left> {
    let now = app.clock.now();
    let pool = app.pool(id).await?;
    if pool.retired {
        return Err(Error::not_found("pool"));
    }
    let cells = asked_range(&pool, question.from, question.to)?;
    let nights = question.stay(pool.kind)?;
    if !(1..=pool.kind.most()).contains(&question.quantity) {
        return Err(wrong("quantity", "out_of_range", &format!("must be 1 to {}", pool.kind.most())));
    }
    let quantity = i64::from(question.quantity);
    let counts = app.reads.counts(id, reach(cells, nights)).await?;
    let today = pool.today(now);
    let lacking: BTreeMap<Cell, Lack> = lacks(&counts, &cells, quantity, today).into_iter().collect();
    let arrivals = nights.map(|length| arrivals(&counts, &cells, length, quantity, today));
    let told = |cell| (cell, counts.get(&cell).copied(), lacking.get(&cell).copied());
    Ok(Left {
        cells: cells.each().into_iter().map(told).collect(),
        arrivals,
        knows: caller.may_at(Permission::ReadBookings, pool.location),
        pool,
    })
}

/// The cells asked for, and those of a stay that begins on the last of them.
fn reach(cells: Cells, length: Option<i32>) -> Cells {
    let longer = cells.nights().zip(length).and_then(|(nights, length)| {
        let to = nights.to().checked_add((length - 1).days()).ok()?;
        Nights::new(nights.from(), to)
    });
    longer.map_or(cells, Cells::Nights)
}

fn arrivals(
    counts: &BTreeMap<Cell, Count>,
    cells: &Cells,
    length: i32,
    quantity: i64,
    today: Date,
) -> Vec<Date> {
    let stay = |from: &Date| Nights::new(*from, from.checked_add(length.days()).ok()?);
    let fits = |from: &Date| {
        stay(from).is_some_and(|nights| lacks(counts, &Cells::Nights(nights), quantity, today).is_empty())
    };
    cells.nights().into_iter().flat_map(|nights| nights.dates()).filter(fits).collect()
}

impl Question {
    /// The length of the stays asked for.
    fn stay(&self, kind: PoolKind) -> Result<Option<i32>> {
        let Some(nights) = self.nights else { return Ok(None) };
        if kind == PoolKind::Total {
            return Err(wrong("nights", "unexpected", "must be left out: this has no nights"));
        }
        let nights = i32::try_from(nights).unwrap_or(MOST_NIGHTS_OPENED);
        if (1..=MOST_NIGHTS).contains(&nights) {
            return Ok(Some(nights));
        }
        Err(wrong("nights", "out_of_range", &format!("must be 1 to {MOST_NIGHTS}")))
    }
}
