//! The front desk: guests who change rooms or leave late, and whom to lodge elsewhere.

use domain::{HotelRoomId, LocationId, OrderId, Permission};
use errors::Error;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Path, Query, Reply, Result, Route, Signed, State, get,
    post, request,
};

use super::asked;
use super::view::StayView;
use crate::App;
use crate::moving::{self, Fee};
use crate::walk::{self, Short};

pub(crate) fn routes() -> Vec<Route<App>> {
    let desk = Access::Needs(Permission::BookForOthers);
    vec![
        post("/front-desk/swap", desk, swap)
            .named("swapRooms", "Let the guests of two rooms have each other's")
            .keyed(Key::Accepted)
            .takes::<SwapBody>()
            .answers::<Vec<StayView>>(200),
        post("/stays/{id}/move", desk, move_room)
            .named("moveStayRoom", "Move guests in the house into a room of any type, from today on")
            .keyed(Key::Required)
            .takes::<MoveBody>()
            .answers::<StayView>(200),
        post("/stays/{id}/late-check-out", desk, late)
            .named("lateCheckOut", "Let guests leave later on their last day, for a fee or without one")
            .keyed(Key::Required)
            .takes::<LateBody>()
            .answers::<StayView>(200),
        get("/front-desk/walk-list", Access::Needs(Permission::ReadBookings), walk_list)
            .limited(Group::Search)
            .named(
                "walkList",
                "Room types of which more is sold for a night than there is, and whom to lodge elsewhere",
            )
            .queried::<WalkQuery>()
            .answers::<Vec<ShortView>>(200),
    ]
}

/// A room of a stay.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RoomOfStay")]
pub(crate) struct OfBody {
    #[schemars(with = "String")]
    stay_id: OrderId,
    /// From 0; the first one when unset.
    #[serde(default)]
    room: usize,
}

request! {
    /// Which two rooms.
    pub(crate) struct SwapBody {
        first: OfBody as OfBody,
        second: OfBody as OfBody,
    }
}

async fn swap(
    State(app): State<App>,
    Signed(caller): Signed,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<SwapBody>,
) -> Result<Reply<Vec<StayView>>> {
    let asked = asked(caller, if_match, idem);
    let of = |body: OfBody| (body.stay_id, body.room);
    let stays = moving::swap(&app, &asked, (of(body.first), of(body.second))).await?;
    let now = app.clock.now();
    Ok(Reply::ok(stays.iter().filter_map(|stay| StayView::of(stay, &asked.caller, now)).collect()))
}

request! {
    /// Who, and into which room.
    pub(crate) struct MoveBody {
        /// Which room of the stay, from 0; the first one when unset.
        room: Option<usize> as usize,
        /// A room of any type that is ready: its nights from today on are claimed, those of the old type given back.
        hotel_room_id: HotelRoomId as String,
        /// Nights cost what they did; what the rate plan says of the other type when unset.
        keep_prices: Option<bool> as bool,
    }
}

async fn move_room(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<MoveBody>,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let into = (body.hotel_room_id, body.keep_prices.unwrap_or_default());
    let done = moving::move_to(&app, &asked, (id, body.room.unwrap_or_default()), into).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// Until when, and for how much.
    pub(crate) struct LateBody {
        /// Which room of the stay, from 0; the first one when unset.
        room: Option<usize> as usize,
        /// By the wall clock, after the house's time: `14:00`.
        until: Time as String,
        /// In minor units, without tax; posted to the folio.
        fee: Option<i64> as i64,
        /// The tax on the fee, in hundredths of a percent; none when unset.
        tax_basis_points: Option<u16> as u16,
    }
}

async fn late(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<LateBody>,
) -> Result<Reply<StayView>> {
    if body.fee.is_none() && body.tax_basis_points.is_some() {
        return Err(Error::field("/tax_basis_points", "unexpected", "goes with a fee").into());
    }
    let basis_points = body.tax_basis_points.unwrap_or_default();
    let fee = body.fee.map(|amount| Fee { amount, basis_points });
    let asked = asked(caller, if_match, idem);
    let done = moving::late(&app, &asked, (id, body.room.unwrap_or_default()), (body.until, fee)).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// Where, and of which night.
    pub(crate) struct WalkQuery {
        location_id: LocationId as String,
        /// The night that begins on this day; today's when unset.
        date: Option<Date> as String,
    }
}

/// A room type of which more is sold for a night than there is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShortNight")]
pub(crate) struct ShortView {
    night: String,
    room_type_id: String,
    room_type: String,
    /// How many rooms there are.
    capacity: i64,
    /// How many are sold or held.
    claimed: i64,
    /// How many have to be lodged elsewhere if all come.
    short: i64,
    /// Stays that are still expected: knowingly overbooked ones first, then those booked last.
    candidates: Vec<StayView>,
}

async fn walk_list(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<WalkQuery>,
) -> Result<Reply<Vec<ShortView>>> {
    let short = walk::list(&app, &caller, (query.location_id, query.date)).await?;
    let now = app.clock.now();
    let view = |short: Short| ShortView {
        night: short.night.to_string(),
        room_type_id: short.room_type.id.to_string(),
        room_type: short.room_type.about.name.to_string(),
        capacity: short.capacity,
        claimed: short.claimed,
        short: short.claimed - short.capacity,
        candidates: short.candidates.iter().filter_map(|stay| StayView::of(stay, &caller, now)).collect(),
    };
    Ok(Reply::ok(short.into_iter().map(view).collect()))
}
