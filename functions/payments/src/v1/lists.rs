//! The administrator's short lists by the source system's names: what waits for its money, and what was paid last.

use domain::payment::Stage;
use domain::{LocationId, Money, OrderState, Payment, Permission};
use errors::{Error, FieldError, Result};
use orders::v1::PaidBookingV1;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Query, ReplyV1, Route, Signed, State, get, request};

use crate::App;

/// Rows of a list where no number is asked for, and at most.
const ROWS: u32 = 10;
const MOST_ROWS: u32 = 50;
/// Locations that are looked at.
const MOST_PLACES: usize = 20;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(Permission::ReadFigures);
    vec![
        get("/admin/bookings/pending", reads, pending)
            .named("listPendingBookingsV1", "List bookings that wait to be paid, the first to end first")
            .queried::<Few>()
            .answers::<PendingV1>(200),
        get("/admin/payments/recent", reads, recent)
            .named("listRecentPaymentsV1", "List the payments that were begun last")
            .queried::<Few>()
            .answers::<RecentV1>(200),
    ]
}

request! {
    /// How many, and where.
    struct Few {
        /// 1 to 50; 10 when unset.
        limit: Option<u32> as u32,
        /// At this location; at all that the caller reads when unset.
        location_id: Option<LocationId> as String,
    }
}

/// Bookings that wait to be paid.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PendingV1 {
    bookings: Vec<PaidBookingV1>,
}

/// Payments, the latest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecentV1 {
    payments: Vec<PaymentV1>,
}

/// A payment.
#[derive(Debug, Serialize, JsonSchema)]
struct PaymentV1 {
    id: String,
    booking_id: String,
    /// The gateway's id of its order; null for money at a desk.
    razorpay_order_id: Option<String>,
    /// In the currency's major unit, as text.
    amount: Option<String>,
    currency: String,
    /// `created`, `pending`, `success`, `failed` or `refunded`.
    status: &'static str,
    created_at: String,
}

async fn pending(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(few): Query<Few>,
) -> web::Result<ReplyV1<PendingV1>> {
    let (rows, now) = (rows(few.limit)?, app.clock.now());
    if let Some(location) = few.location_id {
        caller.require_at(Permission::ReadFigures, location)?;
    }
    let found = app.store.orders_held(MOST_ROWS, None).await?.items.into_iter().filter(|order| {
        order.sale.is_some()
            && order.state_at(now) == OrderState::Held
            && few.location_id.is_none_or(|location| order.location == location)
            && caller.may_at(Permission::ReadFigures, order.location)
    });
    let bookings = found.take(rows).map(|order| PaidBookingV1::of(&order, now)).collect();
    Ok(ReplyV1::ok(PendingV1 { bookings }))
}

async fn recent(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(few): Query<Few>,
) -> web::Result<ReplyV1<RecentV1>> {
    let rows = rows(few.limit)?;
    let places: Vec<LocationId> = if let Some(location) = few.location_id {
        caller.require_at(Permission::ReadFigures, location)?;
        vec![location]
    } else {
        let (all, _) = app.store.all_locations(1_000).await?;
        let read = all.iter().map(|location| location.id);
        read.filter(|id| caller.may_at(Permission::ReadFigures, *id)).collect()
    };
    if places.len() > MOST_PLACES {
        return Err(
            refused("/query/location_id", "is required where there are more than 20 locations").into()
        );
    }
    let mut found = Vec::new();
    for place in places {
        found.extend(app.store.payments_at(place, MOST_ROWS, None).await?.items);
    }
    found.sort_by_key(|payment| std::cmp::Reverse((payment.created_at, payment.id)));
    Ok(ReplyV1::ok(RecentV1 { payments: found.iter().take(rows).map(PaymentV1::of).collect() }))
}

fn rows(asked: Option<u32>) -> Result<usize> {
    let rows = asked.unwrap_or(ROWS);
    if (1..=MOST_ROWS).contains(&rows) {
        return Ok(usize::try_from(rows).unwrap_or_default());
    }
    Err(refused("/query/limit", "must be from 1 to 50"))
}

fn refused(pointer: &str, message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new(pointer, "out_of_range", message)])
}

impl PaymentV1 {
    fn of(payment: &Payment) -> Self {
        let shown = Money::new(payment.amount, payment.currency).to_string();
        Self {
            id: payment.id.to_string(),
            booking_id: payment.order.to_string(),
            razorpay_order_id: payment.gateway_order().map(str::to_owned),
            amount: shown.split_once(' ').map(|(_, amount)| amount.to_owned()),
            currency: payment.currency.code().to_owned(),
            status: status(payment),
            created_at: payment.created_at.to_string(),
        }
    }
}

/// The source's word for what is known.
fn status(payment: &Payment) -> &'static str {
    let captured = payment.captured();
    match payment.attempts.values().max() {
        _ if captured > 0 && payment.refunded() >= captured => "refunded",
        None => "created",
        Some(Stage::Failed) => "failed",
        Some(Stage::Authorized) => "pending",
        Some(Stage::Captured) => "success",
    }
}
