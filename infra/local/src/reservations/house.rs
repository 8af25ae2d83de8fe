//! The house that a book is replayed in: its location, room types with what is offered of them, rooms and rate plan. What is not
//! there is made, under keys that follow from names.

use std::collections::BTreeMap;

use domain::hotel::room_type::MOST_GUESTS;
use domain::pool::MOST_NIGHTS_OPENED;
use domain::{Currency, Zone};
use errors::{Code, Error, Result};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Where;
use super::capacity::Capacity;
use super::door::{Door, refused};
use super::rows::Reservation;

/// What the plan is called that everything is sold by.
const PLAN: &str = "Imported";

/// Where it is replayed.
pub(super) struct House {
    pub(super) location: String,
    pub(super) zone: Zone,
    pub(super) plan: String,
    pub(super) types: BTreeMap<String, Type>,
}

/// A room type.
pub(super) struct Type {
    pub(super) id: String,
    pub(super) pool: String,
    /// Its rooms, by number.
    pub(super) rooms: Vec<Room>,
}

/// A room of the house.
pub(super) struct Room {
    pub(super) id: String,
    pub(super) ready: bool,
    /// Whether one of the book is in it.
    pub(super) taken: bool,
}

impl House {
    pub(super) async fn set_up(
        door: &mut Door<'_>,
        place: &Where,
        (reservations, currency): (&[Reservation], Currency),
        rooms: &BTreeMap<String, Capacity>,
    ) -> Result<Self> {
        let (location, zone) = at(door, place).await?;
        let mut types = room_types(door, &location, reservations).await?;
        let plan = plan(door, &location, &types, (reservations, currency)).await?;
        offer(door, &types, reservations, rooms).await?;
        house_rooms(door, &location, &mut types, rooms).await?;
        Ok(Self { location, zone, plan, types })
    }
}

async fn at(door: &mut Door<'_>, place: &Where) -> Result<(String, Zone)> {
    let came = match place {
        Where::Known(id) => door.get("set up", &format!("/v2/locations/{id}")).await?,
        Where::New { name, zone } => {
            let body = json!({ "name": name, "zone": zone });
            door.post("set up", "/v2/locations", (&["location", name], &body)).await?
        }
    };
    let zone = came.text("zone").and_then(|zone| Zone::try_from(zone).ok());
    came.text("id").zip(zone).ok_or_else(|| refused("the location", &came))
}

/// The room types of the book; those that are not there are made for the largest party that was in one.
async fn room_types(
    door: &mut Door<'_>,
    location: &str,
    reservations: &[Reservation],
) -> Result<BTreeMap<String, Type>> {
    let known = door.list("set up", &format!("/v2/room-types?location_id={location}")).await?;
    let mut parties: BTreeMap<&str, (u8, usize)> = BTreeMap::new();
    for Reservation { reserved, assigned, adults, children, .. } in reservations {
        for name in [reserved, assigned] {
            let (most, more) = parties.entry(name).or_insert((1, 0));
            (*most, *more) = ((*adults).max(*most), children.len().max(*more));
        }
    }
    let mut types = BTreeMap::new();
    for (name, (adults, children)) in parties {
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let found = known.iter().find(|known| text(known, "name").as_deref() == Some(name));
        let (id, pool) = if let Some(found) = found {
            let ids = text(found, "id").zip(text(found, "pool_id"));
            ids.ok_or_else(|| Error::new(Code::Internal, "a room type without its pool"))?
        } else {
            let adults = adults.min(MOST_GUESTS);
            let children = u8::try_from(children).unwrap_or(MOST_GUESTS).min(MOST_GUESTS);
            let guests = adults.saturating_add(children).min(MOST_GUESTS);
            let body = json!({
                "location_id": location, "name": name,
                "occupancy": { "adults": adults, "children": children, "guests": guests },
            });
            let came = door.post("set up", "/v2/room-types", (&["type", location, name], &body)).await?;
            let ids = came.text("id").zip(came.text("pool_id"));
            ids.ok_or_else(|| refused(&format!("room type {name}"), &came))?
        };
        types.insert(name.to_owned(), Type { id, pool, rooms: Vec::new() });
    }
    Ok(types)
}

