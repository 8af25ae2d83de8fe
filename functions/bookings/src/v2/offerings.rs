//! Offerings and their sessions.

mod body;

use domain::{LocationId, Offering, OfferingId, Permission, Pool};
use errors::Error;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::Page;
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route, Signed,
    State, delete, get, post, put, request,
};

use crate::App;
use crate::change::Done;
use crate::offerings::{self, Dates, Draft};
use crate::v2::bookings::asked;
use crate::v2::offerings::body::{OfferingBody, OfferingView};
use crate::when::LocalTime;

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    vec![
        post("/offerings", manages, create)
            .named("createOffering", "Add an offering: what is sold on dates, with plans, add-ons and terms")
            .keyed(Key::Accepted)
            .takes::<OfferingBody>()
            .answers::<OfferingView>(201),
        get("/offerings", Access::Anyone, list)
            .named("listOfferings", "List the offerings of a location by name")
            .cached_publicly(10)
            .queried::<ListQuery>()
            .answers::<Vec<OfferingView>>(200),
        get("/offerings/{id}", Access::Anyone, show)
            .named("showOffering", "Read an offering")
            .cached_publicly(10)
            .answers::<OfferingView>(200)
            .answers_empty(304),
        put("/offerings/{id}", manages, replace)
            .named("replaceOffering", "Say anew what an offering is and costs")
            .takes::<OfferingBody>()
            .answers::<OfferingView>(200),
        delete("/offerings/{id}", manages, retire)
            .named("retireOffering", "Take an offering off the offer for ever")
            .answers::<OfferingView>(200),
        post("/offerings/{id}/sessions", manages, add_sessions)
            .named("createSessions", "Add a session, or one a week at the same time")
            .keyed(Key::Accepted)
            .takes::<NewSessions>()
            .answers::<Vec<SessionView>>(201),
        get("/offerings/{id}/sessions", Access::Anyone, sessions)
            .named(
                "listSessions",
                "List the sessions of an offering that are still to come, and what is left",
            )
            .cached_publicly(10)
            .queried::<SessionsQuery>()
            .answers::<Vec<SessionView>>(200),
    ]
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<OfferingBody>,
) -> Result<Reply<OfferingView>> {
    let location = body.location_id.ok_or_else(|| Error::field("/location_id", "required", "is required"))?;
    let (about, prices) = body.parts();
    let draft = Draft { location, about, prices };
    let Done { record, replayed } = offerings::make(&app, &asked(caller, IfMatch(None), idem), draft).await?;
    let path = format!("/offerings/{}", record.id);
    Ok(Reply::created(OfferingView::of(&record), path).version(record.version).replayed(replayed))
}

request! {
    /// Whose offerings.
    pub(crate) struct ListQuery {
        /// Where they take place.
        location_id: LocationId as String,
    }
}

async fn list(
    State(app): State<App>,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<OfferingView>> {
    let found = app.reads.offerings(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.each(OfferingView::of)))
}

async fn show(State(app): State<App>, Path(id): Path<OfferingId>) -> Result<Reply<OfferingView>> {
    Ok(told(&*app.reads.offering(id).await?))
}

async fn replace(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OfferingId>,
    if_match: IfMatch,
    Json(body): Json<OfferingBody>,
) -> Result<Reply<OfferingView>> {
    if body.location_id.is_some() {
        return Err(Error::field("/location_id", "unexpected", "stays as it is").into());
    }
    Ok(told(&offerings::change(&app, &caller, (id, if_match), body.parts()).await?))
}

async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OfferingId>,
    if_match: IfMatch,
) -> Result<Reply<OfferingView>> {
    Ok(told(&offerings::retire(&app, &caller, (id, if_match)).await?))
}

fn told(offering: &Offering) -> Reply<OfferingView> {
    Reply::ok(OfferingView::of(offering)).version(offering.version)
}

request! {
    /// When a session is, and for how many.
    pub(crate) struct NewSessions {
        /// When it begins by the wall clock of the place, without offset.
        local_start: LocalTime as String,
        /// How long it is, 1 to 20,160.
        minutes: u32 as u32,
        /// How many seats it has.
        capacity: u32 as u32,
        /// So many weeks, the same weekday and time each: 1 to 24, 1 when unset.
        weeks: Option<u32> as u32,
    }
}

async fn add_sessions(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OfferingId>,
    idem: Idempotency,
    Json(new): Json<NewSessions>,
) -> Result<Reply<Vec<SessionView>>> {
    let dates = Dates {
        local_start: new.local_start,
        minutes: new.minutes,
        weeks: new.weeks.unwrap_or(1),
        capacity: new.capacity,
    };
    let asked = asked(caller, IfMatch(None), idem);
    let Done { record, replayed } = offerings::add_sessions(&app, &asked, id, dates).await?;
    let left = i64::from(new.capacity);
    let views = record.iter().filter_map(|pool| SessionView::of(pool, left)).collect();
    Ok(Reply::created(views, format!("/offerings/{id}/sessions")).replayed(replayed))
}

request! {
    /// From when on.
    pub(crate) struct SessionsQuery {
        /// Sessions that begin then or later; now when unset.
        from: Option<Timestamp> as String,
    }
}

async fn sessions(
    State(app): State<App>,
    Path(id): Path<OfferingId>,
    page: PageQuery,
    Query(query): Query<SessionsQuery>,
) -> Result<Listed<SessionView>> {
    let at = (page.limit, page.after.clone());
    let found = offerings::sessions(&app, id, query.from, at).await?;
    let items = found.items.iter().filter_map(|(pool, left)| SessionView::of(pool, *left)).collect();
    Ok(page.reply(Page { items, next: found.next }))
}

/// A date of an offering.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SessionView {
    /// What orders name as `pool_id`.
    id: String,
    offering_id: String,
    name: String,
    start: String,
    end: String,
    /// The start on the wall clock of the place, with its offset then.
    local_start: String,
    zone: String,
    /// Seats that can still be had; none once it has begun.
    left: i64,
}

impl SessionView {
    fn of(pool: &Pool, left: i64) -> Option<Self> {
        let session = pool.session?;
        Some(Self {
            id: pool.id.to_string(),
            offering_id: session.offering.to_string(),
            name: pool.name.to_string(),
            start: session.span.start().to_string(),
            end: session.span.end().to_string(),
            local_start: pool.zone.local(session.span.start()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            zone: pool.zone.to_string(),
            left,
        })
    }
}
