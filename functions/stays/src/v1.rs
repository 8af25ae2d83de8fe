//! Version 1: reservations by the names of the system that had them, over stays of one room.
//!
//! - `room_id` is a room of the house: its type decides what is claimed, and the guests are put into it in the same transaction.
//! - `total_amount` is not believed: the cheapest rate plan that allows the stay says the price. Amounts are in the currency's major
//!   unit, with its decimals, as text: `300.00`.
//! - Where there is one location it need not be named.
//! - Lists are cut out of the latest 1,000.

mod shapes;

use domain::hotel::price::{Priced, Wanted};
use domain::hotel::room_type::Party;
use domain::pool::{MOST_NIGHTS, Nights};
use domain::{GuestId, HotelRoomId, LocationId, Order, OrderId, Permission, RatePlanId};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use web::{
    Access, Asked, Group, Idempotency, IfMatch, Json, Key, Path, Query, ReplyV1, Route, Signed, State, get,
    post, request,
};

use crate::App;
use crate::access::seen;
use crate::desk;
use crate::guests::Whom;
use crate::sell::{self, New};
use shapes::{Reservation, Reservations, Today};

/// Stays that a list is cut out of.
const GATHERED: usize = 1_000;

pub(crate) fn routes() -> Vec<Route<App>> {
    let reads = Access::Needs(Permission::ReadBookings);
    vec![
        get("/reservations", reads, list)
            .named("listReservationsV1", "List reservations, latest first")
            .queried::<ListQuery>()
            .answers::<Reservations>(200),
        post("/reservations", Access::Needs(Permission::BookForOthers), create)
            .limited(Group::Book)
            .named("createReservationV1", "Reserve a room for a guest")
            .keyed(Key::Accepted)
            .takes::<NewReservation>()
            .answers::<Reservation>(201),
        get("/reservations/{id}", reads, show)
            .named("showReservationV1", "Read a reservation")
            .queried::<Fields>()
            .answers::<Reservation>(200),
        get("/dashboard/today", reads, today)
            .limited(Group::Search)
            .named("dashboardTodayV1", "Who arrives and leaves today, and how full the house is")
            .queried::<AtLocation>()
            .answers::<Today>(200),
    ]
}

/// The location that is named, or the only one.
async fn place(app: &App, named: Option<LocationId>, pointer: &str) -> Result<LocationId> {
    if let Some(location) = named {
        return Ok(location);
    }
    let found = app.store.locations(2, None).await?.items;
    match found.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Error::field(pointer, "required", "is required where there is not one location alone")),
    }
}

request! {
    /// Which reservations, and which page of them.
    pub(crate) struct ListQuery {
        /// At this location; need not be said where there is one.
        location_id: Option<LocationId> as String,
        /// `pending`, `confirmed`, `checked_in`, `checked_out`, `cancelled` or `no_show`.
        status: Option<String> as String,
        /// Of this guest.
        guest_id: Option<GuestId> as String,
        /// In this room of the house.
        room_id: Option<HotelRoomId> as String,
        /// Checking in on this day or later.
        start_date: Option<Date> as String,
        /// Checking in on this day or earlier.
        end_date: Option<Date> as String,
        /// Made at this instant or later.
        created_from: Option<Timestamp> as String,
        /// Made at this instant or earlier.
        created_to: Option<Timestamp> as String,
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
        /// Only these fields of each, divided by commas.
        fields: Option<String> as String,
    }
}

impl ListQuery {
    fn keeps(&self, order: &Order) -> bool {
        let (Some(stay), Some(dates)) = (&order.stay, order.dates()) else { return false };
        let room = stay.rooms.first().and_then(|room| room.assigned.as_ref()).map(|assigned| assigned.room);
        self.guest_id.is_none_or(|guest| guest == stay.guest)
            && self.room_id.is_none_or(|wanted| room == Some(wanted))
            && self.start_date.is_none_or(|day| day <= dates.from())
            && self.end_date.is_none_or(|day| dates.from() <= day)
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<ListQuery>,
) -> web::Result<ReplyV1<Value>> {
    let location = place(&app, query.location_id, "/query/location_id").await?;
    caller.require_at(Permission::ReadBookings, location)?;
    let now = app.clock.now();
    let made = (query.created_from.unwrap_or(Timestamp::MIN), query.created_to.unwrap_or(Timestamp::MAX));
    let (mut all, mut after, mut looked) = (Vec::new(), None, 0);
    loop {
        let page = app.store.orders_made_at(location, made, 100, after).await?;
        looked += page.items.len();
        let asked = page.items.iter().filter(|order| query.keeps(order));
        all.extend(asked.filter_map(|order| Reservation::of(order, now)));
        after = page.next;
        if after.is_none() || looked >= GATHERED {
            break;
        }
    }
    all.retain(|one| query.status.as_deref().is_none_or(|status| status == one.status()));
    let told = Reservations::cut(all, query.page, query.page_size)?;
    let mut told = serde_json::to_value(told).map_err(Error::internal)?;
    if let (Some(fields), Some(items)) = (&query.fields, told.get_mut("items").and_then(Value::as_array_mut))
    {
        items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| keep(item, fields));
    }
    Ok(ReplyV1::ok(told))
}

