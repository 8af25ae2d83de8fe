//! What the source system sold: pujas with their plans and chadawas. A puja is a session here, one date of an offering, since
//! that is what is booked; plans and chadawas are the plans and add-ons of its offering, by their codes.

use std::collections::{BTreeMap, BTreeSet};

use domain::offering::{AddOn, Plan};
use domain::{Location, Money, Offering, OfferingId, Pool, PoolId};
use errors::{Error, Result};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::Ids;
use web::{Access, Path, Query, ReplyV1, Route, State, get, request};

use super::shapes::{Cut, GATHERED};
use crate::App;

/// Seconds for which anybody may keep what is sold.
const KEPT: u32 = 10;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/pujas", Access::Anyone, list)
            .named(
                "listPujasV1",
                "List sessions, those to come by their beginning, or past ones, the latest first",
            )
            .cached_publicly(KEPT)
            .queried::<PujasQuery>()
            .answers::<Pujas>(200),
        get("/pujas/{id}", Access::Anyone, show)
            .named("showPujaV1", "Read a session and what it offers")
            .cached_publicly(KEPT)
            .answers::<Puja>(200),
        get("/pujas/{id}/benefits", Access::Anyone, benefits)
            .named("listBenefitsV1", "What one has of a session")
            .cached_publicly(KEPT)
            .answers::<Benefits>(200),
        get("/plans", Access::Anyone, plans)
            .named("listPlansV1", "List the plans of what is offered on dates to come")
            .cached_publicly(KEPT)
            .queried::<OfPuja>()
            .answers::<Plans>(200),
        get("/chadawas", Access::Anyone, chadawas)
            .named("listChadawasV1", "List the add-ons of what is offered on dates to come")
            .cached_publicly(KEPT)
            .queried::<OfPuja>()
            .answers::<Chadawas>(200),
    ]
}

/// A session and what it offers. Amounts are in the currency's major unit, with its decimals, as text: `499.00`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PujaV1")]
pub(crate) struct Puja {
    /// What is booked as `puja_id`.
    id: String,
    offering_id: String,
    name: String,
    sub_heading: Option<String>,
    description: Option<String>,
    /// `YYYY-MM-DD` by the wall clock of the temple.
    date: String,
    /// `HH:MM:SS`
    time: String,
    temple_id: String,
    temple_name: Option<String>,
    temple_address: Option<String>,
    /// One text with commas.
    category: Option<String>,
    /// Whether it is still to come, and offered. It ends by itself when the session begins.
    is_active: bool,
    currency: String,
    images: Vec<Image>,
    benefits: Vec<Benefit>,
    plans: Vec<PlanV1>,
    chadawas: Vec<ChadawaV1>,
}

/// A picture.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImageV1")]
struct Image {
    image_url: String,
}

/// Something that one has of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BenefitV1")]
struct Benefit {
    title: String,
    description: Option<String>,
}

/// A way to take part.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlanV1")]
struct PlanV1 {
    /// What is booked as `plan_id`; unique within the offering.
    id: String,
    offering_id: String,
    name: String,
    description: Option<String>,
    actual_price: String,
    /// What is paid, where that is less.
    discounted_price: Option<String>,
}

/// Something that may be had besides.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChadawaOfOfferingV1")]
struct ChadawaV1 {
    /// What is booked as `chadawa_id`; unique within the offering.
    id: String,
    offering_id: String,
    name: String,
    description: Option<String>,
    price: String,
    requires_note: bool,
}

/// A page of sessions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PujasV1")]
pub(crate) struct Pujas {
    pujas: Vec<Puja>,
    #[serde(flatten)]
    cut: Cut,
}

/// What one has of a session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BenefitsV1")]
pub(crate) struct Benefits {
    benefits: Vec<Benefit>,
    puja_id: String,
}

/// A page of plans.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlansV1")]
pub(crate) struct Plans {
    plans: Vec<PlanV1>,
    #[serde(flatten)]
    cut: Cut,
}

/// A page of add-ons.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChadawasV1")]
pub(crate) struct Chadawas {
    chadawas: Vec<ChadawaV1>,
    #[serde(flatten)]
    cut: Cut,
}

request! {
    /// Which sessions, and which page of them.
    pub(crate) struct PujasQuery {
        /// Those to come, when unset; past ones with `false`.
        is_active: Option<bool> as bool,
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
    }
}

request! {
    /// Of which session, and which page of the list.
    pub(crate) struct OfPuja {
        /// Of this session alone.
        puja_id: Option<PoolId> as String,
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
    }
}

async fn list(State(app): State<App>, Query(query): Query<PujasQuery>) -> web::Result<ReplyV1<Pujas>> {
    let (now, to_come) = (app.clock.now(), query.is_active.unwrap_or(true));
    let mut all = app.store.sessions(now, to_come, GATHERED).await?;
    if to_come {
        // What begins this moment has begun.
        all.retain(|pool| !pool.has_begun(now));
    }
    let (page, cut) = Cut::of(all, query.page, query.page_size)?;
    Ok(ReplyV1::ok(Pujas { pujas: pujas(&app, &page).await?, cut }))
}

async fn show(State(app): State<App>, Path(id): Path<PoolId>) -> web::Result<ReplyV1<Puja>> {
    Ok(ReplyV1::ok(puja(&app, id).await?))
}

async fn benefits(State(app): State<App>, Path(id): Path<PoolId>) -> web::Result<ReplyV1<Benefits>> {
    let puja = puja(&app, id).await?;
    Ok(ReplyV1::ok(Benefits { benefits: puja.benefits, puja_id: puja.id }))
}

