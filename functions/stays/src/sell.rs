//! Selling nights: what may be had at what price, and making a stay of it.

use std::collections::BTreeSet;

use domain::booking::{HOLD_SECONDS, held_until};
use domain::hotel::folio::Folio;
use domain::hotel::house::Assignment;
use domain::hotel::price::{Obstacle, Priced, Wanted};
use domain::hotel::rates::RatePlan;
use domain::hotel::room_type::pool_of;
use domain::hotel::stay::{Assigned, Stage, StayRoom, confirmation_of, line};
use domain::hotel::{Guest, Property, RoomType, Stay};
use domain::offering::MOST_PRICE;
use domain::text::{Note, Tag};
use domain::{
    HotelRoomId, LocationId, Order, OrderId, OrderLine, OrderState, Permission, RatePlanId, Requests, Sale,
};
use errors::{Code, Error, FieldError, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Ids, Together, Tx};
use web::{Asked, Done, Fields};

use crate::App;
use crate::change::{House, put};
use crate::guests::{self, Whom};

/// What is asked for.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) location: LocationId,
    pub(crate) rate_plan: RatePlanId,
    pub(crate) rooms: Vec<Wanted>,
    /// What was agreed on for each night of each room, if anything; otherwise the plan's price holds.
    pub(crate) agreed: Vec<Option<Vec<i64>>>,
    pub(crate) whom: Whom,
    pub(crate) source: Option<Tag>,
    pub(crate) note: Option<Note>,
    /// For how many seconds it is only held; sold at once when unset, as far as nothing is to be paid first.
    pub(crate) hold_seconds: Option<u32>,
    /// The room of the house that the first room is put into, in the same transaction.
    pub(crate) into: Option<HotelRoomId>,
}

/// A plan and the one that its prices come from, as they were read.
#[derive(Debug, Clone)]
pub(crate) struct Plans {
    pub(crate) plan: RatePlan,
    pub(crate) parent: Option<RatePlan>,
}

impl Plans {
    pub(crate) fn priced(&self) -> Priced<'_> {
        Priced { plan: &self.plan, parent: self.parent.as_ref() }
    }
}

/// Makes a stay: sold at once, or held until what is to be paid first has come in.
///
/// # Errors
/// `forbidden` for another guest without the right, `validation_failed`, `not_bookable` where the plan does not allow it, and
/// `sold_out` with alternatives.
pub(crate) async fn make(app: &App, asked: &Asked, new: New) -> Result<Done<Order>> {
    let now = app.clock.now();
    let keyed = asked.idem.digest().map(OrderId::derived);
    let known = app.store.together(&ids(&new, keyed)).await?;
    if let Some(made) = known.orders.first() {
        return orders::replayed(asked, made);
    }
    let lines: Vec<OrderLine> = new.rooms.iter().map(|room| line(room.room_type, room.nights)).collect();
    let (location, today) = orders::place(&lines, None, &known, now).map_err(told)?;
    let plans = plans(app, new.rate_plan, new.location, &known).await?;
    let types = types(&new.rooms, (new.location, location), &known)?;
    // What was agreed on was looked at by whoever agreed.
    if new.agreed.iter().any(Option::is_none) {
        allowed(&plans.priced(), &types, &new.rooms)?;
    }
    let nightly = nightly(asked, &plans.priced(), &new)?;
    let sale = sale(&plans.priced(), &types, &new.rooms, &nightly, (&known, new.location))?;
    let (guest, is_new) = guests::of(app, asked, (new.whom, new.location), &known, now).await?;
    let id = keyed.unwrap_or_else(|| OrderId::new(now, env::random()));
    let order = order((id, asked, now), (&guest, new.location), new.hold_seconds, sale)?;
    let houses: Vec<House> = new
        .into
        .map(|into| housed(&known, into, (id, &lines), (today, now)))
        .transpose()?
        .into_iter()
        .collect();
    let put_into = |at: usize| {
        let (house, _) = houses.first().filter(|_| at == 0)?;
        Some(Assigned { room: house.id, number: house.number.clone() })
    };
    let rooms = new.rooms.into_iter().zip(nightly).enumerate().map(|(at, (room, nightly))| StayRoom {
        party: room.party,
        nightly,
        assigned: put_into(at),
        stage: Stage::Expected,
        late: None,
    });
    let stay = Stay {
        confirmation: confirmation_of(id),
        guest: guest.id,
        guest_name: guest.name.clone(),
        rate_plan: plans.plan.id,
        source: new.source.map_or_else(|| "direct".parse().map_err(Error::internal), Ok)?,
        rooms: rooms.collect(),
        no_show_nights: plans.plan.rates.no_show_nights,
        folio: Folio::default(),
    };
    let kind = if order.state == OrderState::Held { "order.held" } else { "order.confirmed" };
    let order = Order { lines, stay: Some(Box::new(stay)), note: new.note, ..order };
    // Whoever is refused a stay is no guest.
    let add = |tx: &mut Tx| {
        put(tx, app, asked, &houses, now);
        if is_new {
            guests::put(tx, app, asked, &guest);
        }
    };
    orders::claim(&app.store, asked, None, order, (kind, today), &add).await.map_err(told)
}

