//! The house: its rules, room types with their pools, rooms.

use domain::hotel::house::Housekeeping;
use domain::hotel::room_type::{About, Occupancy, pool_of};
use domain::hotel::{HotelRoom, Property, RoomType};
use domain::text::{Line, Name, Note};
use domain::{Caller, EventId, HotelRoomId, LocationId, Permission, Pool, PoolKind, Requests, RoomTypeId};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::Time;
use store::{Ids, Tx};
use web::{Asked, Done, IfMatch};

use crate::App;

/// Sixteen bytes for the id of what this request makes.
pub(crate) fn bits(asked: &Asked, now: Timestamp) -> [u8; 16] {
    asked.idem.id(|| EventId::new(now, env::random()).bits().to_be_bytes())
}

pub(crate) fn unknown_location(error: Error) -> Error {
    match error.code() {
        Code::NotFound => Error::field("/location_id", "unknown", "there is no such location"),
        _ => error,
    }
}

/// What is said of a property.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) check_in: Time,
    pub(crate) check_out: Time,
    pub(crate) legal_name: Option<Name>,
    pub(crate) address: Vec<Line>,
    pub(crate) tax_number: Option<Name>,
}

/// Says what holds for all stays at a location.
///
/// # Errors
/// `not_found` without such a location, `forbidden` outside the caller's scope, `validation_failed`, `changed`.
pub(crate) async fn rule(
    app: &App,
    caller: &Caller,
    (location, if_match): (LocationId, IfMatch),
    rules: Rules,
) -> Result<Property> {
    app.store.location_exists(location).await?;
    caller.require_at(Permission::ManageCatalog, location)?;
    let before = app.store.property(location).await?;
    if_match.check(before.version)?;
    let now = app.clock.now();
    let Rules { check_in, check_out, legal_name, address, tax_number } = rules;
    let version = before.version + 1;
    let after =
        Property { location, check_in, check_out, legal_name, address, tax_number, updated_at: now, version };
    let after = after.checked()?;
    let mut tx = Tx::new();
    tx.save_property(&app.store, &after);
    let known = Some(&before).filter(|before| before.version > 0);
    tx.event(&app.store, &after.event(EventId::new(now, env::random()), known, caller.actor()));
    app.store.commit(tx).await?;
    Ok(after)
}

/// What a new room type is made of.
#[derive(Debug)]
pub(crate) struct NewType {
    pub(crate) location: LocationId,
    pub(crate) about: About,
    pub(crate) occupancy: Occupancy,
}

