//! The walk list: nights of which more is sold than there is, and whom to lodge elsewhere.

use std::collections::BTreeMap;

use domain::hotel::RoomType;
use domain::hotel::room_type::pool_of;
use domain::pool::{Cell, Cells, Nights};
use domain::{Caller, LocationId, Order, Permission};
use errors::{Error, Result};
use jiff::civil::Date;
use store::StayStage;

use crate::App;
use crate::desk::listed;

/// Room types that are looked at.
const MOST_TYPES: u32 = 100;

/// A room type of which more is sold for a night than there is.
#[derive(Debug)]
pub(crate) struct Short {
    pub(crate) room_type: RoomType,
    pub(crate) night: Date,
    pub(crate) capacity: i64,
    pub(crate) claimed: i64,
    /// Stays with a room of the type in that night that is still expected: knowingly overbooked ones first, then those booked last.
    pub(crate) candidates: Vec<Order>,
}

/// What is short of rooms in a night at a location; today's when none is said.
///
/// # Errors
/// `not_found`, `forbidden` outside the caller's scope.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    (location, date): (LocationId, Option<Date>),
) -> Result<Vec<Short>> {
    let (place, types) =
        tokio::try_join!(app.store.location(location), app.store.room_types_at(location, MOST_TYPES, None),)?;
    caller.require_at(Permission::ReadBookings, location)?;
    let night = date.unwrap_or_else(|| place.zone.local(app.clock.now()).date());
    let next = night.tomorrow().map_err(Error::internal)?;
    let cells = Nights::new(night, next)
        .map(Cells::Nights)
        .ok_or_else(|| Error::internal("a night without an end"))?;
    let types = types.items;
    let wanted: Vec<_> = types.iter().map(|room_type| (pool_of(room_type.id), cells)).collect();
    let (counts, expected) = tokio::try_join!(
        ledger::counts(&app.store, &wanted),
        listed(app, (location, StayStage::Expected), (Date::MIN, next)),
    )?;
    let none = BTreeMap::new();
    let mut short = Vec::new();
    for room_type in types {
        let pool = pool_of(room_type.id);
        let Some(count) = counts.get(&pool).unwrap_or(&none).get(&Cell::Night(night)) else { continue };
        if count.claimed <= count.capacity {
            continue;
        }
        let overbooked = |order: &Order| overbooked(order, pool, night);
        let mut candidates: Vec<Order> =
            expected.0.iter().filter(|order| overbooked(order).is_some()).cloned().collect();
        candidates.sort_by_key(|order| std::cmp::Reverse((overbooked(order), order.created_at, order.id)));
        let (capacity, claimed) = (count.capacity, count.claimed);
        short.push(Short { room_type, night, capacity, claimed, candidates });
    }
    Ok(short)
}

/// Whether a room of the stay in that night was knowingly overbooked; `None` where it has none of the type.
fn overbooked(order: &Order, pool: domain::PoolId, night: Date) -> Option<bool> {
    let there = |line: &&domain::OrderLine| {
        line.pool == pool
            && line.cells.nights().is_some_and(|nights| (nights.from()..nights.to()).contains(&night))
    };
    let mut lines = order.lines.iter().filter(there).peekable();
    lines.peek()?;
    Some(lines.any(|line| line.overbooked))
}
