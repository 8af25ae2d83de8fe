//! Guests who change rooms: two of them with each other, or one into a room of another type in the middle of the stay; and those who
//! leave late.

use domain::hotel::HotelRoom;
use domain::hotel::folio::FolioLine;
use domain::hotel::house::{Assignment, Housekeeping};
use domain::hotel::stay::{Assigned, Stage, StayRoom, line};
use domain::pool::Nights;
use domain::{EventId, FolioLineId, HotelRoomId, Order, OrderId, OrderLine};
use errors::{Code, Error, Result};
use jiff::civil::Time;
use store::{Ids, Outcome, Tx};
use web::{Asked, Done};

use crate::App;
use crate::access::at_desk;
use crate::change::{self, House, Other, put};
use crate::desk::{At, at, changed, replays};
use crate::house::bits;
use crate::sell::{sale, told, types};

/// A room of a stay.
pub(crate) type Of = (OrderId, usize);

/// Lets the guests of two rooms have each other's. Rooms that somebody has slept in are to be cleaned.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for one room twice and for stays of two locations, `wrong_state` unless both are put
/// into a room, `slot_taken` where somebody else is in the way, `changed` when somebody was faster.
pub(crate) async fn swap(app: &App, asked: &Asked, (one, two): (Of, Of)) -> Result<Vec<Order>> {
    if one == two {
        return Err(Error::field("/second", "invalid_value", "must be another room"));
    }
    let (first, second) = tokio::try_join!(at(app, asked, one.0, &[]), at_desk(app, &asked.caller, two.0))?;
    if replays(asked, &first.before)? {
        return Ok(vec![first.before, second]);
    }
    if first.before.location != second.location {
        return Err(Error::field("/second", "other_location", "must be at the same location"));
    }
    let there = assigned(&second, two.1).ok_or_else(homeless)?;
    let ids = Ids { hotel_rooms: [there].into(), ..Ids::default() };
    let other = At { before: second, known: app.store.together(&ids).await?, ..first.clone() };
    let here = first.house(first.assigned(one.1).ok_or_else(homeless)?)?;
    let there = other.house(there)?;
    fits(&first, one.1, &there)?;
    fits(&other, two.1, &here)?;
    let now = first.now;
    let into = |house: &HotelRoom, out: Of, new: (&At, usize)| -> Result<HotelRoom> {
        let (at, room) = new;
        let assignment = Assignment { order: at.before.id, room, nights: at.nights(room)? };
        let next = house.clone().release(out.0, out.1, now).assign(assignment, (at.today, now))?;
        let used = in_house(&first, one.1) || in_house(&other, two.1);
        Ok(if used { next.kept(Housekeeping::Dirty, now) } else { next })
    };
    let houses = changed(vec![
        (here.clone(), into(&here, one, (&other, two.1))?),
        (there.clone(), into(&there, two, (&first, one.1))?),
    ]);
    let number = |house: &HotelRoom| Some(Assigned { room: house.id, number: house.number.clone() });
    let mut after = vec![first.before.clone().put_into(one.1, number(&there), now)?];
    if one.0 == two.0 {
        after = after
            .into_iter()
            .map(|order| order.put_into(two.1, number(&here), now))
            .collect::<Result<_>>()?;
    } else {
        after.push(other.before.clone().put_into(two.1, number(&here), now)?);
    }
    let mut tx = Tx::new();
    for (order, before) in after.iter_mut().zip([&first.before, &other.before]) {
        (order.version, order.updated_at) = (before.version + 1, now);
        order.requests = std::mem::take(&mut order.requests).with(asked.idem.mark());
        tx.update_order(&app.store, before, order);
        let id = EventId::new(now, env::random());
        tx.event(&app.store, &order.event(id, "order.assigned", Some(before), asked.caller.actor()));
    }
    put(&mut tx, app, asked, &houses, now);
    app.store.commit(tx).await?;
    Ok(after)
}