/// A room of the house with the first room of a new stay in it.
fn housed(
    known: &Together,
    into: HotelRoomId,
    (order, lines): (OrderId, &[OrderLine]),
    at: (Date, Timestamp),
) -> Result<House> {
    let unknown = || Error::field("/rooms/0/hotel_room_id", "unknown", "there is no such room");
    let house = known.hotel_rooms.iter().find(|house| house.id == into).ok_or_else(unknown)?;
    let nights = lines.first().and_then(|line| line.cells.nights()).ok_or_else(unknown)?;
    let after = house.clone().assign(Assignment { order, room: 0, nights }, at)?;
    Ok((house.clone(), after))
}

/// The order without what makes it a stay. What is to be paid first is held meanwhile; a desk sells it and takes the money itself.
fn order(
    (id, asked, now): (OrderId, &Asked, Timestamp),
    (guest, location): (&Guest, LocationId),
    hold_seconds: Option<u32>,
    mut sale: Sale,
) -> Result<Order> {
    let desk = asked.caller.may_at(Permission::BookForOthers, location);
    let pays_first = sale.first_part > 0 && !desk;
    let first = pays_first.then_some(u32::try_from(HOLD_SECONDS).unwrap_or(u32::MAX));
    let hold_until = hold_seconds.or(first).map(|seconds| held_until(seconds, now)).transpose()?;
    if hold_until.is_none() {
        sale.charged = sale.total;
    }
    Ok(Order {
        id,
        location,
        user: guest.user(),
        booked_by: Some(asked.caller.user).filter(|by| *by != guest.user()),
        lines: Vec::new(),
        state: if hold_until.is_some() { OrderState::Held } else { OrderState::Confirmed },
        hold_until,
        sale: Some(Box::new(sale)),
        stay: None,
        note: None,
        reason: None,
        created_at: now,
        updated_at: now,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    })
}

fn ids(new: &New, keyed: Option<OrderId>) -> Ids {
    let types: BTreeSet<_> = new.rooms.iter().map(|room| room.room_type).collect();
    Ids {
        pools: types.iter().map(|room_type| pool_of(*room_type)).collect(),
        room_types: types,
        rate_plans: [new.rate_plan].into(),
        properties: [new.location].into(),
        locations: [new.location].into(),
        orders: keyed.into_iter().collect(),
        guests: new.whom.known().into_iter().collect(),
        // Who stays for the first time becomes a guest.
        users: new.whom.oneself().into_iter().collect(),
        hotel_rooms: new.into.into_iter().collect(),
        ..Ids::default()
    }
}

/// The plan that it is sold by.
///
/// # Errors
/// `validation_failed` where there is no such plan at the location.
pub(crate) async fn plans(
    app: &App,
    id: RatePlanId,
    location: LocationId,
    known: &Together,
) -> Result<Plans> {
    let wrong = |code, message: &str| Error::field("/rate_plan_id", code, message);
    let plan = known.rate_plan(id).ok_or_else(|| wrong("unknown", "there is no such rate plan"))?;
    if plan.location != location {
        return Err(wrong("other_location", "must be of the same location"));
    }
    if plan.retired {
        return Err(wrong("retired", "is no longer offered"));
    }
    let parent = match plan.parent() {
        Some(parent) => Some(app.store.rate_plan(parent).await?),
        None => None,
    };
    Ok(Plans { plan: plan.clone(), parent })
}

