//! Figures of a house on the wire. Amounts are minor units; days and months are those of the location's wall clock.

use domain::{LocationId, RoomTypeId};
use errors::{Error, FieldError};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Query, Reply, Result, Signed, State, request};

use super::figures::{DaysQuery, allowed};
use crate::App;
use crate::figures::{self, Amounts, Arrivals, Days, Nights, Pickup};

request! {
    /// Which nights.
    pub(crate) struct NightsQuery {
        /// At this location.
        location_id: LocationId as String,
        /// The first night.
        from: Date as String,
        /// The first night after them, at most 400 days later.
        to: Date as String,
        /// `day`, which it is when unset, or `month`.
        by: Option<String> as String,
        /// Of this room type alone.
        room_type_id: Option<RoomTypeId> as String,
    }
}

request! {
    /// Which days, and of which month.
    pub(crate) struct PickupQuery {
        /// At this location.
        location_id: LocationId as String,
        /// The first day on which something was sold or given back.
        from: Date as String,
        /// The first day after them, at most 400 days later.
        to: Date as String,
        /// The first day of a month: nights and revenue are then of that month, with what is on the books at the end of each day.
        month: Option<Date> as String,
    }
}

/// Nights of a day or a month.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseNights")]
pub(crate) struct NightsView {
    /// The day, or the first one of the month.
    date: String,
    /// Nights of rooms that there are: of the rooms that the house has now, for each day that was asked for.
    rooms: i64,
    /// Of these, those that are sold.
    sold: i64,
    /// How many of a hundred are sold, with one decimal; null where there are no rooms.
    occupancy_percent: Option<f64>,
    /// By currency.
    money: Vec<NightsMoneyView>,
}

/// What nights bring in one currency.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseNightsMoney")]
pub(crate) struct NightsMoneyView {
    /// ISO 4217.
    currency: String,
    /// What they are sold for.
    revenue: i64,
    /// Average daily rate: of each night that is sold.
    adr: Option<i64>,
    /// Revenue per available room; null where there are no rooms.
    revpar: Option<i64>,
}

/// Stays that begin in these days, as they stand now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseArrivals")]
pub(crate) struct ArrivalsView {
    /// How many are sold, those that have taken place too.
    sold: i64,
    /// How many were sold and given back.
    cancelled: i64,
    /// How many were sold and nobody came.
    no_shows: i64,
    /// Rooms of those that are sold.
    rooms: i64,
    /// Nights of these rooms.
    nights: i64,
    /// The average length of a room's stay in nights, with one decimal; null where there is none.
    average_nights: Option<f64>,
    /// Days from booking to arrival on average, with one decimal; null where there is none.
    average_lead_days: Option<f64>,
    /// Stays that are sold, by how long before they were booked.
    lead: Vec<ClassView>,
    /// Rooms of them, by how many nights they are for.
    length: Vec<ClassView>,
}

/// How many are in a class.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseClass")]
pub(crate) struct ClassView {
    /// The first number of the class, in days or nights; it ends before the first of the next one.
    from: i64,
    count: i64,
}

/// What was sold and given back on a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HousePickup")]
pub(crate) struct PickupView {
    date: String,
    /// Stays that were sold.
    sold: i64,
    /// Stays that were given back.
    cancelled: i64,
    /// Stays to which nobody came.
    no_shows: i64,
    /// Nights sold without those given back; of the month alone, where one was named.
    nights: i64,
    /// What they bring.
    revenue: Vec<AmountView>,
    /// What is sold of the month at the end of the day, where one was named.
    on_the_books: Option<BooksView>,
}

/// What is sold of a month.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseBooks")]
pub(crate) struct BooksView {
    nights: i64,
    revenue: Vec<AmountView>,
}

/// An amount in minor units.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HouseAmount")]
pub(crate) struct AmountView {
    /// ISO 4217.
    currency: String,
    amount: i64,
}

