//! What may be had: every room type of a location for some nights and a party, with what it costs by each plan, or why not.

use std::collections::BTreeMap;

use domain::LocationId;
use domain::hotel::price::{Obstacle, Priced, Wanted};
use domain::hotel::room_type::Party;
use domain::hotel::{RatePlan, RoomType};
use domain::pool::{Cell, Cells, Count, Lack, Nights, lacks};
use errors::Result;

use crate::App;

/// A room type with what is left of it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) room_type: RoomType,
    /// Rooms that are left in every night.
    pub(crate) left: i64,
    /// Why not enough are left.
    pub(crate) lacks: Vec<(Cell, Lack)>,
    /// What it costs by each plan that has a price for it.
    pub(crate) offers: Vec<Offer>,
}

/// What a room costs by a plan, or why it cannot be had by it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) plan: RatePlan,
    /// For each night.
    pub(crate) nightly: Vec<i64>,
    /// For one room, taxes included.
    pub(crate) total: i64,
    pub(crate) obstacles: Vec<Obstacle>,
}

/// Room types of a location, at most a hundred, for so many rooms of a party each.
///
/// # Errors
/// `not_found` without such a location.
pub(crate) async fn search(
    app: &App,
    location: LocationId,
    (nights, party, rooms): (Nights, Party, u32),
) -> Result<Vec<Found>> {
    let (place, types, plans) = tokio::try_join!(
        app.reads.location(location),
        app.reads.room_types(location, 100, None),
        app.reads.rate_plans(location, 100, None),
    )?;
    let today = place.zone.local(app.clock.now()).date();
    let cells = Cells::Nights(nights);
    let wanted: Vec<_> = types.items.iter().map(|room_type| (room_type.pool(), cells)).collect();
    let counts =
        if wanted.is_empty() { BTreeMap::new() } else { ledger::counts(&app.store, &wanted).await? };
    let nothing = BTreeMap::new();
    let found = types.items.into_iter().map(|room_type| {
        let counts: &BTreeMap<Cell, Count> = counts.get(&room_type.pool()).unwrap_or(&nothing);
        let left = cells.each().iter().map(|cell| counts.get(cell).map_or(0, Count::left)).min().unwrap_or(0);
        let lacks = lacks(counts, &cells, i64::from(rooms), today);
        let wanted = Wanted { room_type: room_type.id, nights, party: party.clone() };
        let offers = plans.items.iter().filter_map(|plan| offer(plan, &plans.items, &room_type, &wanted));
        Ok(Found { left, lacks, offers: offers.collect::<Result<_>>()?, room_type })
    });
    found.collect()
}

fn offer(plan: &RatePlan, all: &[RatePlan], room_type: &RoomType, wanted: &Wanted) -> Option<Result<Offer>> {
    let parent = plan.parent().and_then(|id| all.iter().find(|known| known.id == id));
    let priced = Priced { plan, parent };
    let nightly = priced.nights(wanted)?;
    let obstacles = priced.obstacles(room_type, wanted);
    let sale = priced.sale(&[(room_type, &wanted.party, &nightly)], jiff::Timestamp::UNIX_EPOCH);
    Some(sale.map(|sale| Offer { plan: plan.clone(), total: sale.total, nightly, obstacles }))
}
