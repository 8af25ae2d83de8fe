//! Other rooms, nights or parties of a stay, and giving it back: only the difference is claimed, and only it is priced anew.

use std::collections::BTreeSet;

use domain::hotel::HotelRoom;
use domain::hotel::price::{Priced, Wanted};
use domain::hotel::room_type::pool_of;
use domain::hotel::stay::{Stage, StayRoom, line};
use domain::order::OrderAction;
use domain::pool::Cell;
use domain::text::Line;
use domain::{EventId, HotelRoomId, Order, OrderId, OrderLine, Permission};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Ids, Together, Tx};
use web::{Asked, Done};

use crate::App;
use crate::access::seen;
use crate::sell::{Plans, allowed, sale, told, types};

/// A room of the stay as it shall be.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    pub(crate) wanted: Wanted,
    /// Which of the stay's rooms it was until now; a new one when unset.
    pub(crate) was: Option<usize>,
}

/// Gives a stay other rooms.
///
/// # Errors
/// As for making one; `wrong_state` once nights are given back that have passed, unless the desk asks, for a room whose guests are
/// in the house and that is not among them, or whose guests have left and that is not the same; `forbidden` for keeping prices
/// without the right.
pub(crate) async fn change(
    app: &App,
    asked: &Asked,
    id: OrderId,
    (others, keep_prices): (Vec<Other>, bool),
) -> Result<Done<Order>> {
    let before = seen(app, &asked.caller, id).await?;
    let desk = asked.caller.may_at(Permission::BookForOthers, before.location);
    if !desk && !asked.caller.is(before.user) {
        return Err(Error::forbidden("your role does not change the stays of others here"));
    }
    if keep_prices && !desk {
        return Err(Error::forbidden("only the desk keeps prices"));
    }
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: before, replayed: true });
    }
    asked.if_match.check(before.version)?;
    let planned = planned(app, asked, before, (others, keep_prices)).await?;
    written(app, asked, planned, OrderAction::Change.event()).await
}

/// Other rooms of a stay, thought through and not written yet.
pub(crate) struct Planned {
    /// The stay as it is.
    pub(crate) before: Order,
    /// The stay as it shall be.
    pub(crate) after: Order,
    /// The rooms that it is put into, before and after.
    pub(crate) houses: Vec<House>,
    /// The day at its location.
    pub(crate) today: Date,
}

/// What follows when a stay has other rooms.
///
/// # Errors
/// As [`change`].
pub(crate) async fn planned(
    app: &App,
    asked: &Asked,
    before: Order,
    (others, keep_prices): (Vec<Other>, bool),
) -> Result<Planned> {
    let desk = asked.caller.may_at(Permission::BookForOthers, before.location);
    let now = app.clock.now();
    let known = app.store.together(&ids(&before, &others)).await?;
    standing(&before, &others)?;
    let wanted: Vec<Wanted> = others.iter().map(|other| other.wanted.clone()).collect();
    let lines: Vec<OrderLine> = wanted.iter().map(|room| line(room.room_type, room.nights)).collect();
    let (location, today) = orders::place(&lines, Some(&before), &known, now).map_err(told)?;
    let passed = |cell: Cell| matches!(cell, Cell::Night(date) if date < today);
    if !desk && orders::Demand::between(Some(&before), &lines).given().any(passed) {
        return Err(Error::new(Code::WrongState, "nights that have passed are not given back"));
    }
    let types = types(&wanted, (before.location, location), &known)?;
    let plans = plans_of(app, &before, &known).await?;
    let priced = plans.priced();
    if !desk {
        allowed(&priced, &types, &wanted)?;
    }
    let nightly = others
        .iter()
        .map(|other| nightly(&priced, &before, other, keep_prices))
        .collect::<Result<Vec<_>>>()?;
    let price = sale(&priced, &types, &wanted, &nightly, (&known, before.location))?;
    let rooms: Vec<StayRoom> =
        others.iter().zip(nightly).map(|(other, nightly)| room(&before, other, nightly)).collect();
    let after = before.clone().restay((lines, rooms), price, now)?;
    let (after, houses) = rehoused(&before, after, &known, (today, now));
    Ok(Planned { before, after, houses, today })
}

/// Writes it as one change, with the event `kind`.
///
/// # Errors
/// As [`change`].
pub(crate) async fn written(app: &App, asked: &Asked, planned: Planned, kind: &str) -> Result<Done<Order>> {
    let Planned { before, mut after, houses, today } = planned;
    let now = after.updated_at;
    after.version = before.version + 1;
    after.requests = after.requests.with(asked.idem.mark());
    let add = |tx: &mut Tx| put(tx, app, asked, &houses, now);
    orders::claim(&app.store, asked, Some(&before), after, (kind, today), &add).await.map_err(told)
}

