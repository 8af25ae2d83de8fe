//! The front desk: who is put where, who comes, who leaves, who never came, and the board of a day.
//!
//! Which room somebody is put into is written over the versions of the stay and of the room that were read, so that two guests never
//! get one room for a night. It changes nothing about what can be sold.

use domain::hotel::house::{Assignment, Housekeeping};
use domain::hotel::stay::{Assigned, Stage};
use domain::hotel::{HotelRoom, Property};
use domain::pool::Nights;
use domain::{Caller, EventId, HotelRoomId, LocationId, Order, OrderId, Permission};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Ids, StayStage, Together, Tx};
use web::{Asked, Done};

use crate::App;
use crate::access::at_desk;
use crate::change::{self, House, Other, Planned, put};

/// Most stays of a kind on the board, and rooms.
const MOST_ON_BOARD: usize = 500;

/// A stay at the desk, with what it is about.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) before: Order,
    pub(crate) known: Together,
    pub(crate) today: Date,
    pub(crate) now: Timestamp,
}

/// Reads the stay with some rooms of the house, for a desk.
pub(crate) async fn at(app: &App, asked: &Asked, id: OrderId, rooms: &[HotelRoomId]) -> Result<At> {
    let before = at_desk(app, &asked.caller, id).await?;
    let assigned = before.stay.iter().flat_map(|stay| &stay.rooms).filter_map(|room| room.assigned.as_ref());
    let ids = Ids {
        hotel_rooms: assigned.map(|assigned| assigned.room).chain(rooms.iter().copied()).collect(),
        locations: [before.location].into(),
        ..Ids::default()
    };
    let known = app.store.together(&ids).await?;
    let now = app.clock.now();
    let zone = &known.locations.first().ok_or_else(|| Error::not_found("location"))?.zone;
    let today = zone.local(now).date();
    Ok(At { before, known, today, now })
}

impl At {
    /// A room of the house.
    ///
    /// # Errors
    /// `validation_failed` where there is none of this id.
    pub(crate) fn house(&self, id: HotelRoomId) -> Result<HotelRoom> {
        let found = self.known.hotel_rooms.iter().find(|room| room.id == id);
        let here = found.filter(|room| room.location == self.before.location);
        here.cloned().ok_or_else(|| Error::field("/hotel_room_id", "unknown", "there is no such room here"))
    }

    /// Which room of the house a room of the stay is put into.
    pub(crate) fn assigned(&self, room: usize) -> Option<HotelRoomId> {
        let room = self.before.stay.as_ref()?.rooms.get(room)?;
        room.assigned.as_ref().map(|assigned| assigned.room)
    }

    /// The nights for which a room of the stay needs a room of the house: from today on for guests who are there.
    pub(crate) fn nights(&self, room: usize) -> Result<Nights> {
        let wanted = self.before.room(room).ok_or_else(|| Error::not_found("room of this stay"))?;
        let stage = self.before.stay.as_ref().and_then(|stay| stay.rooms.get(room)).map(|room| room.stage);
        let from = match stage {
            Some(Stage::InHouse { .. }) => self.today.max(wanted.nights.from()),
            _ => wanted.nights.from(),
        };
        // Who overstays is there until tomorrow.
        let to = wanted.nights.to().max(from.tomorrow().unwrap_or(from));
        Nights::new(from, to).ok_or_else(|| Error::internal("a stay beyond the calendar"))
    }
}

/// Writes a changed stay with changed rooms of the house.
async fn save(
    app: &App,
    asked: &Asked,
    (before, mut after): (Order, Order),
    (kind, houses): (&str, &[House]),
    now: Timestamp,
) -> Result<Done<Order>> {
    (after.version, after.updated_at) = (before.version + 1, now);
    after.requests = after.requests.with(asked.idem.mark());
    let mut tx = Tx::new();
    tx.update_order(&app.store, &before, &after);
    let id = EventId::new(now, env::random());
    tx.event(&app.store, &after.event(id, kind, Some(&before), asked.caller.actor()));
    put(&mut tx, app, asked, houses, now);
    app.store.commit(tx).await?;
    Ok(Done { record: after, replayed: false })
}

/// Whether this very request was carried out before; refuses one that knows an older version.
pub(crate) fn replays(asked: &Asked, before: &Order) -> Result<bool> {
    if asked.idem.replays(&before.requests)? {
        return Ok(true);
    }
    asked.if_match.check(before.version)?;
    Ok(false)
}

