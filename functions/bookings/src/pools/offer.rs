//! How much there is of a pool: opening, closing, changing capacity and overbooking, for nights or in total.

use std::collections::BTreeMap;

use domain::pool::{Cell, Cells, Count, MOST_NIGHTS_OPENED, Nights};
use domain::{Event, EventId, Permission, Pool, PoolId, PoolKind};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use ledger::{BelowSold, Offer};
use serde_json::{Value, json};
use store::Tx;
use web::Fields;

use crate::App;
use crate::pools::horizon;
use web::Asked;

/// Most attempts, each on what was read since the one before it was refused.
const MOST_ROUNDS: usize = 3;

/// What is to be offered, from a night until just before another; of a total pool without them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    pub(crate) offer: Offer,
    pub(crate) below: BelowSold,
}

/// The pool under its new offer, and the cells in which more is claimed than may be.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) pool: Pool,
    pub(crate) short: Vec<(Cell, Count)>,
    pub(crate) replayed: bool,
}

/// Says how much there is. What is sold stays sold; an offer below that is refused, or holds and is told as short.
///
/// A sale in between that matters for the outcome refuses the write. Then all is read and decided again, with the same
/// `If-Match`, a bounded number of times.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `validation_failed`, `below_sold`, `changed` when it
/// is sold faster than it can be read.
pub(crate) async fn offer(app: &App, asked: &Asked, id: PoolId, wanted: Wanted) -> Result<Offered> {
    let mut round = 1;
    loop {
        match attempt(app, asked, id, &wanted).await {
            Err(error) if error.code() == Code::Changed && round < MOST_ROUNDS => round += 1,
            done => return done,
        }
    }
}

async fn attempt(app: &App, asked: &Asked, id: PoolId, wanted: &Wanted) -> Result<Offered> {
    let now = app.clock.now();
    let before = app.store.pool(id).await?;
    asked.caller.require_at(Permission::ManageCatalog, before.location)?;
    let replayed = asked.idem.replays(&before.requests)?;
    if !replayed {
        asked.if_match.check(before.version)?;
    }
    let mut after = before.clone().revise(now)?;
    let cells = wanted.cells(before.kind, before.today(now))?;
    // Offers of a pool follow one another by its version; only sales come between this read and the write.
    let mut seen = ledger::counts(&app.store, &[(id, cells)]).await?;
    let seen = seen.remove(&id).unwrap_or_default();
    if replayed {
        let short = seen.into_iter().filter(|(_, count)| count.short() > 0).collect();
        return Ok(Offered { pool: before, short, replayed });
    }
    let mut fields = Fields::new();
    within(&mut fields, before.kind, &wanted.offer, Some(&seen));
    fields.check()?;
    after.requests = after.requests.with(asked.idem.mark());
    let mut tx = Tx::new();
    tx.update_pool(&app.store, &before, &after);
    let short = ledger::offer(&mut tx, &app.store, (id, &cells), &wanted.offer, &seen, wanted.below)?;
    tx.event(&app.store, &event(asked, &after, &cells, &wanted.offer, &short));
    app.store.commit(tx).await?;
    Ok(Offered { pool: after, short, replayed })
}

/// What was offered, and, never silently, where that is less than what is sold.
fn event(asked: &Asked, pool: &Pool, cells: &Cells, offer: &Offer, short: &[(Cell, Count)]) -> Event {
    let mut told = json!({});
    if let (Some(nights), Some(object)) = (cells.nights(), told.as_object_mut()) {
        object.insert("from".to_owned(), nights.from().to_string().into());
        object.insert("to".to_owned(), nights.to().to_string().into());
    }
    add_told(&mut told, offer);
    let of = |(cell, count): &(Cell, Count)| json!({ "cell": cell.to_string(), "claimed": count.claimed, "short": count.short() });
    if let (false, Some(object)) = (short.is_empty(), told.as_object_mut()) {
        object.insert("short".to_owned(), short.iter().map(of).collect());
    }
    Event {
        id: EventId::new(pool.updated_at, env::random()),
        kind: "pool.offered".to_owned(),
        subject: pool.id.to_string(),
        sequence: pool.version,
        at: pool.updated_at,
        actor: asked.caller.actor(),
        data: json!({ "after": told }),
    }
}