/// The plan of an earlier import, or one whose prices are what was paid for a night of each type on average.
async fn plan(
    door: &mut Door<'_>,
    location: &str,
    types: &BTreeMap<String, Type>,
    (reservations, currency): (&[Reservation], Currency),
) -> Result<String> {
    let known = door.list("set up", &format!("/v2/rate-plans?location_id={location}")).await?;
    let named = |plan: &&Value| plan.get("name").and_then(Value::as_str) == Some(PLAN);
    let in_it = |plan: &Value| plan.get("currency").and_then(Value::as_str) == Some(currency.code());
    if let Some(found) = known.iter().find(named) {
        let id = found.get("id").and_then(Value::as_str).filter(|_| in_it(found));
        let message = format!("the plan {PLAN} of this location has another currency");
        return id.map(str::to_owned).ok_or_else(|| Error::new(Code::BadRequest, message));
    }
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for reservation in reservations {
        for price in &reservation.nightly {
            let (sum, nights) = sums.entry(&reservation.reserved).or_default();
            (*sum, *nights) = (*sum + price, *nights + 1);
        }
    }
    let price = |(name, known): (&String, &Type)| {
        let (sum, nights) = sums.get(name.as_str()).copied().unwrap_or_default();
        (known.id.clone(), json!(sum / nights.max(1)))
    };
    let prices: serde_json::Map<String, Value> = types.iter().map(price).collect();
    let body = json!({
        "location_id": location, "name": PLAN, "meals": "breakfast", "currency": currency.code(),
        "prices": prices, "deposit_percent": 0, "no_show_nights": 1,
    });
    let came = door.post("set up", "/v2/rate-plans", (&["plan", location], &body)).await?;
    came.text("id").ok_or_else(|| refused("the rate plan", &came))
}

/// Offers all nights of the book, a year at once.
async fn offer(
    door: &mut Door<'_>,
    types: &BTreeMap<String, Type>,
    reservations: &[Reservation],
    rooms: &BTreeMap<String, Capacity>,
) -> Result<()> {
    let nights = || reservations.iter().map(|reservation| reservation.nights);
    let first = nights().map(|nights| nights.from()).min();
    let last = nights().map(|nights| nights.to()).max();
    let Some((first, last)) = first.zip(last) else { return Ok(()) };
    for (name, Capacity { rooms, overbooking }) in rooms {
        let Some(Type { pool, .. }) = types.get(name) else { continue };
        let mut from: Date = first;
        while from < last {
            let year = from.checked_add(MOST_NIGHTS_OPENED.days()).unwrap_or(last);
            let to = year.min(last);
            let body = json!({ "from": from, "to": to, "capacity": rooms, "overbooking": overbooking });
            let path = format!("/v2/pools/{pool}/offer");
            let came = door.put("set up", &path, (&[pool, &body.to_string()], &body)).await?;
            if !came.status.is_success() {
                return Err(refused(&format!("rooms of {name}"), &came));
            }
            from = to;
        }
    }
    Ok(())
}

/// The rooms of the house, and as many more as there are to be of each type.
async fn house_rooms(
    door: &mut Door<'_>,
    location: &str,
    types: &mut BTreeMap<String, Type>,
    rooms: &BTreeMap<String, Capacity>,
) -> Result<()> {
    let known = door.list("set up", &format!("/v2/hotel-rooms?location_id={location}")).await?;
    for (name, known_type) in types {
        let text = |room: &Value, field: &str| room.get(field).and_then(Value::as_str).map(str::to_owned);
        let of_type = |room: &&Value| {
            text(room, "room_type_id").as_deref() == Some(&known_type.id)
                && room.get("retired") != Some(&Value::Bool(true))
                && text(room, "housekeeping").as_deref() != Some("out_of_order")
        };
        let room = |room: &Value| {
            let ready = matches!(text(room, "housekeeping").as_deref(), Some("clean" | "inspected"));
            Some(Room { id: text(room, "id")?, ready, taken: false })
        };
        let mut all: Vec<Room> = known.iter().filter(of_type).filter_map(room).collect();
        let wanted = rooms.get(name).map_or(0, |capacity| capacity.rooms);
        for number in all.len()..usize::try_from(wanted).unwrap_or_default() {
            let number = format!("{name}-{:03}", number + 1);
            let body = json!({ "room_type_id": known_type.id, "number": number });
            let came = door.post("set up", "/v2/hotel-rooms", (&["room", location, &number], &body)).await?;
            let id = came.text("id").ok_or_else(|| refused(&format!("room {number}"), &came))?;
            all.push(Room { id, ready: true, taken: false });
        }
        known_type.rooms = all;
    }
    Ok(())
}
