//! Rooms of room types, with who is put into them.

use domain::hotel::HotelRoom;
use domain::hotel::house::{Assignment, Housekeeping};
use domain::text::{Name, Note};
use domain::{HotelRoomId, LocationId, Permission, RoomTypeId};
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route, Signed,
    State, delete, get, patch, post, request,
};

use super::asked;
use crate::App;
use crate::house::{self, NewRoom, RoomChange};

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    let desk = Access::Needs(Permission::BookForOthers);
    vec![
        post("/hotel-rooms", manages, create_room)
            .named("createHotelRoom", "Add a room to a room type")
            .keyed(Key::Accepted)
            .takes::<RoomBody>()
            .answers::<RoomView>(201),
        get("/hotel-rooms", Access::Needs(Permission::ReadBookings), list_rooms)
            .named("listHotelRooms", "List the rooms of a location by number")
            .queried::<RoomsQuery>()
            .answers::<Vec<RoomView>>(200),
        get("/hotel-rooms/{id}", Access::Needs(Permission::ReadBookings), show_room)
            .named("showHotelRoom", "Read a room, with who is put into it")
            .answers::<RoomView>(200)
            .answers_empty(304),
        patch("/hotel-rooms/{id}", desk, change_room)
            .named("changeHotelRoom", "Change a room: its state, its note, its number")
            .takes::<RoomPatch>()
            .answers::<RoomView>(200),
        delete("/hotel-rooms/{id}", manages, retire_room)
            .named("retireHotelRoom", "Take a room out of the house for ever")
            .answers::<RoomView>(200),
    ]
}

request! {
    /// A new room.
    pub(crate) struct RoomBody {
        room_type_id: RoomTypeId as String,
        /// What is on its door; unique within the location.
        number: Name as String,
        /// On which floor or in which wing.
        floor: Option<Name> as String,
    }
}

request! {
    /// What changes of a room. Its number and floor are for those who manage the catalogue.
    pub(crate) struct RoomPatch {
        number: Option<Name> as String,
        floor: Patch<Name> as String,
        /// `clean`, `dirty`, `inspected` or `out_of_order`.
        housekeeping: Option<Housekeeping> as String,
        /// What housekeeping should know.
        note: Patch<Note> as String,
    }
}

request! {
    /// Which rooms.
    pub(crate) struct RoomsQuery {
        location_id: LocationId as String,
    }
}

/// One room of a room type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HotelRoom")]
pub(crate) struct RoomView {
    pub(crate) id: String,
    location_id: String,
    room_type_id: String,
    pub(crate) number: String,
    floor: Option<String>,
    /// `clean`, `dirty`, `inspected` or `out_of_order`.
    housekeeping: &'static str,
    note: Option<String>,
    /// Who is put into it, by arrival.
    assigned: Vec<AssignmentView>,
    retired: bool,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

/// A room of a stay, put into this one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Assignment")]
struct AssignmentView {
    stay_id: String,
    /// Which room of the stay, from 0.
    room: usize,
    arrival: String,
    departure: String,
}

impl RoomView {
    pub(crate) fn of(room: HotelRoom) -> Self {
        let assignment = |assigned: Assignment| AssignmentView {
            stay_id: assigned.order.to_string(),
            room: assigned.room,
            arrival: assigned.nights.from().to_string(),
            departure: assigned.nights.to().to_string(),
        };
        Self {
            id: room.id.to_string(),
            location_id: room.location.to_string(),
            room_type_id: room.room_type.to_string(),
            number: room.number.into(),
            floor: room.floor.map(Into::into),
            housekeeping: room.housekeeping.as_str(),
            note: room.note.map(Into::into),
            assigned: room.assigned.into_iter().map(assignment).collect(),
            retired: room.retired,
            updated_at: room.updated_at.to_string(),
            version: room.version,
        }
    }

    fn reply(room: HotelRoom) -> Reply<Self> {
        let version = room.version;
        Reply::ok(Self::of(room)).version(version)
    }
}

async fn create_room(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<RoomBody>,
) -> Result<Reply<RoomView>> {
    let new = NewRoom { room_type: body.room_type_id, number: body.number, floor: body.floor };
    let done = house::make_room(&app, &asked(caller, IfMatch(None), idem), new).await?;
    let (path, version) = (format!("/hotel-rooms/{}", done.record.id), done.record.version);
    Ok(Reply::created(RoomView::of(done.record), path).version(version).replayed(done.replayed))
}

async fn list_rooms(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<RoomsQuery>,
) -> Result<Listed<RoomView>> {
    caller.require_at(Permission::ReadBookings, query.location_id)?;
    let found = app.store.hotel_rooms_at(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(RoomView::of)))
}

async fn show_room(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<HotelRoomId>,
) -> Result<Reply<RoomView>> {
    let room = app.store.hotel_room(id).await?;
    caller.require_at(Permission::ReadBookings, room.location)?;
    Ok(RoomView::reply(room))
}

async fn change_room(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<HotelRoomId>,
    if_match: IfMatch,
    Json(body): Json<RoomPatch>,
) -> Result<Reply<RoomView>> {
    let RoomPatch { number, floor, housekeeping, note } = body;
    let change = RoomChange { number, floor, note, housekeeping };
    Ok(RoomView::reply(house::change_room(&app, &caller, (id, if_match), change).await?))
}

async fn retire_room(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<HotelRoomId>,
    if_match: IfMatch,
) -> Result<Reply<RoomView>> {
    Ok(RoomView::reply(house::retire_room(&app, &caller, (id, if_match)).await?))
}
