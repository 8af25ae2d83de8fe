//! The front desk: where guests are put, when they come and go, and the board of today.

use domain::{HotelRoomId, LocationId, OrderId, Permission};
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Path, Query, Reply, Result, Route, Signed, State, get,
    post, put, request,
};

use super::asked;
use super::rooms::RoomView;
use super::view::StayView;
use crate::App;
use crate::desk::{self, Board};

pub(crate) fn routes() -> Vec<Route<App>> {
    let desk = Access::Needs(Permission::BookForOthers);
    vec![
        get("/front-desk/today", Access::Needs(Permission::ReadBookings), board)
            .limited(Group::Search)
            .named(
                "frontDeskToday",
                "Who arrives, leaves and is in the house today, and which rooms are not ready",
            )
            .queried::<BoardQuery>()
            .answers::<BoardView>(200),
        put("/stays/{id}/assignment", desk, assign)
            .named("assignStayRoom", "Put a room of a stay into a room of the house, or take it out")
            .keyed(Key::Accepted)
            .takes::<AssignmentBody>()
            .answers::<StayView>(200),
        post("/stays/{id}/check-in", desk, check_in)
            .named("checkIn", "The guests of a room are here")
            .keyed(Key::Accepted)
            .takes::<CheckIn>()
            .answers::<StayView>(200),
        post("/stays/{id}/check-out", desk, check_out)
            .named("checkOut", "The guests of a room leave; nights still to come are given back")
            .keyed(Key::Accepted)
            .takes::<CheckOut>()
            .answers::<StayView>(200),
        post("/stays/{id}/no-show", desk, no_show)
            .named("noShow", "Nobody came: the nights are sold anew")
            .keyed(Key::Accepted)
            .answers::<StayView>(200),
    ]
}

request! {
    /// Into which room.
    pub(crate) struct AssignmentBody {
        /// Which room of the stay, from 0; the first one when unset.
        room: Option<usize> as usize,
        /// A room of the type that the stay has; any one for guests who are in the house. Out of its room when unset.
        hotel_room_id: Option<HotelRoomId> as String,
    }
}

async fn assign(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<AssignmentBody>,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let done = desk::assign(&app, &asked, (id, body.room.unwrap_or_default()), body.hotel_room_id).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// Who is here.
    pub(crate) struct CheckIn {
        /// Which room of the stay, from 0; the first one when unset.
        room: Option<usize> as usize,
    }
}

async fn check_in(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<CheckIn>,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let done = desk::check_in(&app, &asked, (id, body.room.unwrap_or_default())).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// How they leave.
    pub(crate) struct CheckOut {
        /// Which room of the stay, from 0; the first one when unset.
        room: Option<usize> as usize,
        /// Whether they may leave although something is due.
        unpaid: Option<bool> as bool,
    }
}

async fn check_out(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<CheckOut>,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let (room, unpaid) = (body.room.unwrap_or_default(), body.unpaid.unwrap_or_default());
    let done = desk::check_out(&app, &asked, (id, room), unpaid).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

async fn no_show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let done = desk::no_show(&app, &asked, id).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// At which location.
    pub(crate) struct BoardQuery {
        location_id: LocationId as String,
    }
}

/// What the desk sees of a day; of each list at most 500.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Board")]
pub(crate) struct BoardView {
    /// The day at the location.
    today: String,
    check_in: String,
    check_out: String,
    /// Stays with a room that is expected today.
    arrivals: Vec<StayView>,
    /// Stays that were expected before today and nobody of them is there.
    overdue_arrivals: Vec<StayView>,
    /// In the house, leaving today.
    departures: Vec<StayView>,
    /// In the house although they were to leave before today.
    overdue_departures: Vec<StayView>,
    /// In the house until after today.
    in_house: Vec<StayView>,
    /// Gone today.
    departed: Vec<StayView>,
    /// Rooms that are not ready.
    rooms_not_ready: Vec<RoomView>,
    /// Whether there is more of something than is told.
    cut: bool,
}

async fn board(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(query): Query<BoardQuery>,
) -> Result<Reply<BoardView>> {
    let board = Box::pin(desk::board(&app, &caller, query.location_id)).await?;
    let now = app.clock.now();
    let Board { today, property, arrivals, in_house, departed, rooms, cut } = board;
    let views = |orders: Vec<&domain::Order>| {
        orders.into_iter().filter_map(|order| StayView::of(order, &caller, now)).collect::<Vec<_>>()
    };
    let ends = |order: &&domain::Order| order.dates().map(|dates| dates.to().cmp(&today));
    let by = |how| in_house.iter().filter(|order| ends(order) == Some(how)).collect::<Vec<_>>();
    let late = |order: &&domain::Order| order.dates().is_some_and(|dates| dates.from() < today);
    // Of a stay of several rooms, some may be in the house and others be expected.
    let partly = in_house.iter().filter(|order| {
        let rooms = order.stay.iter().flat_map(|stay| &stay.rooms).enumerate();
        rooms
            .filter(|(_, room)| room.stage == domain::hotel::stay::Stage::Expected)
            .any(|(at, _)| order.room(at).is_some_and(|room| room.nights.from() <= today))
    });
    Ok(Reply::ok(BoardView {
        today: today.to_string(),
        check_in: property.check_in.strftime("%H:%M").to_string(),
        check_out: property.check_out.strftime("%H:%M").to_string(),
        arrivals: views(arrivals.iter().filter(|order| !late(order)).chain(partly).collect()),
        overdue_arrivals: views(arrivals.iter().filter(late).collect()),
        departures: views(by(std::cmp::Ordering::Equal)),
        overdue_departures: views(by(std::cmp::Ordering::Less)),
        in_house: views(by(std::cmp::Ordering::Greater)),
        departed: views(departed.iter().collect()),
        rooms_not_ready: rooms
            .into_iter()
            .filter(|room| !room.housekeeping.is_ready())
            .map(RoomView::of)
            .collect(),
        cut,
    }))
}