pub(crate) async fn nights(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<NightsQuery>,
) -> Result<Reply<Vec<NightsView>>> {
    let by_month = match query.by.as_deref() {
        None | Some("day") => false,
        Some("month") => true,
        Some(_) => return Err(refused("/query/by", "unknown", "must be day or month").into()),
    };
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    let mut found = figures::nights(&app.reads, (query.location_id, query.room_type_id), days).await?;
    if by_month {
        found = figures::by_month(&found);
    }
    Ok(Reply::ok(found.iter().map(NightsView::of).collect()))
}

pub(crate) async fn arrivals(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<DaysQuery>,
) -> Result<Reply<ArrivalsView>> {
    let (location, days) = query.parts();
    let days = allowed(&caller, location, days)?;
    Ok(Reply::ok(ArrivalsView::of(&figures::arrivals(&app.reads, location, days).await?)))
}

pub(crate) async fn pickup(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<PickupQuery>,
) -> Result<Reply<Vec<PickupView>>> {
    let days = allowed(&caller, query.location_id, Days::new(query.from, query.to))?;
    if query.month.is_some_and(|month| month.day() != 1) {
        return Err(refused("/query/month", "out_of_range", "must be the first day of a month").into());
    }
    let found = figures::pickup(&app.reads, query.location_id, (days, query.month)).await?;
    Ok(Reply::ok(found.iter().map(PickupView::of).collect()))
}

fn refused(pointer: &str, code: &'static str, message: &str) -> Error {
    Error::invalid_query(vec![FieldError::new(pointer, code, message)])
}

/// A number of tenths as people write it.
#[expect(clippy::float_arithmetic, reason = "JSON has one kind of number; what is counted is whole")]
pub(crate) fn tenths(number: i64) -> Option<f64> {
    i32::try_from(number).ok().map(|number| f64::from(number) / 10.0)
}

/// So much of each, with one decimal.
pub(crate) fn average(sum: i64, count: i64) -> Option<f64> {
    figures::rounded(sum.saturating_mul(10), count).and_then(tenths)
}

impl NightsView {
    fn of(nights: &Nights) -> Self {
        let money = nights.revenue.iter().map(|(currency, revenue)| NightsMoneyView {
            currency: currency.clone(),
            revenue: *revenue,
            adr: nights.rate(*revenue),
            revpar: nights.per_room(*revenue),
        });
        Self {
            date: nights.from.to_string(),
            rooms: nights.rooms,
            sold: nights.sold,
            occupancy_percent: nights.occupancy().and_then(tenths),
            money: money.collect(),
        }
    }
}

impl ArrivalsView {
    fn of(arrivals: &Arrivals) -> Self {
        let classes = |all: &[(i64, i64)]| {
            all.iter().map(|(from, count)| ClassView { from: *from, count: *count }).collect()
        };
        Self {
            sold: arrivals.sold,
            cancelled: arrivals.cancelled,
            no_shows: arrivals.no_shows,
            rooms: arrivals.rooms,
            nights: arrivals.nights,
            average_nights: average(arrivals.nights, arrivals.rooms),
            average_lead_days: average(arrivals.lead_days, arrivals.sold),
            lead: classes(&arrivals.lead),
            length: classes(&arrivals.length),
        }
    }
}

impl PickupView {
    fn of(pickup: &Pickup) -> Self {
        let books = pickup.on_the_books.as_ref();
        Self {
            date: pickup.day.to_string(),
            sold: pickup.made,
            cancelled: pickup.cancelled,
            no_shows: pickup.no_shows,
            nights: pickup.nights,
            revenue: amounts(&pickup.revenue),
            on_the_books: books
                .map(|books| BooksView { nights: books.nights, revenue: amounts(&books.revenue) }),
        }
    }
}

fn amounts(all: &Amounts) -> Vec<AmountView> {
    all.iter().map(|(currency, amount)| AmountView { currency: currency.clone(), amount: *amount }).collect()
}