/// Whether the room's guests are there.
fn in_house(at: &At, room: usize) -> bool {
    let room = at.before.stay.as_ref().and_then(|stay| stay.rooms.get(room));
    room.is_some_and(|room| matches!(room.stage, Stage::InHouse { .. }))
}

/// Guests in the house may have a room of any type, others one of theirs.
fn fits(at: &At, room: usize, house: &HotelRoom) -> Result<()> {
    let wanted = at.before.room(room).ok_or_else(|| Error::not_found("room of this stay"))?;
    if house.room_type == wanted.room_type || in_house(at, room) {
        return Ok(());
    }
    Err(Error::new(Code::WrongState, "the rooms are of different types, and not all guests are in the house")
        .with_detail("state", "other_type"))
}

fn assigned(order: &Order, room: usize) -> Option<HotelRoomId> {
    order.stay.as_ref()?.rooms.get(room)?.assigned.as_ref().map(|assigned| assigned.room)
}

fn homeless() -> Error {
    Error::new(Code::WrongState, "both must be put into a room").with_detail("state", "unassigned")
}

/// Moves guests who are in the house into a room of another type, from today on: the nights to come are claimed there and given back
/// here, the nights that have passed stay as they were. The room of the stay becomes two, of which the first has departed.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for a room that is not of the house, `wrong_state` unless they are in the house
/// until after today and the room is ready, `slot_taken`, `sold_out` where no night of the type is left, `not_bookable` without a
/// price, `changed` when somebody was faster.
pub(crate) async fn move_to(
    app: &App,
    asked: &Asked,
    (id, room): Of,
    (into, keep_prices): (HotelRoomId, bool),
) -> Result<Done<Order>> {
    let at = at(app, asked, id, &[into]).await?;
    if replays(asked, &at.before)? {
        return Ok(Done { record: at.before, replayed: true });
    }
    let (house, now) = (at.house(into)?, at.now);
    if !house.housekeeping.is_ready() {
        let message = format!("room {} is {}", house.number, house.housekeeping.as_str());
        return Err(Error::new(Code::WrongState, message).with_detail("state", house.housekeeping.as_str()));
    }
    let was = at.before.room(room).ok_or_else(|| Error::not_found("room of this stay"))?;
    if !in_house(&at, room) || at.today >= was.nights.to() {
        let message = "only guests who are in the house until after today are moved";
        return Err(Error::new(Code::WrongState, message).with_detail("today", at.today.to_string()));
    }
    let mut others: Vec<Other> = Vec::new();
    for each in 0..at.before.lines.len() {
        let wanted = at.before.room(each).ok_or_else(|| Error::not_found("room of this stay"))?;
        others.push(Other { wanted, was: Some(each) });
    }
    let beyond = || Error::internal("a stay beyond the calendar");
    let past = Nights::new(was.nights.from(), at.today);
    let mut rest = Other { wanted: was.clone(), was: Some(room) };
    rest.wanted.room_type = house.room_type;
    rest.wanted.nights = Nights::new(at.today.max(was.nights.from()), was.nights.to()).ok_or_else(beyond)?;
    // Whoever came today has no nights that have passed.
    let moved = if past.is_some() { others.len() } else { room };
    match (past, others.get_mut(room)) {
        (Some(past), Some(first)) => {
            first.wanted.nights = past;
            others.push(rest);
        }
        (None, Some(only)) => *only = rest,
        (_, None) => return Err(Error::not_found("room of this stay")),
    }
    let known = app.store.together(&change::ids(&at.before, &others)).await?;
    let wanted: Vec<_> = others.iter().map(|other| other.wanted.clone()).collect();
    let lines: Vec<OrderLine> = wanted.iter().map(|room| line(room.room_type, room.nights)).collect();
    domain::order::checked(lines.clone()).map_err(told)?;
    let (location, today) = orders::place(&lines, Some(&at.before), &known, now).map_err(told)?;
    let types = types(&wanted, (at.before.location, location), &known)?;
    let plans = change::plans_of(app, &at.before, &known).await?;
    let priced = plans.priced();
    let nightly = others
        .iter()
        .map(|other| change::nightly(&priced, &at.before, other, keep_prices))
        .collect::<Result<Vec<_>>>()?;
    let price = sale(&priced, &types, &wanted, &nightly, (&known, at.before.location))?;
    let mut rooms: Vec<StayRoom> =
        others.iter().zip(nightly).map(|(other, nightly)| change::room(&at.before, other, nightly)).collect();
    if past.is_some()
        && let Some(left) = rooms.get_mut(room)
    {
        (left.stage, left.late) = (Stage::Departed { at: now }, None);
    }
    if let Some(new) = rooms.get_mut(moved) {
        new.assigned = Some(Assigned { room: house.id, number: house.number.clone() });
    }
    let mut after = at.before.clone().restay((lines, rooms), price, now)?;
    after.requests = after.requests.with(asked.idem.mark());
    let nights = Nights::new(at.today, was.nights.to()).ok_or_else(beyond)?;
    let assignment = Assignment { order: id, room: moved, nights };
    let mut houses: Vec<House> = vec![(house.clone(), house.assign(assignment, (today, now))?)];
    if let Some(old) = at.assigned(room).filter(|old| *old != into) {
        let old = at.house(old)?;
        houses.push((old.clone(), old.release(id, room, now).kept(Housekeeping::Dirty, now)));
    }
    let houses = changed(houses);
    let add = |tx: &mut Tx| put(tx, app, asked, &houses, now);
    orders::claim(&app.store, asked, Some(&at.before), after, ("order.changed", today), &add)
        .await
        .map_err(told)
}

