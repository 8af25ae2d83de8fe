//! Rooms as the source system shows them.

use std::collections::{BTreeMap, BTreeSet};

use domain::text::{Line, Name};
use domain::{Location, LocationId, Resource, ResourceId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Path, Query, ReplyV1, State};

use super::pages::{Cut, GATHERED, Number, Pages, Size};
use crate::App;
use crate::v2::Capacity;

/// A room.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoomV1")]
#[expect(clippy::struct_field_names, reason = "the source system's names")]
pub(crate) struct Room {
    pub(crate) room_id: String,
    pub(crate) room_name: String,
    capacity: u32,
    room_location: String,
    /// One text with commas.
    equipment: Option<String>,
    room_status: Status,
}

/// Whether a room can be had right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Status {
    Available,
    Booked,
    #[serde(rename = "Out-of-Service")]
    OutOfService,
}

/// A page of rooms.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoomsV1")]
pub(crate) struct List {
    rooms: Vec<Room>,
    page: u32,
    page_size: u32,
    total: usize,
    pages: usize,
}

web::request! {
    /// Which of several rooms of one name.
    pub(crate) struct Narrowed {
        /// Name of its location.
        location: Option<Name> as String,
    }
}

web::request! {
    /// What rooms to find; all of it must hold.
    pub(crate) struct Search {
        /// For so many people or more.
        capacity: Option<Capacity> as u32,
        /// Part of the location's name, whatever the case.
        location: Option<Line> as String,
        /// Part of the equipment as it is shown, whatever the case.
        equipment: Option<Line> as String,
        /// From 1.
        page: Option<Number> as u32,
        /// 1 to 100; 20 by default.
        page_size: Option<Size> as u32,
    }
}

pub(crate) async fn list(State(app): State<App>, Query(pages): Query<Pages>) -> web::Result<ReplyV1<List>> {
    let shown = Shown::of(&app).await?;
    let rooms = gathered(&app).await?;
    shown.page(&app, pages.cut(rooms)).await
}

pub(crate) async fn search(
    State(app): State<App>,
    Query(search): Query<Search>,
) -> web::Result<ReplyV1<List>> {
    let shown = Shown::of(&app).await?;
    let mut rooms = gathered(&app).await?;
    let contains = |part: &Option<Line>, text: &str| {
        part.as_ref().is_none_or(|part| text.to_lowercase().contains(&part.as_str().to_lowercase()))
    };
    rooms.retain(|room| {
        search.capacity.is_none_or(|capacity| room.capacity >= capacity.0)
            && contains(&search.location, shown.location_of(room))
            && contains(&search.equipment, &equipment_text(room).unwrap_or_default())
    });
    shown.page(&app, Pages::new(search.page, search.page_size).cut(rooms)).await
}

pub(crate) async fn available(
    State(app): State<App>,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<List>> {
    let shown = Shown::of(&app).await?;
    let mut rooms = gathered(&app).await?;
    let (now, taken) = (app.clock.now(), taken(&app, &rooms).await?);
    rooms.retain(|room| status(room, &taken, now) == Status::Available);
    shown.page(&app, pages.cut(rooms)).await
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(name): Path<Name>,
    Query(narrowed): Query<Narrowed>,
) -> web::Result<ReplyV1<Room>> {
    let room = named(&app, &name, narrowed.location.as_ref()).await?;
    Ok(ReplyV1::ok(view(&app, &room).await?))
}

/// All rooms by id, up to [`GATHERED`].
async fn gathered(app: &App) -> Result<Vec<Resource>> {
    let (mut rooms, _) = app.store.all_resources(GATHERED).await?;
    rooms.sort_by_key(|room| room.id);
    Ok(rooms)
}

/// The room of this name, at the location of that name if one is given.
///
/// # Errors
/// `not_found`; `wrong_state` with the candidates when several locations have one.
pub(crate) async fn named(app: &App, name: &Name, location: Option<&Name>) -> Result<Resource> {
    if let Some(location) = location {
        let location = app.store.location_named(location).await?;
        let location = location.ok_or_else(|| Error::not_found("location"))?;
        return app.store.resource_named(location.id, name).await?.ok_or_else(|| Error::not_found("room"));
    }
    let mut rooms = app.store.resources_named(name).await?;
    match (rooms.pop(), rooms.is_empty()) {
        // The index may lag behind: what is changed is the room itself.
        (Some(room), true) => app.store.resource(room.id).await,
        (None, _) => Err(Error::not_found("room")),
        (Some(last), false) => {
            rooms.push(last);
            let shown = Shown::of(app).await?;
            let told =
                |room: &Resource| json!({ "room_id": room.id, "room_location": shown.location_of(room) });
            let candidates: Vec<serde_json::Value> = rooms.iter().map(told).collect();
            Err(Error::new(Code::WrongState, "several rooms have this name; say which with ?location=")
                .with_detail("candidates", candidates))
        }
    }
}

/// The room as it is right now.
pub(crate) async fn view(app: &App, room: &Resource) -> Result<Room> {
    let location = app.reads.location(room.location).await?;
    let taken = taken(app, std::slice::from_ref(room)).await?;
    Ok(Room::of(room, location.name.as_str(), status(room, &taken, app.clock.now())))
}

/// The room's status right now.
pub(crate) async fn status_of(app: &App, room: &Resource) -> Result<Status> {
    let taken = taken(app, std::slice::from_ref(room)).await?;
    Ok(status(room, &taken, app.clock.now()))
}

async fn taken(app: &App, rooms: &[Resource]) -> Result<BTreeSet<ResourceId>> {
    let ids: Vec<ResourceId> = rooms.iter().map(|room| room.id).collect();
    ledger::taken_at(&app.store, &ids, app.clock.now()).await
}

fn status(room: &Resource, taken: &BTreeSet<ResourceId>, now: Timestamp) -> Status {
    let out = room.out_of_service.as_ref();
    if out.is_some_and(|out| out.from <= now && out.until.is_none_or(|until| now < until)) {
        Status::OutOfService
    } else if taken.contains(&room.id) {
        Status::Booked
    } else {
        Status::Available
    }
}

fn equipment_text(room: &Resource) -> Option<String> {
    let tags: Vec<&str> = room.equipment.iter().map(domain::text::Tag::as_str).collect();
    (!tags.is_empty()).then(|| tags.join(", "))
}

/// What rooms are shown with: the names of locations.
struct Shown(BTreeMap<LocationId, Location>);

impl Shown {
    async fn of(app: &App) -> Result<Self> {
        let (locations, _) = app.store.all_locations(GATHERED).await?;
        Ok(Self(locations.into_iter().map(|location| (location.id, location)).collect()))
    }

    fn location_of(&self, room: &Resource) -> &str {
        self.0.get(&room.location).map_or("", |location| location.name.as_str())
    }

    async fn page(&self, app: &App, cut: Cut<Resource>) -> web::Result<ReplyV1<List>> {
        let (now, taken) = (app.clock.now(), taken(app, &cut.items).await?);
        let room = |room: &Resource| Room::of(room, self.location_of(room), status(room, &taken, now));
        let rooms = cut.items.iter().map(room).collect();
        let Cut { page, page_size, total, pages, .. } = cut;
        Ok(ReplyV1::ok(List { rooms, page, page_size, total, pages }))
    }
}

impl Room {
    fn of(room: &Resource, location: &str, status: Status) -> Self {
        Self {
            room_id: room.id.to_string(),
            room_name: room.name.to_string(),
            capacity: room.capacity,
            room_location: location.to_owned(),
            equipment: equipment_text(room),
            room_status: status,
        }
    }
}
