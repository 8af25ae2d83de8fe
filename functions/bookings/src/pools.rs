//! Pools: making, renaming, retiring and reading them. How much there is of them is said by their offer.

pub(crate) mod availability;
pub(crate) mod offer;
pub(crate) mod shortages;

use domain::pool::{Cell, Cells, Nights};
use domain::text::Name;
use domain::{Caller, EventId, LocationId, Permission, Pool, PoolId, PoolKind, Requests};
use errors::{Code, Error, Result};
use jiff::ToSpan;
use jiff::civil::Date;
use ledger::{BelowSold, Offer};
use std::collections::BTreeMap;
use store::{Page, Position, Tx};
use web::{Fields, IfMatch};

use crate::App;
use crate::change::Done;
use web::Asked;

/// How far ahead nights are offered, in days: five years.
pub(crate) const MOST_DAYS_AHEAD: i32 = 1_826;

/// What a new pool is made of.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) location: LocationId,
    pub(crate) name: Name,
    pub(crate) kind: PoolKind,
    /// What there is of a total pool from the start.
    pub(crate) offer: Offer,
}

/// Makes a pool, with what there is of it if that is said.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `already_exists` for a name in use at the location.
pub(crate) async fn make(app: &App, asked: &Asked, draft: Draft) -> Result<Done<Pool>> {
    asked.caller.require_at(Permission::ManageCatalog, draft.location)?;
    let opens = draft.opens()?;
    let location = app.store.location(draft.location).await.map_err(|error| match error.code() {
        Code::NotFound => Error::field("/location_id", "unknown", "there is no such location"),
        _ => error,
    })?;
    let now = app.clock.now();
    let pool = Pool {
        id: PoolId::derived(asked.idem.id(|| PoolId::new(now, env::random()).bits().to_be_bytes())),
        location: location.id,
        zone: location.zone,
        name: draft.name,
        kind: draft.kind,
        session: None,
        room_type: None,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let id = EventId::new(now, env::random());
    let mut event = pool.event(id, "pool.created", None, asked.caller.actor());
    let mut tx = Tx::new();
    tx.insert_pool(&app.store, &pool);
    if opens {
        if let Some(after) = event.data.pointer_mut("/after") {
            offer::add_told(after, &draft.offer);
        }
        let (cells, nothing) = (Cells::Total, BTreeMap::new());
        ledger::offer(&mut tx, &app.store, (pool.id, &cells), &draft.offer, &nothing, BelowSold::Refuse)?;
    }
    tx.event(&app.store, &event);
    let (record, replayed) = store::pool_from(app.store.commit(tx).await?, pool)?;
    Ok(Done { record, replayed })
}

impl Draft {
    /// Whether it says what there is.
    ///
    /// # Errors
    /// `validation_failed` if it says so of nights, or more than can be.
    fn opens(&self) -> Result<bool> {
        let mut fields = Fields::new();
        let given = [("capacity", self.offer.capacity), ("overbooking", self.offer.overbooking)];
        if self.kind == PoolKind::Nightly {
            for (name, _) in given.into_iter().filter(|(_, given)| given.is_some()) {
                let message = "must be left out: nights are offered from a date to a date";
                fields.refuse(format!("/{name}"), "unexpected", message);
            }
        } else if self.offer.overbooking.is_some() && self.offer.capacity.is_none() {
            fields.refuse("/capacity", "required", "goes with overbooking");
        } else {
            offer::within(&mut fields, self.kind, &self.offer, None);
        }
        fields.check()?;
        Ok(self.offer.capacity.is_some())
    }
}

/// Gives a pool another name.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `already_exists` for a name in use, `changed` when
/// somebody was faster.
pub(crate) async fn rename(
    app: &App,
    caller: &Caller,
    (id, if_match): (PoolId, IfMatch),
    name: Option<Name>,
) -> Result<Pool> {
    let before = app.store.pool(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let mut after = before.clone().revise(app.clock.now())?;
    after.name = name.unwrap_or(after.name);
    save(app, caller, &before, after, "pool.changed").await
}

/// Takes a pool off the offer for ever. What is sold of a total pool stays sold; of nights, none to come may be.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired or while nights to come are held or sold, `changed` when
/// somebody was faster.
pub(crate) async fn retire(app: &App, caller: &Caller, (id, if_match): (PoolId, IfMatch)) -> Result<Pool> {
    let before = app.store.pool(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let now = app.clock.now();
    let after = before.clone().retire(now)?;
    let today = before.today(now);
    if before.kind == PoolKind::Nightly
        && let Some(ahead) = Nights::new(today, horizon(today))
    {
        let counts = ledger::counts(&app.store, &[(id, Cells::Nights(ahead))]).await?;
        let mut claimed = counts.values().flatten().filter(|(_, count)| count.claimed > 0);
        if let Some((first, _)) = claimed.next() {
            let message = "nights of it are sold; move or cancel their orders first";
            return Err(Error::new(Code::WrongState, message)
                .with_detail("first_claimed", first.to_string())
                .with_detail("claimed", claimed.count() + 1));
        }
    }
    save(app, caller, &before, after, "pool.retired").await
}

/// No night that was offered until this day ends later.
pub(crate) fn horizon(today: Date) -> Date {
    today.checked_add(MOST_DAYS_AHEAD.days()).unwrap_or(Date::MAX)
}

async fn save(app: &App, caller: &Caller, before: &Pool, after: Pool, kind: &str) -> Result<Pool> {
    let id = EventId::new(after.updated_at, env::random());
    let event = after.event(id, kind, Some(before), caller.actor());
    let mut tx = Tx::new();
    tx.update_pool(&app.store, before, &after);
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    Ok(after)
}

/// The pools of a location by name, without the retired ones.
pub(crate) async fn list(
    app: &App,
    location: LocationId,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Pool>> {
    app.store.pools_at(location, limit, after).await
}

/// Most days of one question: as many as one offer reaches over.
pub(crate) fn asked_range(pool: &Pool, from: Option<Date>, to: Option<Date>) -> Result<Cells> {
    let nights = match (pool.kind, from, to) {
        (PoolKind::Total, None, None) => return Ok(Cells::Total),
        (PoolKind::Total, from, _) => {
            let name = if from.is_some() { "from" } else { "to" };
            return Err(wrong(name, "unexpected", "must be left out: this has no nights"));
        }
        (PoolKind::Nightly, None, _) => return Err(wrong("from", "required", "is required for nights")),
        (PoolKind::Nightly, _, None) => return Err(wrong("to", "required", "is required for nights")),
        (PoolKind::Nightly, Some(from), Some(to)) => {
            Nights::new(from, to).ok_or_else(|| wrong("to", "not_after_start", "must be after from"))?
        }
    };
    if nights.count() > domain::pool::MOST_NIGHTS_OPENED {
        let message = format!("must be at most {} days after from", domain::pool::MOST_NIGHTS_OPENED);
        return Err(wrong("to", "too_long", &message));
    }
    Ok(Cells::Nights(nights))
}

/// The refusal of a query parameter.
pub(crate) fn wrong(parameter: &str, code: &'static str, message: &str) -> Error {
    Error::invalid_query(vec![errors::FieldError::new(format!("/query/{parameter}"), code, message)])
}

/// The day of a night.
pub(crate) fn night(cell: Cell) -> Option<Date> {
    match cell {
        Cell::Night(date) => Some(date),
        Cell::Total => None,
    }
}