/// What guests in the house have stays theirs.
fn standing(before: &Order, others: &[Other]) -> Result<()> {
    let rooms = before.stay.iter().flat_map(|stay| &stay.rooms).enumerate();
    for (at, room) in rooms {
        let kept = || others.iter().find(|other| other.was == Some(at));
        let same = |other: &Other| {
            before.room(at).is_some_and(|was| match room.stage {
                Stage::Expected | Stage::NoShow => true,
                Stage::InHouse { .. } => was.nights.from() == other.wanted.nights.from(),
                Stage::Departed { .. } => was == other.wanted,
            })
        };
        let fine = matches!(room.stage, Stage::Expected) || kept().is_some_and(same);
        if !fine {
            let message =
                "guests who are in the house keep their arrival, and those who have left what they had";
            return Err(Error::new(Code::WrongState, message).with_detail("room", at));
        }
    }
    let mut seen = BTreeSet::new();
    for (at, was) in others.iter().enumerate().filter_map(|(at, other)| Some((at, other.was?))) {
        if before.room(was).is_none() || !seen.insert(was) {
            let message = "must name each of the stay's rooms at most once";
            return Err(Error::field(format!("/rooms/{at}/was"), "invalid_value", message));
        }
    }
    Ok(())
}

pub(crate) fn ids(before: &Order, others: &[Other]) -> Ids {
    let types: BTreeSet<_> = others.iter().map(|other| other.wanted.room_type).collect();
    Ids {
        pools: types.iter().map(|room_type| pool_of(*room_type)).collect(),
        room_types: types,
        rate_plans: before.stay.iter().map(|stay| stay.rate_plan).collect(),
        properties: [before.location].into(),
        locations: [before.location].into(),
        hotel_rooms: assigned(before).collect(),
        ..Ids::default()
    }
}

fn assigned(order: &Order) -> impl Iterator<Item = HotelRoomId> {
    let rooms = order.stay.iter().flat_map(|stay| &stay.rooms);
    rooms.filter_map(|room| room.assigned.as_ref()).map(|assigned| assigned.room)
}

/// The plan that the stay was sold by, retired or not.
pub(crate) async fn plans_of(app: &App, order: &Order, known: &Together) -> Result<Plans> {
    let plan = order.stay.as_ref().and_then(|stay| known.rate_plan(stay.rate_plan));
    let plan = plan.ok_or_else(|| Error::not_found("rate plan"))?;
    let parent = match plan.parent() {
        Some(parent) => Some(app.store.rate_plan(parent).await?),
        None => None,
    };
    Ok(Plans { plan: plan.clone(), parent })
}

/// What each night of a room costs from now on: what it had stays, unless type or party are other ones; with `keep_prices` even then.
/// Where no plan has a price, it is that of the room's last night.
pub(crate) fn nightly(
    plans: &Priced<'_>,
    before: &Order,
    other: &Other,
    keep_prices: bool,
) -> Result<Vec<i64>> {
    let wanted = &other.wanted;
    let was = other.was.and_then(|at| Some((before.room(at)?, before.stay.as_ref()?.rooms.get(at)?)));
    let alike =
        |was: &Wanted| keep_prices || (was.room_type == wanted.room_type && was.party == wanted.party);
    let last = was.as_ref().and_then(|(_, room)| room.nightly.last().copied());
    let price = |date: Date| {
        let kept = was.as_ref().filter(|(was, _)| alike(was)).and_then(|(was, room)| {
            was.nights.dates().position(|night| night == date).and_then(|at| room.nightly.get(at).copied())
        });
        let asked = || plans.night(wanted.room_type, &wanted.party, date);
        kept.or(last.filter(|_| keep_prices)).or_else(asked).or(last)
    };
    let none = || Error::new(Code::NotBookable, "there is no price for this room");
    wanted.nights.dates().map(price).collect::<Option<Vec<_>>>().ok_or_else(none)
}

/// The room as it shall be; where guests are and where they are put stays.
pub(crate) fn room(before: &Order, other: &Other, nightly: Vec<i64>) -> StayRoom {
    let was = other.was.and_then(|at| before.stay.as_ref()?.rooms.get(at));
    StayRoom {
        party: other.wanted.party.clone(),
        nightly,
        assigned: was.and_then(|was| was.assigned.clone()),
        stage: was.map_or(Stage::Expected, |was| was.stage),
        late: was.and_then(|was| was.late),
    }
}

/// A room of the house before and after.
pub(crate) type House = (HotelRoom, HotelRoom);

