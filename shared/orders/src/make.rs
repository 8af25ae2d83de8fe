//! Ordering at once, or holding for a while: one trip to read what must be known, one to write.

use domain::booking::{HOLD_SECONDS, held_until};
use domain::sale::Choice;
use domain::text::{Note, Promo};
use domain::{Address, Order, OrderId, OrderLine, OrderState, Permission, Requests, UserId};
use errors::{Result, both};
use jiff::Timestamp;
use store::{Ids, Store};
use web::{Asked, Done};

use crate::price::Posting;
use crate::{claim, for_whom, lines, price};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which pools, how much of each.
    pub lines: Vec<OrderLine>,
    /// What is chosen for each line.
    pub choices: Vec<Choice>,
    /// For whom; the caller when unset.
    pub user: Option<UserId>,
    /// A promo code.
    pub promo: Option<Promo>,
    /// Where something of it is posted.
    pub address: Option<Address>,
    /// Anything else.
    pub note: Option<Note>,
    /// For how many seconds it is only held; ordered at once when unset.
    pub hold_seconds: Option<u32>,
}

/// Holds or orders.
///
/// # Errors
/// `forbidden` for another user without the right, `validation_failed`, `not_bookable` for nights that have passed, `promo_used_up`,
/// and `sold_out` with alternatives.
pub async fn make(store: &Store, asked: &Asked, wanted: Wanted, now: Timestamp) -> Result<Done<Order>> {
    let caller = &asked.caller;
    let keyed = asked.idem.digest().map(OrderId::derived);
    let ids = Ids {
        pools: wanted.lines.iter().map(|line| line.pool).collect(),
        users: wanted.user.filter(|user| !caller.is(*user)).into_iter().collect(),
        orders: keyed.into_iter().collect(),
        ..Ids::default()
    };
    let known = store.together(&ids).await?;
    if let Some(made) = known.orders.first() {
        return replayed(asked, made);
    }
    let hold_until = wanted.hold_seconds.map(|seconds| held_until(seconds, now)).transpose();
    let (mut hold_until, (location, today)) =
        both(hold_until, lines::place(&wanted.lines, None, &known, now))?;
    let user = for_whom(caller, wanted.user, location, &known)?;
    let besides = (wanted.promo.as_ref(), Posting::To(wanted.address));
    let mut sale = price::price(store, (&wanted.lines, &wanted.choices), besides, &known, now).await?;
    // What is to be paid first is held meanwhile; a desk sells it and takes the money itself.
    let pays_first = sale.as_ref().is_some_and(|sale| sale.first_part > 0)
        && !caller.may_at(Permission::BookForOthers, location);
    if pays_first && hold_until.is_none() {
        hold_until = Some(held_until(u32::try_from(HOLD_SECONDS).unwrap_or(u32::MAX), now)?);
    }
    if let (Some(sale), None) = (&mut sale, hold_until) {
        sale.charged = sale.total;
    }
    let (state, kind) = match hold_until {
        Some(_) => (OrderState::Held, "order.held"),
        None => (OrderState::Confirmed, "order.confirmed"),
    };
    let new = Order {
        id: keyed.unwrap_or_else(|| OrderId::new(now, env::random())),
        location,
        user,
        booked_by: Some(caller.user).filter(|by| *by != user),
        lines: wanted.lines,
        state,
        hold_until,
        sale: sale.map(Box::new),
        stay: None,
        note: wanted.note,
        reason: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    claim(store, asked, None, new, (kind, today), &|_| {}).await
}

/// The first result of a key.
///
/// # Errors
/// `idempotency_key_reused` if the key came with another request then.
pub fn replayed(asked: &Asked, made: &Order) -> Result<Done<Order>> {
    if asked.idem.is(made.request.as_deref()) {
        return Ok(Done { record: made.clone(), replayed: true });
    }
    Err(web::Idempotency::reused())
}
