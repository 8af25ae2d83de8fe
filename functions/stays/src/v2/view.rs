//! A stay, on the wire.

use domain::hotel::stay::{Stage, StayRoom};
use domain::{Caller, Order, Permission};
use jiff::Timestamp;
use orders::PriceView;
use schemars::JsonSchema;
use serde::Serialize;
use store::StayStage;
use web::{Done, Reply};

/// Nights of one or more rooms, for a guest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Stay")]
pub(crate) struct StayView {
    /// Also the id of the order that it is: it is paid under it.
    id: String,
    location_id: String,
    /// What the guest names it by, in letters and digits that are not taken for one another.
    confirmation: String,
    guest_id: String,
    guest_name: String,
    rate_plan_id: String,
    /// How it came.
    source: String,
    /// `held`, `expected`, `in_house`, `departed`, `no_show` or `cancelled`; a hold that ran out is cancelled.
    state: &'static str,
    /// Until when it is held.
    hold_until: Option<String>,
    /// The first day.
    arrival: Option<String>,
    /// The last one.
    departure: Option<String>,
    rooms: Vec<StayRoomView>,
    price: Option<PriceView>,
    note: Option<String>,
    /// Why it was cancelled.
    reason: Option<String>,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

/// A room of a stay.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StayRoom")]
struct StayRoomView {
    room_type_id: String,
    /// The day of the first night.
    arrival: Option<String>,
    /// The day after the last one.
    departure: Option<String>,
    nights: usize,
    adults: u8,
    /// The age of each child.
    children: Vec<u8>,
    /// What each night costs, in minor units, from the first on.
    nightly: Vec<i64>,
    /// The room that they are put into.
    hotel_room_id: Option<String>,
    /// Its number.
    number: Option<String>,
    /// `expected`, `in_house`, `departed` or `no_show`.
    stage: &'static str,
    /// Until when they may stay on their last day, if later than others.
    late_check_out: Option<String>,
    checked_in_at: Option<String>,
    checked_out_at: Option<String>,
    /// Whether it was knowingly sold beyond what there is. Only for those who read bookings there.
    #[serde(skip_serializing_if = "Option::is_none")]
    overbooked: Option<bool>,
}

impl StayView {
    /// The stay as it stands now, as the caller may know it; `None` for an order that is none.
    pub(crate) fn of(order: &Order, caller: &Caller, now: Timestamp) -> Option<Self> {
        let stay = order.stay.as_ref()?;
        let reads = caller.may_at(Permission::ReadBookings, order.location);
        let stored = Order { state: order.state_at(now), ..order.clone() };
        let dates = order.dates();
        let rooms = stay.rooms.iter().enumerate().map(|(at, room)| StayRoomView::of(order, at, room, reads));
        Some(Self {
            id: order.id.to_string(),
            location_id: order.location.to_string(),
            confirmation: stay.confirmation.clone(),
            guest_id: stay.guest.to_string(),
            guest_name: stay.guest_name.to_string(),
            rate_plan_id: stay.rate_plan.to_string(),
            source: stay.source.to_string(),
            state: StayStage::of(&stored)?.as_str(),
            hold_until: order.hold_until.map(|until| until.to_string()),
            arrival: dates.map(|dates| dates.from().to_string()),
            departure: dates.map(|dates| dates.to().to_string()),
            rooms: rooms.collect(),
            price: order.sale.as_deref().map(PriceView::of),
            note: order.note.clone().map(Into::into),
            reason: order.reason.clone().map(Into::into),
            created_at: order.created_at.to_string(),
            updated_at: order.updated_at.to_string(),
            version: order.version,
        })
    }

    /// The answer to whoever changed it.
    ///
    /// # Errors
    /// `internal` for an order that is no stay.
    pub(crate) fn told(done: &Done<Order>, caller: &Caller, now: Timestamp) -> errors::Result<Reply<Self>> {
        Ok(Reply::ok(Self::must(&done.record, caller, now)?)
            .version(done.record.version)
            .replayed(done.replayed))
    }

    /// The stay that a command made or changed.
    ///
    /// # Errors
    /// `internal` for an order that is no stay.
    pub(crate) fn must(order: &Order, caller: &Caller, now: Timestamp) -> errors::Result<Self> {
        Self::of(order, caller, now).ok_or_else(|| errors::Error::internal("an order that is no stay"))
    }
}

impl StayRoomView {
    fn of(order: &Order, at: usize, room: &StayRoom, reads: bool) -> Self {
        let wanted = order.room(at);
        let line = order.lines.get(at);
        let (since, left) = match room.stage {
            Stage::InHouse { since } => (Some(since), None),
            Stage::Departed { at } => (None, Some(at)),
            Stage::Expected | Stage::NoShow => (None, None),
        };
        Self {
            room_type_id: wanted.as_ref().map(|room| room.room_type.to_string()).unwrap_or_default(),
            arrival: wanted.as_ref().map(|room| room.nights.from().to_string()),
            departure: wanted.as_ref().map(|room| room.nights.to().to_string()),
            nights: room.nightly.len(),
            adults: room.party.adults,
            children: room.party.children.clone(),
            nightly: room.nightly.clone(),
            hotel_room_id: room.assigned.as_ref().map(|assigned| assigned.room.to_string()),
            number: room.assigned.as_ref().map(|assigned| assigned.number.to_string()),
            stage: room.stage.as_str(),
            late_check_out: room.late.map(|until| until.strftime("%H:%M").to_string()),
            checked_in_at: since.map(|since| since.to_string()),
            checked_out_at: left.map(|left| left.to_string()),
            overbooked: line.map(|line| line.overbooked).filter(|_| reads),
        }
    }
}