/// The rooms that the stay was put into, as they are kept from now on: with the new nights where they are free and the type is the
/// same, otherwise without it.
fn rehoused(
    before: &Order,
    mut after: Order,
    known: &Together,
    (today, now): (Date, Timestamp),
) -> (Order, Vec<House>) {
    let mut houses: Vec<House> =
        known.hotel_rooms.iter().map(|room| (room.clone(), released(room.clone(), before.id))).collect();
    for at in 0..after.lines.len() {
        let Some(wanted) = after.room(at) else { continue };
        let Some(room) = after.stay.as_mut().and_then(|stay| stay.rooms.get_mut(at)) else { continue };
        let Some(assigned) = room.assigned.clone() else { continue };
        let house = houses.iter_mut().find(|(house, _)| house.id == assigned.room);
        let assignment =
            domain::hotel::house::Assignment { order: before.id, room: at, nights: wanted.nights };
        let kept = house.is_some_and(|(_, house)| {
            let fits = house.room_type == wanted.room_type || matches!(room.stage, Stage::InHouse { .. });
            match fits.then(|| house.clone().assign(assignment, (today, now))) {
                Some(Ok(next)) => {
                    *house = next;
                    true
                }
                _ => false,
            }
        });
        if !kept && room.stage == Stage::Expected {
            room.assigned = None;
        }
    }
    let changed = houses.into_iter().filter(|(before, after)| before.assigned != after.assigned);
    // Several steps are one change.
    let once = |(before, after): House| {
        let version = before.version + 1;
        (before, HotelRoom { version, updated_at: now, ..after })
    };
    (after, changed.map(once).collect())
}

fn released(mut room: HotelRoom, order: OrderId) -> HotelRoom {
    room.assigned.retain(|known| known.order != order);
    room
}

/// Adds changed rooms of the house to a transaction.
pub(crate) fn put(tx: &mut Tx, app: &App, asked: &Asked, houses: &[House], now: Timestamp) {
    for (before, after) in houses {
        tx.update_hotel_room(&app.store, before, after);
        let id = EventId::new(now, env::random());
        tx.event(&app.store, &after.event(id, "hotel_room.assigned", Some(before), asked.caller.actor()));
    }
}

/// Gives a stay back, by the terms that it was sold on.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_state` once guests have come or, for the guest, once it has begun.
pub(crate) async fn cancel(
    app: &App,
    asked: &Asked,
    id: OrderId,
    reason: Option<Line>,
) -> Result<Done<Order>> {
    let before = seen(app, &asked.caller, id).await?;
    let desk = asked.caller.may_at(Permission::BookForOthers, before.location);
    if !desk && !asked.caller.is(before.user) {
        return Err(Error::forbidden("your role does not cancel the stays of others here"));
    }
    let now = app.clock.now();
    let begun = before.sale.as_ref().is_some_and(|sale| sale.starts <= now);
    if !desk && begun && before.state_at(now).claims() {
        return Err(Error::new(Code::WrongState, "the stay has begun"));
    }
    ended(app, asked, before, OrderAction::Cancel.event(), |order| order.cancel(reason, now)).await
}

/// Writes a stay that claims nothing any more, and takes it out of the rooms that it was put into.
pub(crate) async fn ended(
    app: &App,
    asked: &Asked,
    before: Order,
    kind: &str,
    end: impl FnOnce(Order) -> Result<Order>,
) -> Result<Done<Order>> {
    if asked.idem.replays(&before.requests)? {
        return Ok(Done { record: before, replayed: true });
    }
    asked.if_match.check(before.version)?;
    let now = app.clock.now();
    let rooms: BTreeSet<HotelRoomId> = assigned(&before).collect();
    let ids = Ids { hotel_rooms: rooms, locations: [before.location].into(), ..Ids::default() };
    let known = app.store.together(&ids).await?;
    let houses: Vec<House> = known
        .hotel_rooms
        .iter()
        .map(|room| {
            let version = room.version + 1;
            (room.clone(), HotelRoom { version, updated_at: now, ..released(room.clone(), before.id) })
        })
        .collect();
    let mut homeless = before.clone();
    for room in homeless.stay.iter_mut().flat_map(|stay| &mut stay.rooms) {
        if room.stage == Stage::Expected {
            room.assigned = None;
        }
    }
    let mut after = end(homeless)?;
    after.requests = after.requests.with(asked.idem.mark());
    let zone = &known.locations.first().ok_or_else(|| Error::not_found("location"))?.zone;
    let add = |tx: &mut Tx| put(tx, app, asked, &houses, now);
    let today = zone.local(now).date();
    orders::claim(&app.store, asked, Some(&before), after, (kind, today), &add).await
}