/// The type of each room.
///
/// # Errors
/// `validation_failed` for what is no room type of the location.
pub(crate) fn types<'a>(
    rooms: &[Wanted],
    (asked, found): (LocationId, LocationId),
    known: &'a Together,
) -> Result<Vec<&'a RoomType>> {
    let mut fields = Fields::new();
    let mut types = Vec::new();
    for (at, room) in rooms.iter().enumerate() {
        let pointer = format!("/rooms/{at}/room_type_id");
        match known.room_type(room.room_type) {
            None => fields.refuse(pointer, "unknown", "there is no such room type"),
            Some(_) if asked != found => {
                fields.refuse(pointer, "other_location", "must be of the same location");
            }
            Some(room_type) => types.push(room_type),
        }
    }
    fields.check()?;
    Ok(types)
}

/// Whether the plan allows all the rooms.
///
/// # Errors
/// `not_bookable` with the reasons for each room.
pub(crate) fn allowed(priced: &Priced<'_>, types: &[&RoomType], rooms: &[Wanted]) -> Result<()> {
    let mut reasons: Vec<Value> = Vec::new();
    for (at, (room_type, room)) in types.iter().zip(rooms).enumerate() {
        for obstacle in priced.obstacles(room_type, room) {
            let mut told = obstacle.told();
            if let Some(object) = told.as_object_mut() {
                object.insert("room".to_owned(), json!(at));
            }
            reasons.push(told);
        }
    }
    match reasons.first().and_then(|first| first.get("message")).and_then(Value::as_str) {
        None => Ok(()),
        Some(first) => Err(Error::new(Code::NotBookable, format!("this stay cannot be booked: {first}"))
            .with_detail("reasons", reasons)),
    }
}

/// What each night of each room costs.
fn nightly(asked: &Asked, priced: &Priced<'_>, new: &New) -> Result<Vec<Vec<i64>>> {
    let mut fields = Fields::new();
    let mut nightly = Vec::new();
    for (at, (room, agreed)) in new.rooms.iter().zip(&new.agreed).enumerate() {
        if let Some(agreed) = agreed {
            asked.caller.require_at(Permission::ManageCatalog, new.location)?;
            let pointer = format!("/rooms/{at}/nightly");
            if i32::try_from(agreed.len()) != Ok(room.nights.count()) {
                fields.refuse(pointer, "invalid_value", "must have a price for each night");
            } else if !agreed.iter().all(|price| (0..=MOST_PRICE).contains(price)) {
                fields.refuse(pointer, "out_of_range", format!("must be 0 to {MOST_PRICE} each"));
            }
            nightly.push(agreed.clone());
        } else {
            let none = || Error::new(Code::NotBookable, Obstacle::NoRate.message());
            nightly.push(priced.nights(room).ok_or_else(none)?);
        }
    }
    fields.check()?;
    Ok(nightly)
}

/// What the stay costs as a whole.
pub(crate) fn sale(
    priced: &Priced<'_>,
    types: &[&RoomType],
    rooms: &[Wanted],
    nightly: &[Vec<i64>],
    (known, location): (&Together, LocationId),
) -> Result<Sale> {
    let arrival = rooms.iter().map(|room| room.nights.from()).min();
    let starts = begins(known, location, arrival.ok_or_else(|| Error::internal("a stay without rooms"))?)?;
    let rooms: Vec<_> = types
        .iter()
        .zip(rooms)
        .zip(nightly)
        .map(|((room_type, room), nightly)| (*room_type, &room.party, nightly.as_slice()))
        .collect();
    priced.sale(&rooms, starts)
}

/// When a stay that arrives on this day begins.
pub(crate) fn begins(known: &Together, location: LocationId, arrival: Date) -> Result<Timestamp> {
    let property = known.properties.first().cloned().unwrap_or_else(|| Property::unsaid(location));
    let found = known.locations.first();
    let zone =
        &found.ok_or_else(|| Error::field("/location_id", "unknown", "there is no such location"))?.zone;
    property.begins(zone, arrival)
}

/// What is wrong, by the names of a stay and not of an order.
pub(crate) fn told(error: Error) -> Error {
    let renamed = |field: &FieldError| {
        let pointer = field.pointer.replacen("/lines/", "/rooms/", 1).replace("/pool_id", "/room_type_id");
        FieldError { pointer, ..field.clone() }
    };
    let fields: Vec<_> = error.field_errors().iter().map(renamed).collect();
    if fields.is_empty() { error } else { Error::fields(fields) }
}