/// Puts a room of a stay into a room of the house, or takes it out. Guests who are there move at once, and leave a room to be cleaned.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state`, `slot_taken` with who is in the way, `changed` when somebody was faster.
pub(crate) async fn assign(
    app: &App,
    asked: &Asked,
    (id, room): (OrderId, usize),
    into: Option<HotelRoomId>,
) -> Result<Done<Order>> {
    let at = at(app, asked, id, into.as_slice()).await?;
    if replays(asked, &at.before)? {
        return Ok(Done { record: at.before, replayed: true });
    }
    let wanted = at.before.room(room).ok_or_else(|| Error::not_found("room of this stay"))?;
    let in_house = at
        .before
        .stay
        .iter()
        .filter_map(|stay| stay.rooms.get(room))
        .any(|room| matches!(room.stage, Stage::InHouse { .. }));
    let mut houses: Vec<House> = Vec::new();
    let mut assigned = None;
    if let Some(into) = into {
        let house = at.house(into)?;
        if house.room_type != wanted.room_type && !in_house {
            let message = "is of another type: change the stay's room type first, or choose another room";
            return Err(Error::field("/hotel_room_id", "other_type", message));
        }
        let new = Assignment { order: id, room, nights: at.nights(room)? };
        assigned = Some(Assigned { room: house.id, number: house.number.clone() });
        houses.push((house.clone(), house.assign(new, (at.today, at.now))?));
    }
    if let Some(old) = at.assigned(room).filter(|old| Some(*old) != into) {
        let house = at.house(old)?;
        let mut left = house.clone().release(id, room, at.now);
        if in_house {
            left = HotelRoom { version: left.version, ..left.kept(Housekeeping::Dirty, at.now) };
        }
        houses.push((house, left));
    }
    let after = at.before.clone().put_into(room, assigned, at.now)?;
    save(app, asked, (at.before, after), ("order.assigned", &changed(houses)), at.now).await
}

/// Only what changed, each in one step.
pub(crate) fn changed(houses: Vec<House>) -> Vec<House> {
    houses
        .into_iter()
        .filter(|(before, after)| {
            (&before.assigned, before.housekeeping) != (&after.assigned, after.housekeeping)
        })
        .map(|(before, after)| {
            let version = before.version + 1;
            (before, HotelRoom { version, ..after })
        })
        .collect()
}

/// The guests of a room are here.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` unless put into a room that is ready.
pub(crate) async fn check_in(app: &App, asked: &Asked, (id, room): (OrderId, usize)) -> Result<Done<Order>> {
    let at = at(app, asked, id, &[]).await?;
    if replays(asked, &at.before)? {
        return Ok(Done { record: at.before, replayed: true });
    }
    let after = at.before.clone().check_in(room, (at.today, at.now))?;
    if let Some(house) = at.assigned(room).map(|id| at.house(id)).transpose()?
        && !house.housekeeping.is_ready()
    {
        let message = format!("room {} is {}", house.number, house.housekeeping.as_str());
        return Err(Error::new(Code::WrongState, message).with_detail("state", house.housekeeping.as_str()));
    }
    save(app, asked, (at.before, after), ("order.checked_in", &[]), at.now).await
}

/// The guests of a room leave. Nights that are still to come are given back and not charged; the room is to be cleaned.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` unless they are there, `payment_required` while something is due, unless it may stay unpaid.
pub(crate) async fn check_out(
    app: &App,
    asked: &Asked,
    (id, room): (OrderId, usize),
    unpaid: bool,
) -> Result<Done<Order>> {
    let at = at(app, asked, id, &[]).await?;
    if replays(asked, &at.before)? {
        return Ok(Done { record: at.before, replayed: true });
    }
    let planned = match early(&at, room)? {
        Some(early) => Some(change::planned(app, asked, at.before.clone(), (early, false)).await?),
        None => None,
    };
    let after =
        planned.as_ref().map_or(&at.before, |planned| &planned.after).clone().check_out(room, at.now)?;
    let due = after.sale.as_ref().map_or(0, |sale| sale.due());
    let mut rooms = after.stay.iter().flat_map(|stay| &stay.rooms);
    let last = !rooms.any(|kept| matches!(kept.stage, Stage::InHouse { .. }));
    if due > 0 && last && !unpaid {
        let message = "something is still to be paid";
        return Err(Error::new(Code::PaymentRequired, message).with_detail("due", due));
    }
    let mut houses: Vec<House> = Vec::new();
    if let Some(house) = at.assigned(room).map(|id| at.house(id)).transpose()? {
        let left = house.clone().release(id, room, at.now).kept(Housekeeping::Dirty, at.now);
        houses.push((house, left));
    }
    let houses = changed(houses);
    match planned {
        // What it no longer needs is given back in the same transaction.
        Some(planned) => {
            change::written(app, asked, Planned { after, houses, ..planned }, "order.checked_out").await
        }
        None => save(app, asked, (at.before, after), ("order.checked_out", &houses), at.now).await,
    }
}