/// Makes a room type and the pool that counts its nights.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `already_exists` for a name in use at the location.
pub(crate) async fn make_type(app: &App, asked: &Asked, new: NewType) -> Result<Done<RoomType>> {
    asked.caller.require_at(Permission::ManageCatalog, new.location)?;
    let location = app.store.location(new.location).await.map_err(unknown_location)?;
    let now = app.clock.now();
    let room_type = RoomType {
        id: RoomTypeId::derived(bits(asked, now)),
        location: location.id,
        about: new.about,
        occupancy: new.occupancy,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let room_type = room_type.checked()?;
    let pool = Pool {
        id: pool_of(room_type.id),
        location: location.id,
        zone: location.zone,
        name: room_type.about.name.clone(),
        kind: PoolKind::Nightly,
        session: None,
        room_type: Some(room_type.id),
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let event = || EventId::new(now, env::random());
    let mut tx = Tx::new();
    tx.insert_room_type(&app.store, &room_type);
    tx.insert_pool(&app.store, &pool);
    tx.event(&app.store, &room_type.event(event(), "room_type.created", None, asked.caller.actor()));
    tx.event(&app.store, &pool.event(event(), "pool.created", None, asked.caller.actor()));
    let (record, replayed) = store::record_from(app.store.commit(tx).await?, room_type)?;
    Ok(Done { record, replayed })
}

/// Says anew what a room type is like and who fits in; its pool follows its name.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `validation_failed`, `already_exists`, `changed`.
pub(crate) async fn change_type(
    app: &App,
    caller: &Caller,
    (id, if_match): (RoomTypeId, IfMatch),
    (about, occupancy): (About, Occupancy),
) -> Result<RoomType> {
    let ids = Ids { room_types: [id].into(), pools: [pool_of(id)].into(), ..Ids::default() };
    let mut known = app.store.together(&ids).await?;
    let (Some(before), Some(pool)) = (known.room_types.pop(), known.pools.pop()) else {
        return Err(Error::not_found("room type"));
    };
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let now = app.clock.now();
    let after = RoomType { about, occupancy, ..before.clone().revise(now)? }.checked()?;
    let event = || EventId::new(now, env::random());
    let mut tx = Tx::new();
    tx.update_room_type(&app.store, &after);
    tx.event(&app.store, &after.event(event(), "room_type.changed", Some(&before), caller.actor()));
    if after.about.name != pool.name {
        let named = Pool { name: after.about.name.clone(), ..pool.clone().revise(now)? };
        tx.update_pool(&app.store, &pool, &named);
        tx.event(&app.store, &named.event(event(), "pool.changed", Some(&pool), caller.actor()));
    }
    app.store.commit(tx).await?;
    Ok(after)
}

/// What a new room is made of.
#[derive(Debug)]
pub(crate) struct NewRoom {
    pub(crate) room_type: RoomTypeId,
    pub(crate) number: Name,
    pub(crate) floor: Option<Name>,
}

/// Adds a room to a room type. How many are sold is said by the type's offer, not by this.
///
/// # Errors
/// `forbidden` outside the caller's scope, `validation_failed`, `already_exists` for a number in use at the location.
pub(crate) async fn make_room(app: &App, asked: &Asked, new: NewRoom) -> Result<Done<HotelRoom>> {
    let room_type = app.store.room_type(new.room_type).await.map_err(|error| match error.code() {
        Code::NotFound => Error::field("/room_type_id", "unknown", "there is no such room type"),
        _ => error,
    })?;
    asked.caller.require_at(Permission::ManageCatalog, room_type.location)?;
    if room_type.retired {
        return Err(Error::field("/room_type_id", "retired", "is no longer offered"));
    }
    let now = app.clock.now();
    let room = HotelRoom {
        id: HotelRoomId::derived(bits(asked, now)),
        location: room_type.location,
        room_type: room_type.id,
        number: new.number,
        floor: new.floor,
        housekeeping: Housekeeping::Clean,
        note: None,
        assigned: Vec::new(),
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: asked.idem.request(),
        requests: Requests::default(),
    };
    let mut tx = Tx::new();
    tx.insert_hotel_room(&app.store, &room);
    let id = EventId::new(now, env::random());
    tx.event(&app.store, &room.event(id, "hotel_room.created", None, asked.caller.actor()));
    let (record, replayed) = store::record_from(app.store.commit(tx).await?, room)?;
    Ok(Done { record, replayed })
}

/// What may be changed of a room.
#[derive(Debug)]
pub(crate) struct RoomChange {
    pub(crate) number: Option<Name>,
    pub(crate) floor: web::Patch<Name>,
    pub(crate) note: web::Patch<Note>,
    pub(crate) housekeeping: Option<Housekeeping>,
}

/// Changes a room. Its state and note are the desk's, its number and floor the catalogue's.
///
/// # Errors
/// `forbidden`, `wrong_state` once retired, `already_exists` for a number in use, `changed` when somebody was faster.
pub(crate) async fn change_room(
    app: &App,
    caller: &Caller,
    (id, if_match): (HotelRoomId, IfMatch),
    change: RoomChange,
) -> Result<HotelRoom> {
    let before = app.store.hotel_room(id).await?;
    let named = change.number.is_some() || !matches!(change.floor, web::Patch::Absent);
    let permission = if named { Permission::ManageCatalog } else { Permission::BookForOthers };
    caller.require_at(permission, before.location)?;
    if_match.check(before.version)?;
    let mut after = before.clone().revise(app.clock.now())?;
    after.number = change.number.unwrap_or(after.number);
    after.floor = change.floor.applied_to(after.floor);
    after.note = change.note.applied_to(after.note);
    after.housekeeping = change.housekeeping.unwrap_or(after.housekeeping);
    let kind =
        if before.housekeeping == after.housekeeping { "hotel_room.changed" } else { "hotel_room.kept" };
    save_room(app, caller, &before, after, kind).await
}

/// Takes a room out of the house for ever.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired or while somebody is put into it, `changed`.
pub(crate) async fn retire_room(
    app: &App,
    caller: &Caller,
    (id, if_match): (HotelRoomId, IfMatch),
) -> Result<HotelRoom> {
    let before = app.store.hotel_room(id).await?;
    caller.require_at(Permission::ManageCatalog, before.location)?;
    if_match.check(before.version)?;
    let now = app.clock.now();
    let zone = app.store.location(before.location).await?.zone;
    let today = zone.local(now).date();
    if let Some(next) = before.assigned.iter().find(|assigned| assigned.nights.to() > today) {
        let message = "somebody is put into it; put them elsewhere first";
        return Err(Error::new(Code::WrongState, message).with_detail("order_id", next.order.to_string()));
    }
    let after = HotelRoom { retired: true, ..before.clone().revise(now)? };
    save_room(app, caller, &before, after, "hotel_room.retired").await
}

async fn save_room(
    app: &App,
    caller: &Caller,
    before: &HotelRoom,
    after: HotelRoom,
    kind: &str,
) -> Result<HotelRoom> {
    let mut tx = Tx::new();
    tx.update_hotel_room(&app.store, before, &after);
    let id = EventId::new(after.updated_at, env::random());
    tx.event(&app.store, &after.event(id, kind, Some(before), caller.actor()));
    app.store.commit(tx).await?;
    Ok(after)
}
