//! Version 2: routes and wire types.

mod bulk;
mod proof;

use domain::payment::{Means, Refund};
use domain::text::Line;
use domain::{LocationId, Order, OrderId, Payment, PaymentId, Permission};
use errors::Error;
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Access, Group, HeaderMap, Idempotency, Json, Key, Listed, PageQuery, Path, Query, Raw, Reply, Result,
    Route, Signed, State, get, post, request,
};

use crate::settle::{Known, known};
use crate::v2::proof::ProofBody;
use crate::{App, begin, desk, payment_seen, told, verify};

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    let mut routes = bulk::routes();
    routes.extend([
        post("/orders/{id}/payments", book, pay)
            .limited(Group::Pay)
            .named(
                "createPayment",
                "Begin the payment of an order through the gateway, or note money that a desk took",
            )
            .keyed(Key::Required)
            .takes::<NewPayment>()
            .answers::<PaymentView>(201),
        get("/orders/{id}/payments", Access::SignedIn, of_order)
            .named("listPaymentsOfOrder", "List the payments of an order, tried or made, the first one first")
            .answers::<Vec<PaymentView>>(200),
        post("/orders/{id}/refunds", Access::Needs(Permission::ResolveBookings), refund)
            .limited(Group::Pay)
            .named("refundOrder", "Give some of what was paid for an order back: it costs so much less")
            .keyed(Key::Required)
            .takes::<NewRefund>()
            .answers::<Vec<PaymentView>>(200),
        get("/payments", Access::Needs(Permission::ReadBookings), list)
            .named("listPayments", "List the payments at a location, latest first")
            .queried::<ListQuery>()
            .answers::<Vec<PaymentView>>(200),
        get("/payments/open", Access::Needs(Permission::ReadFigures), open)
            .named(
                "listOpenPayments",
                "List payments that the gateway is still asked about, the next one first",
            )
            .queried::<OpenQuery>()
            .paged()
            .answers::<Vec<PaymentView>>(200),
        get("/payments/failed", Access::Needs(Permission::ReadFigures), failed)
            .named(
                "listFailedPayments",
                "List payments that came to nothing: every attempt failed, or a refund did",
            )
            .queried::<ListQuery>()
            .paged()
            .answers::<Vec<PaymentView>>(200),
        get("/payments/{id}", Access::SignedIn, show)
            .named("showPayment", "Read a payment")
            .answers::<PaymentView>(200)
            .answers_empty(304),
        post("/payments/{id}/verify", book, prove)
            .limited(Group::Pay)
            .named(
                "verifyPayment",
                "Prove that a payment was made, by what the gateway's checkout handed out",
            )
            .takes::<ProofBody>()
            .answers::<PaymentView>(200),
        post("/webhooks/razorpay", Access::Anyone, webhook)
            .limited(Group::Hook)
            .named("razorpayWebhook", "What Razorpay tells; signed over the body as it is")
            .answers::<Received>(200),
    ]);
    routes
}