/// Adds to an event what is offered; what stays as it was is left out.
pub(crate) fn add_told(told: &mut Value, offer: &Offer) {
    let Some(object) = told.as_object_mut() else { return };
    let parts: [(&str, Option<Value>); 3] = [
        ("capacity", offer.capacity.map(Into::into)),
        ("overbooking", offer.overbooking.map(Into::into)),
        ("closed", offer.closed.map(Into::into)),
    ];
    object.extend(parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?))));
}

/// Refuses more than a cell can have; where one of the two numbers stays as it is, with what is known of it.
pub(crate) fn within(
    fields: &mut Fields,
    kind: PoolKind,
    offer: &Offer,
    seen: Option<&BTreeMap<Cell, Count>>,
) {
    if offer.capacity.is_none() && offer.overbooking.is_none() {
        return;
    }
    let kept = |of: fn(&Count) -> i64| seen.and_then(|seen| seen.values().map(of).max()).unwrap_or(0);
    let capacity = offer.capacity.map_or_else(|| kept(|count| count.capacity), i64::from);
    let overbooking = offer.overbooking.map_or_else(|| kept(|count| count.overbooking), i64::from);
    let most = i64::from(kind.most());
    if capacity + overbooking <= most {
        return;
    }
    let message = if capacity > most || overbooking == 0 {
        format!("must be at most {most}")
    } else {
        format!("must be at most {most} together with what may be sold beyond it")
    };
    let name = if offer.capacity.is_some() { "/capacity" } else { "/overbooking" };
    fields.refuse(name, "out_of_range", message);
}

impl Wanted {
    /// The cells that it is about.
    ///
    /// # Errors
    /// `validation_failed` when it offers nothing, nights that cannot be, or nights of what has none.
    fn cells(&self, kind: PoolKind, today: Date) -> Result<Cells> {
        let mut fields = Fields::new();
        if self.offer == Offer::default() {
            fields.refuse("/capacity", "required", "send at least one of capacity, overbooking and closed");
        }
        let bounds = [("/from", self.from), ("/to", self.to)];
        if kind == PoolKind::Total {
            for (pointer, _) in bounds.into_iter().filter(|(_, bound)| bound.is_some()) {
                fields.refuse(pointer, "unexpected", "must be left out: this has no nights");
            }
            fields.check()?;
            return Ok(Cells::Total);
        }
        for (pointer, _) in bounds.into_iter().filter(|(_, bound)| bound.is_none()) {
            fields.refuse(pointer, "required", "is required for nights");
        }
        let nights = self.from.zip(self.to).and_then(|(from, to)| {
            let nights = Nights::new(from, to);
            if nights.is_none() {
                fields.refuse("/to", "not_after_start", "must be after from");
            }
            nights
        });
        if nights.is_some_and(|nights| nights.from() < today) {
            fields.refuse("/from", "in_the_past", format!("must be {today} or later"));
        }
        if nights.is_some_and(|nights| nights.count() > MOST_NIGHTS_OPENED) {
            let message = format!("must be at most {MOST_NIGHTS_OPENED} nights after from");
            fields.refuse("/to", "too_long", message);
        } else if nights.is_some_and(|nights| nights.to() > horizon(today)) {
            fields.refuse("/to", "out_of_range", format!("must be {} or earlier", horizon(today)));
        }
        fields.check()?;
        let nights = nights.ok_or_else(|| Error::internal("an offer of no nights passed its checks"))?;
        Ok(Cells::Nights(nights))
    }
}