/// The rooms of a stay of which one is left before its last night: its nights end today, and not before the first one is over.
fn early(at: &At, room: usize) -> Result<Option<Vec<Other>>> {
    let mut others = Vec::new();
    let mut found = false;
    for each in 0..at.before.lines.len() {
        let mut wanted = at.before.room(each).ok_or_else(|| Error::not_found("room of this stay"))?;
        let to = at.today.max(wanted.nights.from().tomorrow().unwrap_or(at.today));
        if each == room && to < wanted.nights.to() {
            wanted.nights = Nights::new(wanted.nights.from(), to).unwrap_or(wanted.nights);
            found = true;
        }
        others.push(Other { wanted, was: Some(each) });
    }
    Ok(found.then_some(others))
}

/// Nobody came: the nights are sold anew, and as much is charged as the plan says.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` before the stay begins and once somebody has come.
pub(crate) async fn no_show(app: &App, asked: &Asked, id: OrderId) -> Result<Done<Order>> {
    let before = at_desk(app, &asked.caller, id).await?;
    let now = app.clock.now();
    change::ended(app, asked, before, "order.no_show", |order| order.no_show(now)).await
}

/// What the desk sees of a day; of each list at most 500.
#[derive(Debug)]
pub struct Board {
    /// The day at the location.
    pub today: Date,
    /// When guests come and leave.
    pub property: Property,
    /// Expected today, or before and not there yet.
    pub arrivals: Vec<Order>,
    /// In the house.
    pub in_house: Vec<Order>,
    /// Gone today.
    pub departed: Vec<Order>,
    /// Every room of the house.
    pub rooms: Vec<HotelRoom>,
    /// Whether there is more of something than is told.
    pub cut: bool,
}

/// The board of today at a location, for somebody who may see it.
///
/// # Errors
/// `not_found`, `forbidden` outside the caller's scope.
pub(crate) async fn board(app: &App, caller: &Caller, location: LocationId) -> Result<Board> {
    let place = app.store.location(location).await?;
    caller.require_at(Permission::ReadBookings, location)?;
    Box::pin(board_on(app, location, place.zone.local(app.clock.now()).date())).await
}

/// The board of a day at a location, for whoever sits at this machine.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn board_on(app: &App, location: LocationId, today: Date) -> Result<Board> {
    let tomorrow = today.tomorrow().unwrap_or(today);
    let (arrivals, in_house, departed, property, rooms) = tokio::try_join!(
        listed(app, (location, StayStage::Expected), (Date::MIN, tomorrow)),
        listed(app, (location, StayStage::InHouse), (Date::MIN, Date::MAX)),
        listed(app, (location, StayStage::Departed), (today, tomorrow)),
        app.store.property(location),
        rooms(app, location),
    )?;
    let cut = arrivals.1 || in_house.1 || departed.1 || rooms.1;
    Ok(Board {
        today,
        property,
        arrivals: arrivals.0,
        in_house: in_house.0,
        departed: departed.0,
        rooms: rooms.0,
        cut,
    })
}

/// Stays of a stage by day, as many as the board shows, and whether there are more.
pub(crate) async fn listed(
    app: &App,
    of: (LocationId, StayStage),
    days: (Date, Date),
) -> Result<(Vec<Order>, bool)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.stays(of, days, 100, after).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() || all.len() >= MOST_ON_BOARD {
            return Ok((all, after.is_some()));
        }
    }
}

async fn rooms(app: &App, location: LocationId) -> Result<(Vec<HotelRoom>, bool)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.hotel_rooms_at(location, 100, after).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() || all.len() >= MOST_ON_BOARD {
            return Ok((all, after.is_some()));
        }
    }
}
