//! Money at the desk: taken there, or given back by somebody who may.

use domain::payment::{Means, most_to_pay, to_pay};
use domain::text::Line;
use domain::{Caller, EventId, OrderId, Payment, PaymentId, Permission};
use errors::{Code, Error, Result};
use store::Tx;
use web::Idempotency;

use crate::settle::{Known, add, known, tell};
use crate::{App, order_to_pay};

/// Notes money that a desk has taken, all that is to be paid next unless `amount` says less or more; the order is sold once enough
/// is paid. The second value says whether this very request had done so before.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for more than is to be paid, `wrong_state` when nothing is, `hold_expired`.
pub(crate) async fn take(
    app: &App,
    caller: &Caller,
    idem: &Idempotency,
    (id, means, amount, part): (OrderId, Means, Option<i64>, Option<usize>),
) -> Result<(Known, Payment, bool)> {
    let order = order_to_pay(app, caller, id).await?;
    caller.require_at(Permission::BookForOthers, order.location)?;
    let now = app.clock.now();
    let new = PaymentId::derived(idem.id(|| PaymentId::new(now, env::random()).bits().to_be_bytes()));
    let before = known(app, order).await?;
    if let Some(made) = before.payment(new).cloned() {
        if idem.is(made.request.as_deref()) {
            return Ok((before, made, true));
        }
        return Err(Idempotency::reused());
    }
    let next = to_pay(&before.order, now)?;
    let most = most_to_pay(&before.order);
    if let Some(part) = part {
        before.order.open_part(part)?;
    }
    let amount = amount.unwrap_or(next);
    if !(1..=most).contains(&amount) {
        return Err(Error::field("/amount", "out_of_range", format!("must be 1 to {most}")));
    }
    let mut payment = Payment::taken(new, &before.order, means, amount, now)?;
    (payment.part, payment.request) = (part, idem.request());
    add(app, &before.order, &payment, ("payment.taken", &caller.actor())).await?;
    // What follows is written by itself, and again by whoever hears of the payment: it is true from here on.
    let known = tell(app, (id, Some(payment.id)), &caller.actor(), |_, _| Ok(())).await?;
    Ok((known, payment, false))
}

/// Gives some of what was paid back, as a favour or for what was not delivered: the order costs so much less. The second value says
/// whether this very request had done so before.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` when not so much was paid, `changed` when somebody was faster.
pub(crate) async fn give_back(
    app: &App,
    caller: &Caller,
    idem: &Idempotency,
    (id, amount, reason): (OrderId, i64, Option<Line>),
) -> Result<(Known, bool)> {
    let before = order_to_pay(app, caller, id).await?;
    caller.require_at(Permission::ResolveBookings, before.location)?;
    if idem.replays(&before.requests)? {
        return Ok((known(app, before).await?, true));
    }
    if amount <= 0 {
        return Err(Error::field("/amount", "out_of_range", "must be more than nothing"));
    }
    let now = app.clock.now();
    let mut after = before.clone().reduced(amount, now)?;
    after.requests = after.requests.with(idem.mark());
    let mut event =
        after.event(EventId::new(now, env::random()), "order.reduced", Some(&before), caller.actor());
    if let (Some(reason), Some(data)) = (reason, event.data.as_object_mut()) {
        data.insert("reason".to_owned(), reason.as_str().into());
    }
    let mut tx = Tx::new();
    tx.update_order(&app.store, &before, &after);
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    Ok((tell(app, (id, None), &caller.actor(), |_, _| Ok(())).await?, false))
}

/// What a desk was given, from its word for it.
///
/// # Errors
/// `validation_failed` for a word that is none, or where a reference is missing.
pub(crate) fn means(word: &str, reference: Option<Line>) -> Result<Means> {
    let reference = reference.map(String::from);
    match (word, reference) {
        ("cash", None) => Ok(Means::Cash),
        ("cash", Some(_)) => Err(Error::field("/reference", "unexpected", "must be left out: cash has none")),
        ("card", reference) => Ok(Means::Card { reference }),
        ("upi", Some(reference)) => Ok(Means::Upi { reference }),
        ("upi", None) => Err(Error::field("/reference", "required", "is required: the bank's reference")),
        _ => Err(Error::new(Code::ValidationFailed, "unknown means")),
    }
}
