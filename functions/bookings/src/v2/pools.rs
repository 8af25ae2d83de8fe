//! Pools, and how much there is of them.

pub(crate) mod counts;

use domain::text::Name;
use domain::{LocationId, Permission, Pool, PoolId, PoolKind};
use errors::Error;
use jiff::civil::Date;
use ledger::{BelowSold, Offer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Patch, Path, Query, Reply, Result,
    Route, Signed, State, delete, get, patch, post, put, request,
};

use crate::App;
use crate::change::Done;
use crate::pools::{self, Draft, offer};
use crate::v2::bookings::asked;
use crate::v2::pools::counts::CellView;

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    vec![
        post("/pools", manages, create)
            .named("createPool", "Add a pool: what is sold by number, by night or in total")
            .keyed(Key::Accepted)
            .takes::<NewPool>()
            .answers::<PoolView>(201),
        get("/pools", Access::SignedIn, list)
            .named("listPools", "List the pools of a location by name")
            .queried::<ListQuery>()
            .answers::<Vec<PoolView>>(200),
        get("/pools/{id}", Access::SignedIn, show)
            .named("showPool", "Read a pool")
            .answers::<PoolView>(200)
            .answers_empty(304),
        patch("/pools/{id}", manages, change)
            .named("changePool", "Give a pool another name")
            .takes::<PoolPatch>()
            .answers::<PoolView>(200),
        delete("/pools/{id}", manages, retire)
            .named("retirePool", "Take a pool without nights sold ahead off the offer for ever")
            .answers::<PoolView>(200),
        put("/pools/{id}/offer", manages, put_offer)
            .named("offerPool", "Say how much there is of a pool, and what may be sold beyond it")
            .keyed(Key::Accepted)
            .takes::<OfferBody>()
            .answers::<OfferView>(200),
        get("/pools/{id}/availability", Access::SignedIn, counts::availability)
            .limited(Group::Search)
            .named("poolAvailability", "What is left of a pool, and why not more")
            .queried::<counts::Wanted>()
            .answers::<counts::Availability>(200),
        get("/pools/{id}/shortages", Access::Needs(Permission::ReadBookings), counts::shortages)
            .limited(Group::Search)
            .named("poolShortages", "Where more of a pool is claimed than there is, and by which orders")
            .queried::<counts::Range>()
            .answers::<counts::Shortages>(200),
    ]
}

/// What is sold by number. How much there is of it is told by its availability.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Pool")]
pub(crate) struct PoolView {
    id: String,
    location_id: String,
    /// The location's zone: by it a night has passed.
    zone: String,
    name: String,
    /// `nightly`: a number for each night. `total`: one number.
    kind: String,
    /// The offering that it is a session of, if it is one.
    offering_id: Option<String>,
    /// No longer offered; kept for its history.
    retired: bool,
    created_at: String,
    updated_at: String,
    /// Counts changes, of what is offered too. Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

/// What a pool is counted by.
#[derive(JsonSchema)]
#[schemars(rename = "PoolKind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the domain has the type")]
pub(crate) enum Kind {
    /// A number for each night: rooms of a type.
    Nightly,
    /// One number: seats of a session, pieces in stock.
    Total,
}

request! {
    /// A new pool.
    pub(crate) struct NewPool {
        /// Where it is.
        location_id: LocationId as String,
        /// Unique among the pools of the location.
        name: Name as String,
        kind: PoolKind as Kind,
        /// How many there are of a total pool; nights are offered afterwards.
        capacity: Option<u32> as u32,
        /// How many of a total pool may be sold beyond that.
        overbooking: Option<u32> as u32,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewPool>,
) -> Result<Reply<PoolView>> {
    let offer = Offer { capacity: new.capacity, overbooking: new.overbooking, closed: None };
    let draft = Draft { location: new.location_id, name: new.name, kind: new.kind, offer };
    let Done { record: pool, replayed } =
        pools::make(&app, &asked(caller, IfMatch(None), idem), draft).await?;
    let path = format!("/pools/{}", pool.id);
    Ok(Reply::created(PoolView::of(&pool), path).version(pool.version).replayed(replayed))
}

request! {
    /// Whose pools.
    pub(crate) struct ListQuery {
        /// Where they are.
        location_id: LocationId as String,
    }
}

async fn list(
    State(app): State<App>,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<PoolView>> {
    let found = pools::list(&app, query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|pool| PoolView::of(&pool))))
}

async fn show(State(app): State<App>, Path(id): Path<PoolId>) -> Result<Reply<PoolView>> {
    Ok(told(&*app.reads.pool(id).await?))
}

request! {
    /// A merge patch (RFC 7396).
    pub(crate) struct PoolPatch {
        /// Unique among the pools of the location.
        name: Patch<Name> as String,
    }
}

async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    if_match: IfMatch,
    Json(patch): Json<PoolPatch>,
) -> Result<Reply<PoolView>> {
    let name = match patch.name {
        Patch::Absent => None,
        Patch::Set(name) => Some(name),
        Patch::Null => return Err(Error::field("/name", "required", "cannot be taken away").into()),
    };
    Ok(told(&pools::rename(&app, &caller, (id, if_match), name).await?))
}

