//! Rate plans: making, changing and retiring them.

use domain::hotel::RatePlan;
use domain::hotel::rates::{Meals, Rates};
use domain::text::{Name, Note};
use domain::{Caller, EventId, LocationId, Permission, RatePlanId, Requests};
use errors::{Code, Error, Result};
use store::Tx;
use web::{Asked, Done, IfMatch};

use crate::App;
use crate::house::{bits, unknown_location};

/// What a rate plan says.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: Name,
    pub(crate) includes: Option<Note>,
    pub(crate) meals: Meals,
    pub(crate) rates: Rates,
}

/// Makes a rate plan.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`.
pub(crate) async fn make_plan(
    app: &App,
    asked: &Asked,
    (location, plan): (LocationId, Plan),
) -> Result<Done<RatePlan>> {
    asked.caller.require_at(Permission::ManageCatalog, location)?;
    app.store.location(location).await.map_err(unknown_location)?;
    let now = app.clock.now();
    let Plan { name, includes, meals, rates } = plan;
    let plan = RatePlan {
        id: RatePlanId::derived(bits(asked, now)),
        location,
        name,
        includes,
        meals,
        rates: rates.checked()?,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    derives_well(app, &plan).await?;
    let mut tx = Tx::new();
    tx.insert_rate_plan(&app.store, &plan);
    let id = EventId::new(now, env::random());
    tx.event(&app.store, &plan.event(id, "rate_plan.created", None, asked.caller.actor()));
    let (record, replayed) = store::record_from(app.store.commit(tx).await?, plan)?;
    Ok(Done { record, replayed })
}

/// Says anew what a rate plan is; what is sold by it stays as it was sold.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `validation_failed`, `changed`.
pub(crate) async fn change_plan(
    app: &App,
    caller: &Caller,
    (id, if_match): (RatePlanId, IfMatch),
    plan: Plan,
) -> Result<RatePlan> {
    let before = app.store.rate_plan(id).await?;
    let Plan { name, includes, meals, rates } = plan;
    let after = before.clone().revise(app.clock.now())?;
    let after = RatePlan { name, includes, meals, rates: rates.checked()?, ..after };
    if after.rates.currency != before.rates.currency {
        return Err(Error::field("/currency", "unexpected", "stays as it is: stays were sold in it"));
    }
    derives_well(app, &after).await?;
    save_plan(app, caller, (before, after), if_match, "rate_plan.changed").await
}

/// Takes a rate plan off the offer for ever.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `changed`.
pub(crate) async fn retire_plan(
    app: &App,
    caller: &Caller,
    (id, if_match): (RatePlanId, IfMatch),
) -> Result<RatePlan> {
    let before = app.store.rate_plan(id).await?;
    let after = RatePlan { retired: true, ..before.clone().revise(app.clock.now())? };
    save_plan(app, caller, (before, after), if_match, "rate_plan.retired").await
}

async fn save_plan(
    app: &App,
    caller: &Caller,
    (before, after): (RatePlan, RatePlan),
    if_match: IfMatch,
    kind: &str,
) -> Result<RatePlan> {
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let mut tx = Tx::new();
    tx.update_rate_plan(&app.store, &after);
    let id = EventId::new(after.updated_at, env::random());
    tx.event(&app.store, &after.event(id, kind, Some(&before), caller.actor()));
    app.store.commit(tx).await?;
    Ok(after)
}

/// A plan derives from one of the same place and currency that has prices of its own.
async fn derives_well(app: &App, plan: &RatePlan) -> Result<()> {
    let Some(parent) = plan.parent() else { return Ok(()) };
    let wrong = |code, message| Error::field("/derived/from", code, message);
    let parent = app.store.rate_plan(parent).await.map_err(|error| match error.code() {
        Code::NotFound => wrong("unknown", "there is no such rate plan"),
        _ => error,
    })?;
    if parent.location != plan.location || parent.rates.currency != plan.rates.currency {
        return Err(wrong("other_location", "must be of the same location and currency"));
    }
    if parent.parent().is_some() || parent.id == plan.id {
        return Err(wrong("invalid_value", "must have prices of its own"));
    }
    Ok(())
}
