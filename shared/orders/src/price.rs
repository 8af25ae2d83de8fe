//! What the lines of an order cost, where they are seats of sessions.

use std::collections::BTreeSet;

use domain::promo::{PromoUse, UsedUp};
use domain::sale::{self, Choice};
use domain::text::Promo;
use domain::{Address, Caller, LocationId, OfferingId, OrderLine, Pool, PromoCode, PromoCodeId, Sale};
use errors::{Code, Error, Result, both};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Ids, Store, Together};
use web::Fields;

use crate::lines::place;

/// Whether it is asked where something is posted.
#[derive(Debug, Clone)]
pub(crate) enum Posting {
    /// There, if anywhere.
    To(Option<Address>),
    /// It only matters what it costs.
    Unasked,
}

/// The id of a location's promo code: whoever knows place and word knows it, so that it is read together with the prices.
pub fn promo_code_id(location: LocationId, code: &Promo) -> PromoCodeId {
    let digest: [u8; 32] = Sha256::digest(format!("promo {location} {code}")).into();
    let mut half = [0; 16];
    half.copy_from_slice(digest.split_at(16).0);
    PromoCodeId::derived(half)
}

/// What an order would cost, and whether the caller could use its promo code now. Nothing is written.
///
/// # Errors
/// As ordering, but that nothing has a price is `validation_failed`, and that too little is left is not told.
pub async fn quote(
    store: &Store,
    caller: &Caller,
    (lines, choices): (&[OrderLine], &[Choice]),
    promo: Option<&Promo>,
    now: Timestamp,
) -> Result<Sale> {
    let pools = lines.iter().map(|line| line.pool).collect();
    let known = store.together(&Ids { pools, ..Ids::default() }).await?;
    place(lines, None, &known, now)?;
    let sale = price(store, (lines, choices), (promo, Posting::Unasked), &known, now).await?;
    let sale =
        sale.ok_or_else(|| Error::field("/lines/0/pool_id", "other_kind", "has no price: it is no session"))?;
    if let Some(promo) = &sale.promo {
        let (all, own) = store.promo_uses_by(promo.id, caller.user).await?;
        if promo.most.is_some_and(|most| all >= most) {
            return Err(PromoUse::used_up(UsedUp::All));
        }
        if own >= promo.most_each {
            return Err(PromoUse::used_up(UsedUp::Customer));
        }
    }
    Ok(sale)
}

/// The price of these lines with what was chosen for each, as the offering says now; `None` where nothing has a price.
///
/// # Errors
/// `validation_failed` for choices, a promo code or an address where there is nothing to choose, sessions of several offerings, other
/// pools beside them, an offering that is retired, and as [`Sale::quote`] and [`address`]; `not_bookable` once a session has begun.
pub(crate) async fn price(
    store: &Store,
    (lines, choices): (&[OrderLine], &[Choice]),
    (promo, posting): (Option<&Promo>, Posting),
    known: &Together,
    now: Timestamp,
) -> Result<Option<Sale>> {
    let pools: Vec<Option<&Pool>> = lines.iter().map(|line| known.pool(line.pool)).collect();
    let sessions = || pools.iter().filter_map(|pool| pool.and_then(|pool| pool.session));
    let offerings: BTreeSet<OfferingId> = sessions().map(|session| session.offering).collect();
    let mut fields = Fields::new();
    for (at, pool) in pools.iter().enumerate() {
        if pool.is_some_and(|pool| pool.room_type.is_some()) {
            let message = "are nights of a room type: book them as a stay";
            fields.refuse(format!("/lines/{at}/pool_id"), "other_kind", message);
        }
        let session = pool.is_some_and(|pool| pool.session.is_some());
        if !session && !offerings.is_empty() {
            let message = "is no session: sessions are ordered by themselves";
            fields.refuse(format!("/lines/{at}/pool_id"), "other_kind", message);
        }
        let chosen = choices.iter().find(|choice| choice.line == at);
        if !session && chosen.is_some_and(|choice| choice.plan.is_some() || !choice.extras.is_empty()) {
            let message = "must be left out: this has no plans";
            fields.refuse(format!("/lines/{at}/plan"), "unexpected", message);
        }
    }
    if offerings.is_empty() {
        let message = "must be left out: this has no price";
        if promo.is_some() {
            fields.refuse("/promo_code", "unexpected", message);
        }
        if matches!(posting, Posting::To(Some(_))) {
            fields.refuse("/shipping_address", "unexpected", message);
        }
    }
    if offerings.len() > 1 {
        fields.refuse("/lines", "other_offering", "must be sessions of one offering");
    }
    fields.check()?;
    let (Some(id), Some(starts)) = (offerings.first(), sessions().map(|session| session.span.start()).min())
    else {
        return Ok(None);
    };
    if let Some(begun) = pools.iter().flatten().find(|pool| pool.has_begun(now)) {
        let reason = json!({ "code": "in_the_past", "message": "it has begun", "pool_id": begun.id });
        return Err(Error::new(Code::NotBookable, "this session cannot be booked: it has begun")
            .with_detail("reasons", vec![reason]));
    }
    // Of one location: the lines have been looked at.
    let place = pools.iter().flatten().map(|pool| pool.location).next();
    let promo = promo.zip(place).map(|(code, place)| promo_code_id(place, code));
    let ids = Ids { offerings: [*id].into(), promo_codes: promo.into_iter().collect(), ..Ids::default() };
    let mut read = store.together(&ids).await?;
    let offering = read.offerings.pop().ok_or_else(|| Error::not_found("offering"))?;
    if offering.retired {
        return Err(Error::field("/lines/0/pool_id", "retired", "is no longer offered"));
    }
    let code = match (promo, read.promo_codes.first()) {
        (Some(_), None) => Err(Error::fields(vec![PromoCode::unknown()])),
        (_, code) => Ok(code.map(|code| (code, now))),
    };
    let address = match posting {
        Posting::To(address) => sale::address(&offering, choices, address),
        Posting::Unasked => Ok(None),
    };
    // An unknown code does not keep the choices from being looked at.
    let priced = Sale::quote(&offering, choices, code.as_ref().ok().copied().flatten(), starts);
    let ((priced, _), address) = both(both(priced, code), address)?;
    Ok(Some(Sale { address, ..priced }))
}