async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    if_match: IfMatch,
) -> Result<Reply<PoolView>> {
    Ok(told(&pools::retire(&app, &caller, (id, if_match)).await?))
}

/// What becomes of an offer below what is sold.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Below {
    /// It is refused.
    #[default]
    Refuse,
    /// It holds; what is sold beyond it is told, to be resolved.
    Queue,
}

request! {
    /// What is offered of each night, or in total. What is left out stays as it is.
    pub(crate) struct OfferBody {
        /// The first night, where nights are sold.
        from: Option<Date> as String,
        /// The night after the last one, at most 367 nights later.
        to: Option<Date> as String,
        /// How many there are: with what may be sold beyond them at most 9,999 a night, 999,999,999 in total.
        capacity: Option<u32> as u32,
        /// How many may be sold beyond that.
        overbooking: Option<u32> as u32,
        /// Whether nothing is sold, whatever is free.
        closed: Option<bool> as bool,
        /// What becomes of an offer below what is sold; `refuse` when unset.
        below_sold: Option<Below> as Below,
    }
}

/// The pool, and where more is claimed than may be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PoolOffer")]
pub(crate) struct OfferView {
    pool: PoolView,
    /// Cells of this offer in which more is claimed than may be, to be resolved.
    short: Vec<CellView>,
}

async fn put_offer(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PoolId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<OfferBody>,
) -> Result<Reply<OfferView>> {
    let below = match body.below_sold.unwrap_or_default() {
        Below::Refuse => BelowSold::Refuse,
        Below::Queue => BelowSold::Queue,
    };
    let offer = Offer { capacity: body.capacity, overbooking: body.overbooking, closed: body.closed };
    let wanted = offer::Wanted { from: body.from, to: body.to, offer, below };
    let done = offer::offer(&app, &asked(caller, if_match, idem), id, wanted).await?;
    let short = done.short.iter().map(|(cell, count)| CellView::of(*cell, Some(count), true)).collect();
    let view = OfferView { pool: PoolView::of(&done.pool), short };
    Ok(Reply::ok(view).version(done.pool.version).replayed(done.replayed))
}

fn told(pool: &Pool) -> Reply<PoolView> {
    Reply::ok(PoolView::of(pool)).version(pool.version)
}

impl PoolView {
    fn of(pool: &Pool) -> Self {
        Self {
            id: pool.id.to_string(),
            location_id: pool.location.to_string(),
            zone: pool.zone.to_string(),
            name: pool.name.to_string(),
            kind: pool.kind.as_str().to_owned(),
            offering_id: pool.session.map(|session| session.offering.to_string()),
            retired: pool.retired,
            created_at: pool.created_at.to_string(),
            updated_at: pool.updated_at.to_string(),
            version: pool.version,
        }
    }
}
