//! Promo codes: making, changing, retiring and reading them.

use std::collections::BTreeSet;

use domain::promo::PromoTerms;
use domain::text::Promo;
use domain::{Caller, EventId, LocationId, OfferingId, Permission, PromoCode, PromoCodeId, Requests};
use errors::{Error, Result, both};
use orders::promo_code_id;
use store::{Ids, Page, Position, Together, Tx};
use web::{Asked, Fields, IfMatch};

use crate::App;
use crate::change::Done;

/// A code, and how many orders are held or sold with it.
pub(crate) type Counted = (PromoCode, u32);

/// Makes a promo code.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `already_exists` where there is or was one of this word.
pub(crate) async fn make(
    app: &App,
    asked: &Asked,
    (location, code): (LocationId, Promo),
    terms: PromoTerms,
) -> Result<Done<PromoCode>> {
    asked.caller.require_at(Permission::ManageCatalog, location)?;
    let offerings = terms.offerings.clone();
    let known =
        app.store.together(&Ids { locations: [location].into(), offerings, ..Ids::default() }).await?;
    let mut fields = Fields::new();
    if known.location(location).is_none() {
        fields.refuse("/location_id", "unknown", "there is no such location");
    }
    there(&mut fields, &terms.offerings, location, &known);
    let (terms, ()) = both(terms.checked(), fields.check())?;
    let now = app.clock.now();
    let code = PromoCode {
        id: promo_code_id(location, &code),
        location,
        code,
        terms,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_promo_code(&app.store, &code, asked.idem.digest());
    let event = EventId::new(now, env::random());
    tx.event(&app.store, &code.event(event, "promo_code.created", None, asked.caller.actor()));
    let (record, replayed) = store::promo_code_from(app.store.commit(tx).await?, code)?;
    Ok(Done { record, replayed })
}

/// Says anew what a code takes off. What was ordered with it keeps its price.
///
/// # Errors
/// `not_found`, `forbidden` outside the caller's scope, `validation_failed`, `wrong_state` once retired, `changed` when somebody was
/// faster.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    (id, if_match): (PromoCodeId, IfMatch),
    terms: PromoTerms,
) -> Result<Counted> {
    let (promo_codes, offerings) = ([id].into(), terms.offerings.clone());
    let mut known = app.store.together(&Ids { promo_codes, offerings, ..Ids::default() }).await?;
    let before = known.promo_codes.pop().ok_or_else(|| Error::not_found("promo code"))?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let mut fields = Fields::new();
    there(&mut fields, &terms.offerings, before.location, &known);
    let (terms, ()) = both(terms.checked(), fields.check())?;
    let after = before.clone().revise(app.clock.now())?;
    save(app, caller, &before, PromoCode { terms, ..after }, "promo_code.changed").await
}

/// Takes a code away for ever.
///
/// # Errors
/// `not_found`, `forbidden` outside the caller's scope, `wrong_state` once retired, `changed` when somebody was faster.
pub(crate) async fn retire(
    app: &App,
    caller: &Caller,
    (id, if_match): (PromoCodeId, IfMatch),
) -> Result<Counted> {
    let before = app.store.promo_code(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let after = before.clone().retire(app.clock.now())?;
    save(app, caller, &before, after, "promo_code.retired").await
}

async fn save(
    app: &App,
    caller: &Caller,
    before: &PromoCode,
    after: PromoCode,
    kind: &str,
) -> Result<Counted> {
    let id = EventId::new(after.updated_at, env::random());
    let mut tx = Tx::new();
    tx.update_promo_code(&app.store, &after);
    tx.event(&app.store, &after.event(id, kind, Some(before), caller.actor()));
    app.store.commit(tx).await?;
    counted(app, after).await
}

/// The code, for those who manage the catalogue of its place.
///
/// # Errors
/// `not_found`, `forbidden`.
pub(crate) async fn show(app: &App, caller: &Caller, id: PromoCodeId) -> Result<Counted> {
    let code = app.store.promo_code(id).await?;
    caller.require_at(Permission::ManageCatalog, code.location)?;
    counted(app, code).await
}

/// A page of the codes of a location, by their words.
///
/// # Errors
/// `forbidden` outside the caller's scope.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    location: LocationId,
    (limit, after): (u32, Option<Position>),
) -> Result<Page<Counted>> {
    caller.require_at(Permission::ManageCatalog, location)?;
    let page = app.store.promo_codes_at(location, limit, after).await?;
    let ids: Vec<PromoCodeId> = page.items.iter().map(|code| code.id).collect();
    let counts = app.store.promo_uses(&ids).await?;
    Ok(page.map(|code| {
        let used = counts.get(&code.id).copied().unwrap_or_default();
        (code, used)
    }))
}

async fn counted(app: &App, code: PromoCode) -> Result<Counted> {
    let counts = app.store.promo_uses(&[code.id]).await?;
    let used = counts.get(&code.id).copied().unwrap_or_default();
    Ok((code, used))
}

/// Whether the offerings of a code are there, and of its place.
fn there(fields: &mut Fields, wanted: &BTreeSet<OfferingId>, location: LocationId, known: &Together) {
    for (at, id) in wanted.iter().enumerate() {
        let found = known.offerings.iter().find(|offering| offering.id == *id);
        if found.is_none_or(|offering| offering.location != location) {
            let message = format!("{id} is no offering of this location");
            fields.refuse(format!("/offering_ids/{at}"), "unknown", message);
        }
    }
}