/// Money for an order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Payment")]
pub(crate) struct PaymentView {
    id: String,
    order_id: String,
    /// `razorpay`, `cash`, `card` or `upi`.
    means: String,
    /// The bank's or the terminal's reference.
    reference: Option<String>,
    /// In minor units of the currency.
    amount: i64,
    /// ISO 4217.
    currency: String,
    /// Whether the money is set aside for us or ours.
    paid: bool,
    /// What has come in.
    captured: i64,
    /// What has gone back.
    refunded: i64,
    /// What goes back, and how far that has come.
    refunds: Vec<RefundView>,
    /// What the gateway's checkout needs; null where there is none.
    checkout: Option<Checkout>,
    /// The state of its order: `held`, `expired`, `confirmed` or `cancelled`.
    order_state: Option<String>,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// What the gateway's checkout needs.
#[derive(Debug, Serialize, JsonSchema)]
struct Checkout {
    /// `razorpay`.
    gateway: String,
    /// The public id of the operator's key.
    key_id: String,
    /// The gateway's id of its order.
    order_id: String,
    amount: i64,
    currency: String,
}

/// Money that goes back.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Refund")]
struct RefundView {
    /// In minor units.
    amount: i64,
    /// `promised`, `pending`, `processed`, or `failed`: then somebody has to look.
    state: String,
    /// When it was promised.
    at: String,
}

request! {
    /// How money comes.
    pub(crate) struct NewPayment {
        /// `razorpay` when unset; at the desk `cash`, `card` or `upi`.
        means: Option<String> as String,
        /// What the card terminal printed, or the bank's reference of UPI.
        reference: Option<Line> as String,
        /// At the desk, in minor units; what is to be paid next when unset.
        amount: Option<i64> as i64,
        /// At the desk, of a stay: for which part of its folio, from 0; the first one when unset.
        part: Option<usize> as usize,
    }
}

async fn pay(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    idem: Idempotency,
    Json(new): Json<NewPayment>,
) -> Result<Reply<PaymentView>> {
    let means = new.means.as_deref().unwrap_or("razorpay");
    let (known, payment, replayed) = match means {
        "razorpay" => {
            let stray = [
                ("/reference", new.reference.is_some()),
                ("/amount", new.amount.is_some()),
                ("/part", new.part.is_some()),
            ];
            if let Some((pointer, _)) = stray.into_iter().find(|(_, given)| *given) {
                return Err(Error::field(pointer, "unexpected", "is only for money at the desk").into());
            }
            let (known, payment) = begin::begin(&app, &caller, id).await?;
            (known, payment, false)
        }
        "cash" | "card" | "upi" => {
            let means = desk::means(means, new.reference)?;
            desk::take(&app, &caller, &idem, (id, means, new.amount, new.part)).await?
        }
        _ => {
            let message = "must be one of razorpay, cash, card, upi";
            return Err(Error::field("/means", "invalid_value", message).into());
        }
    };
    let payment = known.payment(payment.id).cloned().unwrap_or(payment);
    let path = format!("/payments/{}", payment.id);
    let view = PaymentView::of(&payment, Some(&known.order), &app);
    Ok(Reply::created(view, path).version(payment.version).replayed(replayed))
}

async fn of_order(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
) -> Result<Reply<Vec<PaymentView>>> {
    let order = app.store.order(id).await?;
    if !crate::sees(&caller, order.user, order.location) {
        return Err(Error::not_found("order").into());
    }
    Ok(Reply::ok(views(&known(&app, order).await?, &app)))
}

request! {
    /// What goes back.
    pub(crate) struct NewRefund {
        /// In minor units, at most what was paid.
        amount: i64 as i64,
        /// Why; recorded.
        reason: Option<Line> as String,
    }
}

async fn refund(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    idem: Idempotency,
    Json(new): Json<NewRefund>,
) -> Result<Reply<Vec<PaymentView>>> {
    let (known, replayed) = desk::give_back(&app, &caller, &idem, (id, new.amount, new.reason)).await?;
    Ok(Reply::ok(views(&known, &app)).replayed(replayed))
}

fn views(known: &Known, app: &App) -> Vec<PaymentView> {
    known.payments.iter().map(|payment| PaymentView::of(payment, Some(&known.order), app)).collect()
}

request! {
    /// Whose payments.
    pub(crate) struct ListQuery {
        /// At this location.
        location_id: LocationId as String,
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<PaymentView>> {
    caller.require_at(Permission::ReadBookings, query.location_id)?;
    let found = app.store.payments_at(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|payment| PaymentView::of(&payment, None, &app))))
}

request! {
    /// Whose open payments.
    pub(crate) struct OpenQuery {
        /// At this location; at all that the caller reads when unset.
        location_id: Option<LocationId> as String,
    }
}

/// There are few of them, since the gateway is asked for three days: those of other locations are left out of a page, which can then be
/// empty and not be the last.
async fn open(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<OpenQuery>,
) -> Result<Listed<PaymentView>> {
    if let Some(location) = query.location_id {
        caller.require_at(Permission::ReadFigures, location)?;
    }
    let mut found = app.store.payments_open(page.limit, page.after.clone()).await?;
    found.items.retain(|payment| {
        query.location_id.is_none_or(|location| payment.location == location)
            && caller.may_at(Permission::ReadFigures, payment.location)
    });
    Ok(page.reply(found.map(|payment| PaymentView::of(&payment, None, &app))))
}

async fn failed(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<PaymentView>> {
    caller.require_at(Permission::ReadFigures, query.location_id)?;
    let found = app.store.payments_failed(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|payment| PaymentView::of(&payment, None, &app))))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PaymentId>,
) -> Result<Reply<PaymentView>> {
    let payment = payment_seen(&app, &caller, id).await?;
    Ok(Reply::ok(PaymentView::of(&payment, None, &app)).version(payment.version))
}

async fn prove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<PaymentId>,
    Json(body): Json<ProofBody>,
) -> Result<Reply<PaymentView>> {
    let known = verify::verify(&app, &caller, (id, None), &body.into()).await?;
    let payment = known.payment(id).ok_or_else(|| Error::not_found("payment"))?;
    let version = payment.version;
    Ok(Reply::ok(PaymentView::of(payment, Some(&known.order), &app)).version(version))
}

/// That it was kept.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Received {
    received: bool,
}

async fn webhook(State(app): State<App>, headers: HeaderMap, Raw(raw): Raw) -> Result<Reply<Received>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = header("x-razorpay-signature").unwrap_or_default();
    told::receive(&app, &raw, signature, header("x-razorpay-event-id")).await?;
    Ok(Reply::ok(Received { received: true }))
}

impl PaymentView {
    pub(crate) fn of(payment: &Payment, order: Option<&Order>, app: &App) -> Self {
        let reference = match &payment.means {
            Means::Card { reference } => reference.clone(),
            Means::Upi { reference } => Some(reference.clone()),
            Means::Cash | Means::Razorpay { .. } => None,
        };
        let checkout = match (&payment.means, &app.gateway) {
            (Means::Razorpay { order }, Some(gateway)) if !payment.is_paid() => Some(Checkout {
                gateway: "razorpay".to_owned(),
                key_id: gateway.key_id().to_owned(),
                order_id: order.clone(),
                amount: payment.amount,
                currency: payment.currency.code().to_owned(),
            }),
            _ => None,
        };
        let refund = |refund: &Refund| RefundView {
            amount: refund.amount,
            state: refund.state.as_str().to_owned(),
            at: refund.at.to_string(),
        };
        Self {
            id: payment.id.to_string(),
            order_id: payment.order.to_string(),
            means: payment.means.as_str().to_owned(),
            reference,
            amount: payment.amount,
            currency: payment.currency.code().to_owned(),
            paid: payment.is_paid(),
            captured: payment.captured(),
            refunded: payment.refunded(),
            refunds: payment.refunds.values().map(refund).collect(),
            checkout,
            order_state: order.map(|order| order.state_at(app.clock.now()).as_str().to_owned()),
            created_at: payment.created_at.to_string(),
            updated_at: payment.updated_at.to_string(),
            version: payment.version,
        }
    }
}
