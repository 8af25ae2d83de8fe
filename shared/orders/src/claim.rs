//! Writing an order with what it claims; overbooking where that is allowed, and only after what is left has been read.

use std::collections::BTreeSet;

use domain::pool::{Cell, Cells, Lack, nights_around};
use domain::{EventId, Order, OrderLine, PoolId};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use ledger::Changes;
use store::{Store, Tx};
use web::{Asked, Done};

use crate::demand::{Counts, Demand};
use crate::{make, refused};

/// Most attempts to write an order, each on what was read since the one before it was refused.
const MOST_ROUNDS: usize = 3;

/// Writes a new order, or one that has other lines than `before`, with the event `kind`. Today is the day at its location.
///
/// `beside` adds what else is to be true with it to each attempt.
///
/// The first attempt asks for what is within the capacity and reads nothing. Only when that is refused is the ledger read:
/// where all that lacks may be overbooked, the order is written once more, with the allowance as it was seen as a condition.
///
/// # Errors
/// `sold_out` with the reasons and alternatives of each line; `changed` when what is left changes faster than it can be
/// read; and as for any new or changed record.
pub async fn claim(
    store: &Store,
    asked: &Asked,
    before: Option<&Order>,
    mut order: Order,
    (kind, today): (&str, Date),
    beside: &(dyn Fn(&mut Tx) + Sync),
) -> Result<Done<Order>> {
    let demand = Demand::between(before, &order.lines);
    let mut seen = Counts::new();
    for _ in 0..MOST_ROUNDS {
        let beyond = demand.beyond(&seen);
        mark(&mut order.lines, before, &beyond);
        let changes = Changes::between(before, Some(&order));
        let changes = seen.iter().fold(changes, |changes, (pool, counts)| changes.overbook(*pool, counts));
        let error = match write(store, asked, before, order.clone(), kind, (changes, beside)).await {
            Err(error) if error.code() == Code::SoldOut => error,
            done => return done,
        };
        // If that read fails, the refusal stands as it is: it is true without it.
        let Ok(counts) = counts(store, &order.lines).await else { return Err(error) };
        let lacking = demand.lacks(&counts, today);
        if lacking.is_empty() {
            seen = counts;
            continue;
        }
        // Where all was taken beyond the capacity, it may have been this very request, sent twice, that took it.
        let overbooked = |lack: &Lack| matches!(lack, Lack::SoldOut(count) if count.overbooking > 0);
        if lacking.values().any(overbooked)
            && let Some(done) = meanwhile(store, asked, before, &order).await?
        {
            return Ok(done);
        }
        return Err(refused::sold_out(&order.lines, &demand, &counts, &lacking, today));
    }
    Err(Error::new(Code::Changed, "what is left changes while this is decided; send it again"))
}

/// One attempt.
async fn write(
    store: &Store,
    asked: &Asked,
    before: Option<&Order>,
    order: Order,
    kind: &str,
    (changes, beside): (Changes, &(dyn Fn(&mut Tx) + Sync)),
) -> Result<Done<Order>> {
    let mut tx = Tx::new();
    match before {
        Some(before) => tx.update_order(store, before, &order),
        None => tx.insert_order(store, &order),
    }
    let id = EventId::new(order.updated_at, env::random());
    tx.event(store, &order.event(id, kind, before, asked.caller.actor()));
    changes.add_to(&mut tx, store, order.updated_at)?;
    beside(&mut tx);
    let (record, replayed) = store::order_from(store.commit(tx).await?, order)?;
    Ok(Done { record, replayed })
}

/// What is left of all that the lines want, and around it.
async fn counts(store: &Store, lines: &[OrderLine]) -> Result<Counts> {
    let around = |line: &OrderLine| match line.cells {
        Cells::Nights(nights) => (line.pool, Cells::Nights(nights_around(&nights))),
        Cells::Total => (line.pool, Cells::Total),
    };
    ledger::counts(store, &lines.iter().map(around).collect::<Vec<_>>()).await
}

/// Says of each line whether some of it is beyond the capacity: of this command's, or of what it had there before.
fn mark(lines: &mut [OrderLine], before: Option<&Order>, beyond: &BTreeSet<(PoolId, Cell)>) {
    let old = before.map(|before| before.lines.as_slice()).unwrap_or_default();
    for line in lines {
        let cells = line.cells.each();
        let shares = |old: &OrderLine| {
            old.overbooked
                && old.pool == line.pool
                && old.cells.each().iter().any(|cell| cells.contains(cell))
        };
        line.overbooked =
            cells.iter().any(|cell| beyond.contains(&(line.pool, *cell))) || old.iter().any(shares);
    }
}

/// What this very request brought about in another process since it was read here.
async fn meanwhile(
    store: &Store,
    asked: &Asked,
    before: Option<&Order>,
    order: &Order,
) -> Result<Option<Done<Order>>> {
    let stored = match store.order(order.id).await {
        Ok(stored) => stored,
        Err(error) if error.code() == Code::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if before.is_none() {
        return make::replayed(asked, &stored).map(Some);
    }
    let replayed = asked.idem.replays(&stored.requests)?;
    Ok(replayed.then_some(Done { record: stored, replayed }))
}
