//! The house's figures by the source system's name, where it gathered them from all reservations each time.

use domain::{LocationId, Permission, Zone};
use errors::{Error, FieldError, Result};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Query, ReplyV1, Route, Signed, State, get, request};

use super::dashboard::amount;
use crate::App;
use crate::figures::{self, Days, Nights};
use crate::v2::house::{average, tenths};

/// Days that are meant where none are said.
const DAYS: i32 = 30;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/dashboard/stats", Access::Needs(Permission::ReadFigures), stats)
            .named(
                "dashboardStatsV1",
                "How full the house is, what it brings, and what became of its reservations",
            )
            .queried::<StatsQuery>()
            .answers::<StatsV1>(200),
    ]
}

request! {
    /// Of which days.
    struct StatsQuery {
        /// At this location; need not be said where there is one.
        location_id: Option<LocationId> as String,
        /// The first day; 30 days before the end when unset.
        start_date: Option<Date> as String,
        /// The last day; today when unset. At most 400 days altogether.
        end_date: Option<Date> as String,
    }
}

/// The house in these days.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DashboardStatsV1")]
struct StatsV1 {
    start_date: String,
    end_date: String,
    /// Rooms that the house has now.
    total_rooms: i64,
    /// Nights of rooms that are sold.
    nights_sold: i64,
    /// How many of a hundred nights are sold, with one decimal; null where there are no rooms.
    occupancy_rate: Option<f64>,
    /// By currency.
    revenue: Vec<RevenueV1>,
    /// Reservations that begin in these days and are sold.
    total_reservations: i64,
    /// Reservations that were to begin in these days and were given back.
    cancellations: i64,
    /// Reservations that were to begin in these days, and nobody came.
    no_shows: i64,
    /// Days from booking to arrival on average; null where there is none.
    average_lead_time: Option<f64>,
    /// Nights of a room on average; null where there is none.
    average_length_of_stay: Option<f64>,
    /// Night by night.
    by_day: Vec<PartV1>,
    /// Month by month, of these days alone.
    by_month: Vec<PartV1>,
    /// What was sold and given back in these days, for whichever nights.
    pickup: Vec<PickupV1>,
}

/// What nights bring, in the currency's major unit, with its decimals, as text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatsRevenueV1")]
struct RevenueV1 {
    currency: String,
    revenue: String,
    /// Average daily rate.
    adr: Option<String>,
    /// Revenue per available room.
    revpar: Option<String>,
}

/// A day, or a month.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatsPartV1")]
struct PartV1 {
    /// The day, or the first one of the month.
    date: String,
    nights_sold: i64,
    occupancy_rate: Option<f64>,
    revenue: Vec<RevenueV1>,
}

/// A day's sales.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatsPickupV1")]
struct PickupV1 {
    date: String,
    reservations: i64,
    cancellations: i64,
    no_shows: i64,
    /// Nights sold without those given back.
    nights: i64,
}

async fn stats(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<StatsQuery>,
) -> web::Result<ReplyV1<StatsV1>> {
    let (location, zone) = place(&app, query.location_id).await?;
    caller.require_at(Permission::ReadFigures, location)?;
    let today = zone.local(app.clock.now()).date();
    let end = query.end_date.unwrap_or(today);
    let start = query.start_date.unwrap_or_else(|| end.saturating_sub(jiff::Span::new().days(DAYS - 1)));
    let days = Days::new(start, end.tomorrow().unwrap_or(end))?;
    let (by_day, arrivals, pickup) = tokio::try_join!(
        Box::pin(figures::nights(&app.reads, (location, None), days)),
        figures::arrivals(&app.reads, location, days),
        figures::pickup(&app.reads, location, (days, None)),
    )?;
    let (by_month, all) = (figures::by_month(&by_day), Nights::of(start, &by_day));
    Ok(ReplyV1::ok(StatsV1 {
        start_date: start.to_string(),
        end_date: end.to_string(),
        total_rooms: by_day.first().map_or(0, |day| day.rooms),
        nights_sold: all.sold,
        occupancy_rate: all.occupancy().and_then(tenths),
        revenue: revenue(&all),
        total_reservations: arrivals.sold,
        cancellations: arrivals.cancelled,
        no_shows: arrivals.no_shows,
        average_lead_time: average(arrivals.lead_days, arrivals.sold),
        average_length_of_stay: average(arrivals.nights, arrivals.rooms),
        by_day: by_day.iter().map(part).collect(),
        by_month: by_month.iter().map(part).collect(),
        pickup: pickup
            .iter()
            .map(|day| PickupV1 {
                date: day.day.to_string(),
                reservations: day.made,
                cancellations: day.cancelled,
                no_shows: day.no_shows,
                nights: day.nights,
            })
            .collect(),
    }))
}

/// The location that is named, or the only one, and its zone.
async fn place(app: &App, named: Option<LocationId>) -> Result<(LocationId, Zone)> {
    if let Some(location) = named {
        return Ok((location, app.store.location(location).await?.zone));
    }
    let few = app.store.locations(2, None).await?.items;
    let [only] = few.as_slice() else {
        let message = "is required where there is not one location alone";
        return Err(Error::invalid_query(vec![FieldError::new("/query/location_id", "required", message)]));
    };
    Ok((only.id, only.zone.clone()))
}

fn revenue(nights: &Nights) -> Vec<RevenueV1> {
    let told = |(currency, revenue): (&String, &i64)| {
        let shown = |minor: Option<i64>| minor.and_then(|minor| amount(currency, minor));
        Some(RevenueV1 {
            currency: currency.clone(),
            revenue: amount(currency, *revenue)?,
            adr: shown(nights.rate(*revenue)),
            revpar: shown(nights.per_room(*revenue)),
        })
    };
    nights.revenue.iter().filter_map(told).collect()
}

fn part(nights: &Nights) -> PartV1 {
    PartV1 {
        date: nights.from.to_string(),
        nights_sold: nights.sold,
        occupancy_rate: nights.occupancy().and_then(tenths),
        revenue: revenue(nights),
    }
}
