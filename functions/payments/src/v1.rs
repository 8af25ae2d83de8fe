//! Version 1: the source system's routes and names for paying a session, over the same use cases.

mod lists;
mod proof;

use domain::Permission;
use errors::Error;
use orders::v1::{Asks, PaidBookingV1};
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Access, Asked, Group, Idempotency, IfMatch, Json, Key, Query, ReplyV1, Route, Signed, State, post,
};

use crate::v1::proof::ProofQuery;
use crate::{App, begin, payment_of, verify};

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    let mut routes = vec![
        post("/bookings/razorpay-booking", book, create)
            .limited(Group::Pay)
            .named("createRazorpayBookingV1", "Hold a seat of a session and begin its payment")
            .keyed(Key::Accepted)
            .takes::<Asks>()
            .answers::<RazorpayBooking>(201),
        post("/bookings/verify-payment", book, verify_payment)
            .limited(Group::Pay)
            .named("verifyPaymentV1", "Prove that a session was paid for, which confirms it")
            .queried::<ProofQuery>()
            .answers::<PaidBookingV1>(200),
    ];
    routes.extend(lists::routes());
    routes
}

/// A session and what the gateway's checkout needs; nothing where nothing is to be paid: then it is confirmed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RazorpayBookingV1")]
pub(crate) struct RazorpayBooking {
    booking: PaidBookingV1,
    razorpay_order_id: Option<String>,
    razorpay_order: Option<RazorpayOrder>,
}

/// The gateway's order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RazorpayOrderV1")]
struct RazorpayOrder {
    id: String,
    /// In minor units, as the gateway has it.
    amount: i64,
    currency: String,
    receipt: String,
    /// The public id of the operator's key.
    key_id: String,
    /// Until when the seat is held.
    hold_until: Option<String>,
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(asks): Json<Asks>,
) -> web::Result<ReplyV1<RazorpayBooking>> {
    let key_id = app.gateway()?.key_id().to_owned();
    let asked = Asked { caller, if_match: IfMatch(None), idem };
    let now = app.clock.now();
    let made = orders::make(&app.store, &asked, asks.wanted()?, now).await.map_err(Asks::told)?;
    if made.record.owes_nothing() {
        let booking = PaidBookingV1::of(&made.record, now);
        return Ok(ReplyV1::created(RazorpayBooking {
            booking,
            razorpay_order_id: None,
            razorpay_order: None,
        }));
    }
    let (known, payment) = begin::begin(&app, &asked.caller, made.record.id).await?;
    let order = payment.gateway_order().unwrap_or_default().to_owned();
    Ok(ReplyV1::created(RazorpayBooking {
        razorpay_order: Some(RazorpayOrder {
            id: order.clone(),
            amount: payment.amount,
            currency: payment.currency.code().to_owned(),
            receipt: known.order.id.to_string(),
            key_id,
            hold_until: known.order.hold_until.map(|until| until.to_string()),
        }),
        razorpay_order_id: Some(order),
        booking: PaidBookingV1::of(&known.order, now),
    }))
}

async fn verify_payment(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<ProofQuery>,
) -> web::Result<ReplyV1<PaidBookingV1>> {
    let (booking, proof) = query.parts();
    let order = booking.parse().map_err(|_| Error::not_found("booking"))?;
    let known = verify::verify(&app, &caller, (payment_of(&proof.order), Some(order)), &proof).await?;
    Ok(ReplyV1::ok(PaidBookingV1::of(&known.order, app.clock.now())))
}
