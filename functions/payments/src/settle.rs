//! Where facts meet the order: join them, see what follows, write it once; and ask the gateway for what only it can do.

use std::collections::BTreeSet;

use domain::payment::{Next, RefundState, RefundTold, Stage, Told, next, summed};
use domain::{Actor, Event, EventId, Money, Order, OrderId, OrderState, Payment, PaymentId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use ledger::Changes;
use store::{Ids, Tx};

use crate::App;

/// Attempts to write what follows while others write the same records.
const MOST_ROUNDS: usize = 8;
/// Things that follow from one another before something is wrong with what follows.
const MOST_STEPS: usize = 200;

/// An order with its payments.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) order: Order,
    pub(crate) payments: Vec<Payment>,
}

impl Known {
    pub(crate) fn payment(&self, id: PaymentId) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }
}

/// What is known of an order; payments in the order in which they were begun.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn known(app: &App, order: Order) -> Result<Known> {
    with(app, order, Vec::new()).await
}

/// The same by the order's id, in one trip unless it has other payments than those that are expected.
async fn read(app: &App, order: OrderId, expected: &BTreeSet<PaymentId>) -> Result<Known> {
    let ids = Ids { orders: [order].into(), payments: expected.clone(), ..Ids::default() };
    let mut found = app.store.together(&ids).await?;
    let order = found.orders.pop().ok_or_else(|| Error::not_found("order"))?;
    with(app, order, found.payments).await
}

/// The order with its payments, of which some have been read.
async fn with(app: &App, order: Order, mut found: Vec<Payment>) -> Result<Known> {
    let ids: Vec<PaymentId> = order.sale.iter().flat_map(|sale| sale.payments.clone()).collect();
    found.retain(|payment| ids.contains(&payment.id));
    let read = |id: &PaymentId| found.iter().any(|payment| payment.id == *id);
    let payments: BTreeSet<PaymentId> = ids.iter().filter(|id| !read(id)).copied().collect();
    if !payments.is_empty() {
        found.extend(app.store.together(&Ids { payments, ..Ids::default() }).await?.payments);
    }
    found.sort_by_key(|payment| ids.iter().position(|id| *id == payment.id));
    Ok(Known { order, payments: found })
}

/// Whether the order says of its payments what they do not say: then they were read before they changed, and it after. What came in
/// and what went back only grow.
fn outdated(known: &Known) -> bool {
    let stands = |order: &Order| order.sale.as_ref().map_or((0, 0), |sale| (sale.captured, sale.refunded));
    let ((captured, refunded), (in_all, back)) =
        (stands(&known.order), stands(&summed(known.order.clone(), &known.payments)));
    in_all < captured || back < refunded
}

/// Writes a new payment, and the order that has it from now on: `kind` is the event that tells of the payment.
///
/// # Errors
/// `changed` when the order was changed since it was read, `wrong_state` after too many tries.
pub(crate) async fn add(
    app: &App,
    order: &Order,
    payment: &Payment,
    (kind, actor): (&str, &Actor),
) -> Result<Order> {
    let now = payment.created_at;
    let after = order.clone().paying(payment.id, now)?;
    let mut tx = Tx::new();
    tx.insert_payment(&app.store, payment);
    tx.update_order(&app.store, order, &after);
    tx.event(&app.store, &payment.event(EventId::new(now, env::random()), kind, None, actor.clone()));
    let paying = after.event(EventId::new(now, env::random()), "order.paying", Some(order), actor.clone());
    tx.event(&app.store, &paying);
    app.store.commit(tx).await?;
    Ok(after)
}

/// Joins what is told with what is known of an order, does all that follows and needs no gateway, and writes it in one transaction.
/// Told again, nothing is written. `tell` is called anew whenever somebody else wrote in between. The payment that it is about, if
/// that is known, is read together with the order.
///
/// # Errors
/// What `tell` says; `not_found` without such an order; `unavailable` when others write faster than this can.
pub(crate) async fn tell(
    app: &App,
    (order, about): (OrderId, Option<PaymentId>),
    actor: &Actor,
    tell: impl Fn(&Order, &mut [Payment]) -> Result<()>,
) -> Result<Known> {
    let mut gone = false;
    let mut expected: BTreeSet<PaymentId> = about.into_iter().collect();
    for _ in 0..MOST_ROUNDS {
        let before = read(app, order, &expected).await?;
        expected.extend(before.payments.iter().map(|payment| payment.id));
        if outdated(&before) {
            continue;
        }
        let now = app.clock.now();
        let mut after = before.clone();
        tell(&after.order, &mut after.payments)?;
        follow(&mut after, gone, now)?;
        match write(app, &before, after, actor, now).await {
            Err(error) if error.code() == Code::Changed => {}
            // Its units were given back, and somebody has them: the money goes back.
            Err(error) if error.code() == Code::SoldOut => gone = true,
            done => return done,
        }
    }
    Err(Error::unavailable("an order changed again and again while its payments were told"))
}

/// Everything that follows and needs no gateway.
fn follow(known: &mut Known, gone: bool, now: Timestamp) -> Result<()> {
    for _ in 0..MOST_STEPS {
        known.order = summed(known.order.clone(), &known.payments);
        match next(&known.order, &known.payments) {
            Some(Next::Sell) if known.order.state == OrderState::Expired && gone => {
                known.order = known.order.clone().lost(now);
            }
            Some(Next::Sell) => known.order = known.order.clone().paid(now)?,
            Some(Next::Refund { payment, attempt, amount }) => {
                if let Some(payment) = known.payments.iter_mut().find(|known| known.id == payment) {
                    payment.promise(&attempt, amount, now);
                }
            }
            // Only the gateway can do that.
            Some(Next::Capture { .. }) | None => return Ok(()),
        }
    }
    Err(Error::internal("what follows from payments has no end"))
}