/// Only the fields that were asked for.
fn keep(object: &mut Map<String, Value>, fields: &str) {
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    object.retain(|name, _| wanted.contains(&name.as_str()));
}

request! {
    /// Which fields.
    pub(crate) struct Fields {
        /// Divided by commas.
        fields: Option<String> as String,
    }
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    Query(query): Query<Fields>,
) -> web::Result<ReplyV1<Value>> {
    let order = seen(&app, &caller, id).await?;
    let told = Reservation::of(&order, app.clock.now()).ok_or_else(|| Error::not_found("stay"))?;
    let mut told = serde_json::to_value(told).map_err(Error::internal)?;
    if let (Some(fields), Some(object)) = (&query.fields, told.as_object_mut()) {
        keep(object, fields);
    }
    Ok(ReplyV1::ok(told))
}

request! {
    /// A room for a guest.
    pub(crate) struct NewReservation {
        guest_id: GuestId as String,
        /// A room of the house.
        room_id: HotelRoomId as String,
        check_in_date: Date as String,
        check_out_date: Date as String,
        /// Not believed: the rate plan says the price.
        total_amount: Option<Value> as Value,
        /// By this rate plan; by the cheapest that allows it when unset.
        rate_plan_id: Option<RatePlanId> as String,
        /// 1 when unset.
        adults: Option<u8> as u8,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewReservation>,
) -> web::Result<ReplyV1<Reservation>> {
    let asked = Asked { caller, if_match: IfMatch(None), idem };
    let order = make(&app, &asked, new).await.map_err(told)?;
    let view = Reservation::of(&order, app.clock.now())
        .ok_or_else(|| Error::internal("an order that is no stay"))?;
    Ok(ReplyV1::created(view))
}

async fn make(app: &App, asked: &Asked, new: NewReservation) -> Result<Order> {
    let unknown = |error: Error| match error.code() {
        errors::Code::NotFound => Error::field("/room_id", "unknown", "there is no such room"),
        _ => error,
    };
    let room = app.store.hotel_room(new.room_id).await.map_err(unknown)?;
    let nights = Nights::new(new.check_in_date, new.check_out_date)
        .ok_or_else(|| Error::field("/check_out_date", "not_after_start", "must be after the arrival"))?;
    if nights.count() > MOST_NIGHTS {
        return Err(Error::field(
            "/check_out_date",
            "too_long",
            format!("must be at most {MOST_NIGHTS} nights later"),
        ));
    }
    let party = Party { adults: new.adults.unwrap_or(1), children: Vec::new() };
    let wanted = Wanted { room_type: room.room_type, nights, party };
    let rate_plan = match new.rate_plan_id {
        Some(plan) => plan,
        None => cheapest(app, room.location, &wanted).await?,
    };
    let new = New {
        location: room.location,
        rate_plan,
        rooms: vec![wanted],
        agreed: vec![None],
        whom: Whom::Known(new.guest_id),
        source: None,
        note: None,
        hold_seconds: None,
        into: Some(room.id),
    };
    Ok(sell::make(app, asked, new).await?.record)
}

/// The plan of the location by which it costs least, of those that allow it.
async fn cheapest(app: &App, location: LocationId, wanted: &Wanted) -> Result<RatePlanId> {
    let (plans, room_type) = tokio::try_join!(
        app.store.rate_plans_at(location, 100, None),
        app.store.room_type(wanted.room_type)
    )?;
    let plans = plans.items;
    let price = |plan: &domain::hotel::RatePlan| {
        let parent = plan.parent().and_then(|parent| plans.iter().find(|known| known.id == parent));
        let priced = Priced { plan, parent };
        let fine = priced.obstacles(&room_type, wanted).is_empty();
        fine.then(|| priced.nights(wanted)).flatten().map(|nights| nights.iter().sum::<i64>())
    };
    let best = plans.iter().filter_map(|plan| Some((price(plan)?, plan.id))).min();
    let none = || Error::new(errors::Code::NotBookable, "no rate plan allows this stay");
    best.map(|(_, plan)| plan).ok_or_else(none)
}

/// What is wrong, by the names of version 1.
fn told(error: Error) -> Error {
    let renamed = |field: &FieldError| {
        let pointer = field
            .pointer
            .replace("/rooms/0/room_type_id", "/room_id")
            .replace("/rooms/0/arrival", "/check_in_date")
            .replace("/rooms/0/departure", "/check_out_date");
        FieldError { pointer, ..field.clone() }
    };
    let fields: Vec<_> = error.field_errors().iter().map(renamed).collect();
    if fields.is_empty() { error } else { Error::fields(fields) }
}

request! {
    /// At which location.
    pub(crate) struct AtLocation {
        /// Need not be said where there is one.
        location_id: Option<LocationId> as String,
    }
}

async fn today(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<AtLocation>,
) -> web::Result<ReplyV1<Today>> {
    let location = place(&app, query.location_id, "/query/location_id").await?;
    let board = Box::pin(desk::board(&app, &caller, location)).await?;
    Ok(ReplyV1::ok(Today::of(&board, app.clock.now())))
}