/// What a late check-out costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fee {
    pub(crate) amount: i64,
    pub(crate) basis_points: u16,
}

/// Lets guests leave later on their last day, until a time; a fee goes into the first part of the folio in the same transaction.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed` for a time that is not late, `wrong_state` once they have left, and as
/// [`Order::post`]; `changed` when somebody was faster.
pub(crate) async fn late(
    app: &App,
    asked: &Asked,
    (id, room): Of,
    (until, fee): (Time, Option<Fee>),
) -> Result<Done<Order>> {
    let before = at_desk(app, &asked.caller, id).await?;
    if replays(asked, &before)? {
        return Ok(Done { record: before, replayed: true });
    }
    let property = app.store.property(before.location).await?;
    if until <= property.check_out {
        return Err(Error::field(
            "/until",
            "out_of_range",
            format!("must be after {}", property.check_out.strftime("%H:%M")),
        ));
    }
    let now = app.clock.now();
    let mut after = before.clone().leaves_late(room, until, now)?;
    let mut tx = Tx::new();
    if let Some(fee) = fee {
        if fee.amount <= 0 {
            return Err(Error::field("/fee", "out_of_range", "must be more than nothing"));
        }
        let line = FolioLine {
            id: FolioLineId::derived(bits(asked, now)),
            order: id,
            part: 0,
            kind: "late_check_out".parse().map_err(Error::internal)?,
            text: None,
            amount: fee.amount,
            basis_points: fee.basis_points,
            reason: None,
            by: asked.caller.actor(),
            created_at: now,
            version: 1,
            request: asked.idem.request(),
        };
        let line = line.checked()?;
        after = after.post(&line, now)?;
        tx.insert_folio_line(&app.store, &line);
    }
    after.version = before.version + 1;
    after.requests = after.requests.with(asked.idem.mark());
    tx.update_order(&app.store, &before, &after);
    let event = EventId::new(now, env::random());
    let kind = if fee.is_some() { "order.posted" } else { "order.late" };
    tx.event(&app.store, &after.event(event, kind, Some(&before), asked.caller.actor()));
    match app.store.commit(tx).await? {
        Outcome::Committed => Ok(Done { record: after, replayed: false }),
        // The fee is there since an earlier request of this key.
        Outcome::Replayed(_) => Ok(Done { record: app.store.order(id).await?, replayed: true }),
    }
}
