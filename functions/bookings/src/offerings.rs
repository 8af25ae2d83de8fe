//! Offerings: making, changing, retiring and reading them, and their sessions.

use domain::offering::{About, Prices};
use domain::pool::Session;
use domain::text::Name;
use domain::{
    Caller, EventId, Location, LocationId, Offering, OfferingId, Permission, Pool, PoolId, PoolKind,
    Requests, Span,
};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp, ToSpan};
use ledger::{BelowSold, Offer};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Page, Position, Tx};
use web::{Fields, IfMatch};

use crate::App;
use crate::change::Done;
use crate::pools::offer;
use crate::when::LocalTime;
use web::Asked;

/// Seconds for which lists of what is to come begin at the same instant.
const KEPT_FROM: i64 = 10;
/// The longest session, in minutes: two weeks.
const MOST_MINUTES: u32 = 14 * 24 * 60;
/// How many weeks one request adds sessions for: with each four writes, they fit into one transaction.
pub(crate) const MOST_WEEKS: u32 = 24;
/// Characters of the offering's name in that of a session, which ends with its time.
const NAME_CHARS: usize = 80;

/// What an offering is and costs.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) location: LocationId,
    pub(crate) about: About,
    pub(crate) prices: Prices,
}

/// Makes an offering.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`.
pub(crate) async fn make(app: &App, asked: &Asked, draft: Draft) -> Result<Done<Offering>> {
    asked.caller.require_at(Permission::ManageCatalog, draft.location)?;
    let (about, prices) = errors::both(draft.about.checked(), draft.prices.checked())?;
    let location = place(app, draft.location).await?;
    let now = app.clock.now();
    let id = asked.idem.id(|| OfferingId::new(now, env::random()).bits().to_be_bytes());
    let offering = Offering {
        id: OfferingId::derived(id),
        location: location.id,
        about,
        prices,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_offering(&app.store, &offering);
    let event = EventId::new(now, env::random());
    tx.event(&app.store, &offering.event(event, "offering.created", None, asked.caller.actor()));
    let (record, replayed) = store::offering_from(app.store.commit(tx).await?, offering)?;
    Ok(Done { record, replayed })
}

/// Says anew what an offering is and costs. What was ordered keeps the price that it was quoted.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `wrong_state` once retired, `changed` when somebody was faster.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    (id, if_match): (OfferingId, IfMatch),
    (about, prices): (About, Prices),
) -> Result<Offering> {
    let before = app.store.offering(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let (about, prices) = errors::both(about.checked(), prices.checked())?;
    if prices.currency != before.prices.currency {
        return Err(Error::field("/currency", "unexpected", "stays as it is: orders were made in it"));
    }
    let after = before.clone().revise(app.clock.now())?;
    save(app, caller, &before, Offering { about, prices, ..after }, "offering.changed").await
}

/// Takes an offering off the offer for ever; its sessions sell nothing more, and what is sold stays sold.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `changed` when somebody was faster.
pub(crate) async fn retire(
    app: &App,
    caller: &Caller,
    (id, if_match): (OfferingId, IfMatch),
) -> Result<Offering> {
    let before = app.store.offering(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let after = before.clone().retire(app.clock.now())?;
    save(app, caller, &before, after, "offering.retired").await
}

async fn save(
    app: &App,
    caller: &Caller,
    before: &Offering,
    after: Offering,
    kind: &str,
) -> Result<Offering> {
    let id = EventId::new(after.updated_at, env::random());
    let mut tx = Tx::new();
    tx.update_offering(&app.store, &after);
    tx.event(&app.store, &after.event(id, kind, Some(before), caller.actor()));
    app.store.commit(tx).await?;
    Ok(after)
}

/// When sessions are, and how many seats each has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dates {
    pub(crate) local_start: LocalTime,
    pub(crate) minutes: u32,
    /// So many weeks, the same weekday and wall-clock time each.
    pub(crate) weeks: u32,
    pub(crate) capacity: u32,
}

/// Adds sessions to an offering, all of them or none.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `wrong_state` once retired, `nonexistent_local_time` and
/// `ambiguous_local_time` by the wall clock of the place, `already_exists` where there is one at that time.
pub(crate) async fn add_sessions(
    app: &App,
    asked: &Asked,
    id: OfferingId,
    dates: Dates,
) -> Result<Done<Vec<Pool>>> {
    let offering = app.store.offering(id).await?;
    asked.caller.require_at(Permission::ManageCatalog, offering.location)?;
    let offer = dates.checked()?;
    if offering.retired {
        let message = "the offering is retired";
        return Err(Error::new(Code::WrongState, message).with_detail("state", "retired"));
    }
    let location = place(app, offering.location).await?;
    let now = app.clock.now();
    let first = PoolId::derived(asked.idem.id(|| PoolId::new(now, env::random()).bits().to_be_bytes()));
    let mut tx = Tx::new();
    let mut pools = Vec::new();
    for week in 0..dates.weeks {
        let span = dates.span(week, &location)?;
        // Derived from the key like the first one, so that a retry meets them.
        let id = PoolId::derived(first.bits().wrapping_add(week.into()).to_be_bytes());
        pools.push(Pool {
            id,
            location: location.id,
            zone: location.zone.clone(),
            name: name(&offering, &location, span.start())?,
            kind: PoolKind::Total,
            session: Some(Session { offering: offering.id, span }),
            room_type: None,
            created_at: now,
            updated_at: now,
            retired: false,
            version: 1,
            request: asked.idem.request(),
            requests: Requests::default(),
        });
    }
    for pool in &pools {
        tx.insert_pool(&app.store, pool);
        let cells = domain::pool::Cells::Total;
        let nothing = BTreeMap::new();
        ledger::offer(&mut tx, &app.store, (pool.id, &cells), &offer, &nothing, BelowSold::Refuse)?;
        let event = EventId::new(now, env::random());
        let mut event = pool.event(event, "pool.created", None, asked.caller.actor());
        if let Some(after) = event.data.pointer_mut("/after") {
            offer::add_told(after, &offer);
        }
        tx.event(&app.store, &event);
    }
    let replayed = matches!(app.store.commit(tx).await?, store::Outcome::Replayed(_));
    Ok(Done { record: pools, replayed })
}

impl Dates {
    /// What each session offers, if there can be such sessions.
    ///
    /// # Errors
    /// `validation_failed` with every field.
    fn checked(&self) -> Result<Offer> {
        let mut fields = Fields::new();
        if !(1..=MOST_MINUTES).contains(&self.minutes) {
            fields.refuse("/minutes", "out_of_range", format!("must be 1 to {MOST_MINUTES}"));
        }
        if !(1..=MOST_WEEKS).contains(&self.weeks) {
            fields.refuse("/weeks", "out_of_range", format!("must be 1 to {MOST_WEEKS}"));
        }
        let offer = Offer { capacity: Some(self.capacity), overbooking: None, closed: None };
        offer::within(&mut fields, PoolKind::Total, &offer, None);
        fields.check()?;
        Ok(offer)
    }

    /// When the session of a week is: by the wall clock, so that it begins at the same time after the clocks change.
    fn span(&self, week: u32, location: &Location) -> Result<Span> {
        let beyond = || Error::field("/local_start", "out_of_range", "is beyond the calendar");
        let local = self.local_start.0.checked_add(i64::from(week).weeks()).map_err(|_| beyond())?;
        let start = location.zone.instant(local, None)?;
        let end = start.checked_add(SignedDuration::from_mins(self.minutes.into())).map_err(|_| beyond())?;
        Span::new(start, end).ok_or_else(beyond)
    }
}

/// What a session is called: its offering and the wall clock of the place.
fn name(offering: &Offering, location: &Location, start: Timestamp) -> Result<Name> {
    let title: String = offering.about.name.as_str().chars().take(NAME_CHARS).collect();
    let time = location.zone.local(start).strftime("%Y-%m-%d %H:%M").to_string();
    format!("{} {time}", title.trim_end()).parse().map_err(Error::internal)
}

async fn place(app: &App, id: LocationId) -> Result<Location> {
    app.store.location(id).await.map_err(|error| match error.code() {
        Code::NotFound => Error::field("/location_id", "unknown", "there is no such location"),
        _ => error,
    })
}

/// A page of an offering's sessions from an instant on, and how many seats each has left.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn sessions(
    app: &App,
    id: OfferingId,
    from: Option<Timestamp>,
    (limit, after): (u32, Option<Position>),
) -> Result<Page<(Pool, i64)>> {
    // What begins this moment has begun. Pages are kept, and so begin at the same instant for some seconds: what began in
    // these is left out afterwards, if that makes the page a short one.
    let now = app.clock.now();
    let since = now.as_second().div_euclid(KEPT_FROM) * KEPT_FROM;
    let page_from = from.unwrap_or_else(|| Timestamp::from_second(since).unwrap_or(now));
    let mut page = app.reads.sessions(id, page_from, limit, after).await.map(Arc::unwrap_or_clone)?;
    page.items.retain(|pool| from.is_some() || !pool.has_begun(now));
    let wanted: Vec<_> = page.items.iter().map(|pool| (pool.id, domain::pool::Cells::Total)).collect();
    let counts =
        if wanted.is_empty() { BTreeMap::new() } else { ledger::counts(&app.store, &wanted).await? };
    let left = |pool: &Pool| {
        let count = counts.get(&pool.id).and_then(|cells| cells.get(&domain::pool::Cell::Total));
        if pool.has_begun(app.clock.now()) { 0 } else { count.map_or(0, domain::pool::Count::left) }
    };
    Ok(page.map(|pool| {
        let left = left(&pool);
        (pool, left)
    }))
}
