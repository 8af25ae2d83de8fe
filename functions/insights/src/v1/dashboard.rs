//! The administrator's figures by the source system's names, over all locations that the caller reads.

use domain::{Caller, Currency, LocationId, Money, OrderState, Permission, Zone};
use errors::{Error, FieldError, Result};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Group, Query, ReplyV1, Route, Signed, State, get, request};

use crate::App;
use crate::figures::{self, Days, Totals};

/// Locations that are added up at most.
const MOST_PLACES: usize = 20;
/// Days that figures without a time are about.
const DAYS: i32 = 400;
/// Months that are told where no number is asked for.
const MONTHS: i32 = 12;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(Permission::ReadFigures);
    vec![
        get("/admin/dashboard", reads, dashboard)
            .limited(Group::Report)
            .named("dashboardV1", "How many bookings there are, and what they brought, in the last 400 days")
            .queried::<Where>()
            .answers::<DashboardV1>(200),
        get("/admin/revenue/monthly", reads, monthly)
            .limited(Group::Report)
            .named("monthlyRevenueV1", "What came in by month, without what went back")
            .queried::<MonthsV1>()
            .answers::<RevenueV1>(200),
        get("/admin/bookings/status-distribution", reads, distribution)
            .limited(Group::Report)
            .named("statusDistributionV1", "How many bookings there are in each status, of the last 400 days")
            .queried::<Where>()
            .answers::<StatusesV1>(200),
    ]
}

request! {
    /// Where.
    struct Where {
        /// At this location; at all that the caller reads when unset, at most 20.
        location_id: Option<LocationId> as String,
    }
}

request! {
    /// Where, and for how long.
    struct MonthsV1 {
        /// At this location; at all that the caller reads when unset, at most 20.
        location_id: Option<LocationId> as String,
        /// So many months up to this one, 1 to 36; 12 when unset.
        months: Option<u8> as u8,
    }
}

/// Bookings and what they brought.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DashboardV1 {
    total_bookings: i64,
    pending_bookings: i64,
    confirmed_bookings: i64,
    completed_bookings: i64,
    cancelled_bookings: i64,
    /// What came in and has not gone back, by currency.
    total_revenue: Vec<AmountV1>,
}

/// An amount in the currency's major unit, with its decimals, as text: `499.00`.
#[derive(Debug, Serialize, JsonSchema)]
struct AmountV1 {
    currency: String,
    amount: String,
}

/// Revenue by month.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RevenueV1 {
    revenue: Vec<MonthV1>,
}

/// What came in during a month, without what went back in it.
#[derive(Debug, Serialize, JsonSchema)]
struct MonthV1 {
    /// `2027-01`.
    month: String,
    currency: String,
    /// In the currency's major unit, as text.
    revenue: String,
}

/// Bookings by status.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StatusesV1 {
    distribution: Vec<StatusV1>,
}

/// Bookings in one status.
#[derive(Debug, Serialize, JsonSchema)]
struct StatusV1 {
    /// `pending`, `confirmed`, `completed` or `cancelled`.
    status: &'static str,
    count: i64,
}

async fn dashboard(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<Where>,
) -> web::Result<ReplyV1<DashboardV1>> {
    let found = all(&app, &caller, query.location_id).await?;
    let [pending, confirmed, completed, cancelled] = statuses(&found).map(|(_, count)| count);
    let revenue = found.money.iter().filter_map(|(currency, money)| {
        let amount = amount(currency, money.captured - money.refunded)?;
        Some(AmountV1 { currency: currency.clone(), amount })
    });
    Ok(ReplyV1::ok(DashboardV1 {
        total_bookings: found.orders,
        pending_bookings: pending,
        confirmed_bookings: confirmed,
        completed_bookings: completed,
        cancelled_bookings: cancelled,
        total_revenue: revenue.collect(),
    }))
}

async fn monthly(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<MonthsV1>,
) -> web::Result<ReplyV1<RevenueV1>> {
    let count = query.months.map_or(MONTHS, i32::from);
    if !(1..=36).contains(&count) {
        return Err(refused("/query/months", "must be from 1 to 36").into());
    }
    let (places, zone) = places(&app, &caller, query.location_id).await?;
    let months = Days::last_months(count, &zone, app.clock.now());
    let mut revenue = Vec::new();
    for (currency, months) in figures::revenue(&app.reads, &places, months).await? {
        revenue.extend(months.iter().filter_map(|month| {
            let revenue = amount(&currency, month.captured - month.refunded)?;
            let month = month.month.strftime("%Y-%m").to_string();
            Some(MonthV1 { month, currency: currency.clone(), revenue })
        }));
    }
    Ok(ReplyV1::ok(RevenueV1 { revenue }))
}

async fn distribution(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<Where>,
) -> web::Result<ReplyV1<StatusesV1>> {
    let found = all(&app, &caller, query.location_id).await?;
    let distribution = statuses(&found).map(|(status, count)| StatusV1 { status, count });
    Ok(ReplyV1::ok(StatusesV1 { distribution: distribution.into() }))
}

async fn all(app: &App, caller: &Caller, location: Option<LocationId>) -> Result<Totals> {
    let (places, zone) = places(app, caller, location).await?;
    figures::totals(&app.reads, &places, Days::last(DAYS, &zone, app.clock.now())).await
}

/// The locations, and the zone whose days are meant: of the only one, or UTC.
async fn places(app: &App, caller: &Caller, location: Option<LocationId>) -> Result<(Vec<LocationId>, Zone)> {
    if let Some(location) = location {
        caller.require_at(Permission::ReadFigures, location)?;
        return Ok((vec![location], app.store.location(location).await?.zone));
    }
    let (mut locations, more) = app.store.all_locations(1_000).await?;
    locations.retain(|location| caller.may_at(Permission::ReadFigures, location.id));
    if more || locations.len() > MOST_PLACES {
        return Err(refused("/query/location_id", "is required where there are more than 20 locations"));
    }
    let zone = match locations.as_slice() {
        [only] => only.zone.clone(),
        _ => Zone::utc(),
    };
    Ok((locations.iter().map(|location| location.id).collect(), zone))
}

/// By the source's names: what was held too long counts as cancelled, as it does where it is read.
fn statuses(totals: &Totals) -> [(&'static str, i64); 4] {
    let of = |state| totals.in_state(state);
    [
        ("pending", of(OrderState::Held)),
        ("confirmed", of(OrderState::Confirmed) - totals.completed),
        ("completed", totals.completed),
        ("cancelled", of(OrderState::Cancelled) + of(OrderState::Expired)),
    ]
}

pub(super) fn amount(currency: &str, minor: i64) -> Option<String> {
    let shown = Money::new(minor, Currency::from_code(currency)?).to_string();
    shown.split_once(' ').map(|(_, amount)| amount.to_owned())
}

fn refused(pointer: &str, message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new(pointer, "out_of_range", message)])
}
