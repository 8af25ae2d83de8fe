//! Rate plans.

mod body;

use domain::{Permission, RatePlanId};
use errors::Error;
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route, Signed,
    State, delete, get, post, put,
};

use super::asked;
use super::house::AtLocation;
use crate::App;
use crate::plans;
use crate::v2::plans::body::{PlanBody, PlanView};

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    vec![
        post("/rate-plans", manages, create)
            .named("createRatePlan", "Add a rate plan: what nights cost, and which stays may be had")
            .keyed(Key::Accepted)
            .takes::<PlanBody>()
            .answers::<PlanView>(201),
        get("/rate-plans", Access::Anyone, list)
            .named("listRatePlans", "List the rate plans of a location by name")
            .cached_publicly(10)
            .queried::<AtLocation>()
            .answers::<Vec<PlanView>>(200),
        get("/rate-plans/{id}", Access::Anyone, show)
            .named("showRatePlan", "Read a rate plan")
            .cached_publicly(10)
            .answers::<PlanView>(200)
            .answers_empty(304),
        put("/rate-plans/{id}", manages, replace)
            .named("replaceRatePlan", "Say anew what a rate plan is; what is sold by it stays as it was sold")
            .takes::<PlanBody>()
            .answers::<PlanView>(200),
        delete("/rate-plans/{id}", manages, retire)
            .named("retireRatePlan", "Take a rate plan off the offer for ever")
            .answers::<PlanView>(200),
    ]
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<PlanBody>,
) -> Result<Reply<PlanView>> {
    let location = body.location_id.ok_or_else(|| Error::field("/location_id", "required", "is required"))?;
    let asked = asked(caller, IfMatch(None), idem);
    let done = plans::make_plan(&app, &asked, (location, body.plan()?)).await?;
    let (path, version) = (format!("/rate-plans/{}", done.record.id), done.record.version);
    Ok(Reply::created(PlanView::of(done.record), path).version(version).replayed(done.replayed))
}

async fn list(
    State(app): State<App>,
    page: PageQuery,
    Query(query): Query<AtLocation>,
) -> Result<Listed<PlanView>> {
    let found = app.reads.rate_plans(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(PlanView::of)))
}

async fn show(State(app): State<App>, Path(id): Path<RatePlanId>) -> Result<Reply<PlanView>> {
    Ok(PlanView::reply(app.reads.rate_plan(id).await?))
}

async fn replace(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<RatePlanId>,
    if_match: IfMatch,
    Json(body): Json<PlanBody>,
) -> Result<Reply<PlanView>> {
    if body.location_id.is_some() {
        return Err(Error::field("/location_id", "unexpected", "stays as it is").into());
    }
    Ok(PlanView::reply(plans::change_plan(&app, &caller, (id, if_match), body.plan()?).await?))
}

async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<RatePlanId>,
    if_match: IfMatch,
) -> Result<Reply<PlanView>> {
    Ok(PlanView::reply(plans::retire_plan(&app, &caller, (id, if_match)).await?))
}