/// Writes what changed.
async fn write(app: &App, before: &Known, after: Known, actor: &Actor, now: Timestamp) -> Result<Known> {
    let Known { mut order, payments } = after;
    let mut tx = Tx::new();
    let mut written = Vec::new();
    for payment in payments {
        let old = before.payment(payment.id);
        if old == Some(&payment) {
            written.push(payment);
            continue;
        }
        let payment = payment.revised(now, true);
        tx.update_payment(&app.store, &payment);
        let id = EventId::new(now, env::random());
        tx.event(&app.store, &payment.event(id, "payment.told", old, actor.clone()));
        written.push(payment);
    }
    if order != before.order {
        // The steps count their own versions; together they are one change.
        (order.version, order.updated_at) = (before.order.version + 1, now);
        tx.update_order(&app.store, &before.order, &order);
        tx.event(&app.store, &event(&before.order, &order, actor));
        Changes::between(Some(&before.order), Some(&order)).add_to(&mut tx, &app.store, now)?;
    }
    if !tx.is_empty() {
        app.store.commit(tx).await?;
    }
    Ok(Known { order, payments: written })
}

fn event(before: &Order, after: &Order, actor: &Actor) -> Event {
    let lost = |order: &Order| order.sale.as_ref().is_some_and(|sale| sale.lost);
    let kind = match (before.state, after.state) {
        (OrderState::Held | OrderState::Expired, OrderState::Confirmed) => "order.confirmed",
        _ if lost(after) && !lost(before) => "order.lost",
        _ => "order.paid",
    };
    let id = EventId::new(after.updated_at, env::random());
    after.event(id, kind, Some(before), actor.clone())
}

/// Does everything that follows from what is known, and asks the gateway for its part, until nothing follows any more.
///
/// # Errors
/// `unavailable` and `upstream_failed` when the gateway could not be asked: to be tried again.
pub(crate) async fn settle(app: &App, order: OrderId) -> Result<()> {
    // What the gateway refused for good is not asked for twice in a row; the next look asks again.
    let mut refused = BTreeSet::new();
    let mut about = None;
    for _ in 0..MOST_STEPS {
        let known = match tell(app, (order, about), &Actor::system(), |_, _| Ok(())).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            known => known?,
        };
        let Some(wanted) = known.payments.iter().find_map(|payment| wanted(payment, &refused)) else {
            return Ok(());
        };
        ask(app, order, &wanted, &mut refused).await?;
        about = Some(wanted.payment);
    }
    Err(Error::internal("a gateway that is asked again and again does nothing"))
}

/// Something that only the gateway can do.
struct Wanted {
    payment: PaymentId,
    attempt: String,
    amount: Money,
    /// The key of the refund; a capture without.
    refund: Option<String>,
}

impl Wanted {
    fn name(&self) -> String {
        self.refund.clone().unwrap_or_else(|| self.attempt.clone())
    }
}

fn wanted(payment: &Payment, refused: &BTreeSet<String>) -> Option<Wanted> {
    let all = |amount| Money::new(amount, payment.currency);
    let captures = payment.attempts.iter().filter(|(_, stage)| **stage == Stage::Authorized);
    let captures = captures.map(|(attempt, _)| Wanted {
        payment: payment.id,
        attempt: attempt.clone(),
        amount: all(payment.amount),
        refund: None,
    });
    let promised = payment.refunds.iter().filter(|(_, refund)| refund.state == RefundState::Promised);
    let refunds = promised.map(|(key, refund)| Wanted {
        payment: payment.id,
        attempt: refund.attempt.clone(),
        amount: all(refund.amount),
        refund: Some(key.clone()),
    });
    captures.chain(refunds).find(|wanted| !refused.contains(&wanted.name()))
}

async fn ask(app: &App, order: OrderId, wanted: &Wanted, refused: &mut BTreeSet<String>) -> Result<()> {
    let gateway = app.gateway()?;
    let Wanted { payment, attempt, amount, refund } = wanted;
    let system = Actor::system();
    let done = match refund {
        None => {
            let captured = gateway.capture(attempt, *amount).await.map(|answer| Told::of(&answer));
            match captured {
                Ok(None) => Ok(()),
                Ok(Some(told)) => note(app, order, &system, *payment, |payment| payment.told(&told)).await,
                Err(error) => Err(error),
            }
        }
        Some(key) => match gateway.refund(attempt, *amount, key).await {
            Ok(answer) => {
                let told = RefundTold { key: Some(key.clone()), ..RefundTold::of(&answer) };
                let now = app.clock.now();
                note(app, order, &system, *payment, |payment| payment.refund_told(&told, now)).await
            }
            Err(error) => Err(error),
        },
    };
    match done {
        Err(error) if !error.is_transient() => {
            tracing::warn!(payment.id = %payment, error = error.chain(), "a gateway refuses what follows from a payment");
            refused.insert(wanted.name());
            match refund {
                Some(key) => {
                    note(app, order, &system, *payment, |payment| {
                        payment.refund_refused(key);
                        Ok(())
                    })
                    .await
                }
                None => Ok(()),
            }
        }
        done => done,
    }
}

/// Notes something of one payment.
async fn note(
    app: &App,
    order: OrderId,
    actor: &Actor,
    id: PaymentId,
    change: impl Fn(&mut Payment) -> Result<()>,
) -> Result<()> {
    let told = tell(app, (order, Some(id)), actor, |_, payments| {
        payments.iter_mut().find(|payment| payment.id == id).map_or(Ok(()), &change)
    });
    told.await.map(drop)
}