async fn plans(State(app): State<App>, Query(query): Query<OfPuja>) -> web::Result<ReplyV1<Plans>> {
    let all = offered(&app, query.puja_id).await?;
    let all =
        all.iter().flat_map(|offering| offering.prices.plans.iter().map(|plan| PlanV1::of(offering, plan)));
    let (plans, cut) = Cut::of(all.collect(), query.page, query.page_size)?;
    Ok(ReplyV1::ok(Plans { plans, cut }))
}

async fn chadawas(State(app): State<App>, Query(query): Query<OfPuja>) -> web::Result<ReplyV1<Chadawas>> {
    let all = offered(&app, query.puja_id).await?;
    let all = all
        .iter()
        .flat_map(|offering| offering.prices.add_ons.iter().map(|one| ChadawaV1::of(offering, one)));
    let (chadawas, cut) = Cut::of(all.collect(), query.page, query.page_size)?;
    Ok(ReplyV1::ok(Chadawas { chadawas, cut }))
}

/// The offering of a session, or those of all sessions to come, by name.
async fn offered(app: &App, session: Option<PoolId>) -> Result<Vec<Offering>> {
    let now = app.clock.now();
    let sessions = match session {
        Some(id) => vec![app.store.pool(id).await?],
        None => app.store.sessions(now, true, GATHERED).await?,
    };
    let offerings: BTreeSet<OfferingId> =
        sessions.iter().filter_map(|pool| Some(pool.session?.offering)).collect();
    if offerings.is_empty() {
        return if session.is_some() { Err(Error::not_found("puja")) } else { Ok(Vec::new()) };
    }
    let mut found = app.store.together(&Ids { offerings, ..Ids::default() }).await?.offerings;
    found.retain(|offering| !offering.retired);
    found.sort_by_key(|offering| (offering.about.name.folded(), offering.id));
    Ok(found)
}

/// The session, with what it is a date of.
///
/// # Errors
/// `not_found`, for pools that are no sessions too.
async fn puja(app: &App, id: PoolId) -> Result<Puja> {
    let pool = app.store.pool(id).await?;
    pujas(app, &[pool]).await?.pop().ok_or_else(|| Error::not_found("puja"))
}

/// Sessions with their offerings and temples, which are read together.
async fn pujas(app: &App, sessions: &[Pool]) -> Result<Vec<Puja>> {
    let ids = Ids {
        offerings: sessions.iter().filter_map(|pool| Some(pool.session?.offering)).collect(),
        locations: sessions.iter().map(|pool| pool.location).collect(),
        ..Ids::default()
    };
    if ids.offerings.is_empty() {
        return Ok(Vec::new());
    }
    let (known, now) = (app.store.together(&ids).await?, app.clock.now());
    let offerings: BTreeMap<OfferingId, &Offering> =
        known.offerings.iter().map(|offering| (offering.id, offering)).collect();
    let puja = |pool: &Pool| {
        let offering = offerings.get(&pool.session?.offering)?;
        Puja::of(pool, offering, known.location(pool.location), now)
    };
    Ok(sessions.iter().filter_map(puja).collect())
}

/// `49900` paise as `499.00`.
fn amount(offering: &Offering, minor: i64) -> String {
    let told = Money::new(minor, offering.prices.currency).to_string();
    told.split_once(' ').map(|(_, amount)| amount.to_owned()).unwrap_or(told)
}

impl Puja {
    fn of(pool: &Pool, offering: &Offering, temple: Option<&Location>, now: Timestamp) -> Option<Self> {
        let (about, prices) = (&offering.about, &offering.prices);
        let starts = pool.zone.local(pool.session?.span.start());
        let categories: Vec<&str> = about.categories.iter().map(domain::text::Tag::as_str).collect();
        let benefit = |benefit: &domain::offering::Benefit| Benefit {
            title: benefit.title.to_string(),
            description: benefit.text.as_ref().map(ToString::to_string),
        };
        Some(Self {
            id: pool.id.to_string(),
            offering_id: offering.id.to_string(),
            name: about.name.to_string(),
            sub_heading: about.summary.as_ref().map(ToString::to_string),
            description: about.description.as_ref().map(ToString::to_string),
            date: starts.date().to_string(),
            time: starts.strftime("%H:%M:%S").to_string(),
            temple_id: pool.location.to_string(),
            temple_name: temple.map(|temple| temple.name.to_string()),
            temple_address: temple.and_then(|temple| temple.address.as_ref()).map(ToString::to_string),
            category: (!categories.is_empty()).then(|| categories.join(", ")),
            is_active: !pool.retired && !offering.retired && !pool.has_begun(now),
            currency: prices.currency.code().to_owned(),
            images: about.images.iter().map(|image| Image { image_url: image.to_string() }).collect(),
            benefits: about.benefits.iter().map(benefit).collect(),
            plans: prices.plans.iter().map(|plan| PlanV1::of(offering, plan)).collect(),
            chadawas: prices.add_ons.iter().map(|one| ChadawaV1::of(offering, one)).collect(),
        })
    }
}

impl PlanV1 {
    fn of(offering: &Offering, plan: &Plan) -> Self {
        let usual = plan.list_price.filter(|usual| *usual > plan.price);
        Self {
            id: plan.code.to_string(),
            offering_id: offering.id.to_string(),
            name: plan.name.to_string(),
            description: plan.includes.as_ref().map(ToString::to_string),
            actual_price: amount(offering, usual.unwrap_or(plan.price)),
            discounted_price: usual.map(|_| amount(offering, plan.price)),
        }
    }
}

impl ChadawaV1 {
    fn of(offering: &Offering, add_on: &AddOn) -> Self {
        Self {
            id: add_on.code.to_string(),
            offering_id: offering.id.to_string(),
            name: add_on.name.to_string(),
            description: add_on.description.as_ref().map(ToString::to_string),
            price: amount(offering, add_on.price),
            requires_note: add_on.needs_note,
        }
    }
}
