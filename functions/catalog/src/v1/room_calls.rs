//! Changes to rooms as the source system asks for them.

use domain::Location;
use domain::resource::{OutOfService as Out, Rules};
use domain::text::{Line, Name};
use errors::{Error, FieldError, Result};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Idempotency, Json, Patch, Path, Query, ReplyV1, Signed, State};

use super::rooms::{self, Narrowed, Room, Status};
use crate::App;
use crate::outage::{self, Then};
use crate::rooms as cases;

pub(crate) use wire::{New, Update};

#[expect(non_snake_case, reason = "the source system's name of the field")]
mod wire {
    use super::{Name, Status};
    use crate::v2;

    web::request! {
        /// A new room. `Capacity` or `capacity` is required.
        pub(crate) struct New {
            /// Unique within the location.
            room_name: Name as String,
            /// People that fit in.
            Capacity: Option<v2::Capacity> as u32,
            /// The same, in lower case.
            capacity: Option<v2::Capacity> as u32,
            /// Name of a location that exists.
            room_location: Name as String,
            /// One text with commas.
            equipment: Option<v2::Equipment> as String => v2::Equipment::from_text,
            /// `Available` by default.
            room_status: Option<Status> as Status,
        }
    }

    web::request! {
        /// Changes to a room. `Capacity` or `capacity` is required.
        pub(crate) struct Update {
            /// Which room.
            room_name: Name as String,
            /// People that fit in.
            Capacity: Option<v2::Capacity> as u32,
            /// The same, in lower case.
            capacity: Option<v2::Capacity> as u32,
            /// Name of its location. Rooms do not move.
            room_location: Name as String,
            /// The status to have, or the one that it has.
            room_status: Status as Status,
            /// One text with commas; stays as it is without.
            equipment: Option<v2::Equipment> as String => v2::Equipment::from_text,
        }
    }
}

web::request! {
    /// The status to have.
    pub(crate) struct Toggle {
        /// `Available`; without it, a room that is out of service comes back.
        room_status: Option<Status> as Status,
    }
}

web::request! {
    /// Why a room goes out of service.
    pub(crate) struct Outage {
        /// Told to everybody.
        reason: Option<Line> as String,
    }
}

/// A room that was retired.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoomDeletedV1")]
pub(crate) struct Deleted {
    message: String,
    room_name: String,
}

/// A room that went out of service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoomOutOfServiceV1")]
pub(crate) struct OutOfService {
    #[serde(flatten)]
    room: Room,
    /// Ids of held and confirmed bookings from now on, by start: at most 500.
    affected_bookings: Vec<String>,
}

pub(crate) async fn add(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<New>,
) -> web::Result<ReplyV1<Room>> {
    let mut errors = Vec::new();
    let location = location(&app, &new.room_location).await?;
    if location.is_none() {
        let message = "is not the name of a location; make the location first";
        errors.push(FieldError::new("/room_location", "unknown", message));
    }
    let capacity = new.Capacity.or(new.capacity);
    if capacity.is_none() {
        errors.push(no_capacity());
    }
    if new.room_status == Some(Status::Booked) {
        errors.push(derived());
    }
    let (Some(location), Some(capacity), []) = (location, capacity, errors.as_slice()) else {
        return Err(Error::fields(errors).into());
    };
    let draft = cases::Draft {
        location: location.id,
        name: new.room_name,
        capacity: capacity.0,
        equipment: new.equipment.unwrap_or_default().0,
        attributes: std::collections::BTreeMap::new(),
        rules: Rules::default(),
        out_of_service: match new.room_status {
            Some(Status::OutOfService) => Some(out(&app, None)?),
            _ => None,
        },
    };
    let (room, _) = cases::create(&app, &caller, draft, &idem).await?;
    Ok(ReplyV1::created(rooms::view(&app, &room).await?))
}

pub(crate) async fn update(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(update): Json<Update>,
) -> web::Result<ReplyV1<Room>> {
    let (before, mut errors) = match rooms::named(&app, &update.room_name, Some(&update.room_location)).await
    {
        Ok(room) => (room, Vec::new()),
        Err(error) if error.code() == errors::Code::NotFound => {
            let room = rooms::named(&app, &update.room_name, None).await?;
            let message = "is not where this room is; rooms do not move";
            (room, vec![FieldError::new("/room_location", "immutable", message)])
        }
        Err(error) => return Err(error.into()),
    };
    let capacity = update.Capacity.or(update.capacity);
    if capacity.is_none() {
        errors.push(no_capacity());
    }
    // Whoever sends the status back as it was shown does not mean to change it.
    let shown = rooms::status_of(&app, &before).await?;
    let out_of_service = match update.room_status {
        status if status == shown => Patch::Absent,
        Status::OutOfService => Patch::Set(out(&app, None)?),
        Status::Available if shown == Status::OutOfService => Patch::Null,
        // Available for booking it is, even while somebody has it.
        Status::Available => Patch::Absent,
        Status::Booked => {
            errors.push(derived());
            Patch::Absent
        }
    };
    if !errors.is_empty() {
        return Err(Error::fields(errors).into());
    }
    let change = cases::Change {
        capacity: capacity.map(|capacity| capacity.0),
        equipment: update.equipment.map(|equipment| equipment.0),
        out_of_service,
        ..cases::Change::default()
    };
    let room = cases::change(&app, &caller, &before, change).await?;
    Ok(ReplyV1::ok(rooms::view(&app, &room).await?))
}

pub(crate) async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<Name>,
    Query(narrowed): Query<Narrowed>,
) -> web::Result<ReplyV1<Deleted>> {
    let before = rooms::named(&app, &name, narrowed.location.as_ref()).await?;
    let room = cases::retire(&app, &caller, &before).await?;
    let message = "Room deleted successfully".to_owned();
    Ok(ReplyV1::ok(Deleted { message, room_name: room.name.to_string() }))
}

pub(crate) async fn toggle(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<Name>,
    Query(narrowed): Query<Narrowed>,
    Json(toggle): Json<Toggle>,
) -> web::Result<ReplyV1<Room>> {
    let before = rooms::named(&app, &name, narrowed.location.as_ref()).await?;
    let shown = rooms::status_of(&app, &before).await?;
    let wanted = toggle.room_status.or((shown == Status::OutOfService).then_some(Status::Available));
    let room = match wanted {
        Some(Status::Available) if shown == Status::OutOfService => {
            outage::end(&app, &caller, &before).await?
        }
        Some(Status::OutOfService) => {
            let message = "take it out of service at /facility_manager/rooms/out_of_service";
            return Err(Error::field("/room_status", "not_here", message).into());
        }
        Some(wanted) if wanted == shown => {
            caller.require_at(domain::Permission::ManageCatalog, before.location)?;
            before
        }
        _ => return Err(Error::fields(vec![derived()]).into()),
    };
    Ok(ReplyV1::ok(rooms::view(&app, &room).await?))
}

pub(crate) async fn out_of_service(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<Name>,
    Query(narrowed): Query<Narrowed>,
    Json(body): Json<Outage>,
) -> web::Result<ReplyV1<OutOfService>> {
    let before = rooms::named(&app, &name, narrowed.location.as_ref()).await?;
    let out = out(&app, body.reason)?;
    let done = outage::begin(&app, &caller, before, (out, Then::List), &Idempotency::default()).await?;
    Ok(ReplyV1::ok(OutOfService {
        room: rooms::view(&app, &done.room).await?,
        affected_bookings: done.touched.iter().map(|booking| booking.id.to_string()).collect(),
    }))
}

async fn location(app: &App, name: &Name) -> Result<Option<Location>> {
    app.store.location_named(name).await
}

/// Out of service from now on, until further notice.
fn out(app: &App, reason: Option<Line>) -> Result<Out> {
    let reason = match reason {
        Some(reason) => reason,
        None => "Out of service".parse().map_err(Error::internal)?,
    };
    Ok(Out { reason, from: app.clock.now(), until: None })
}

fn no_capacity() -> FieldError {
    FieldError::new("/Capacity", "required", "is required")
}

fn derived() -> FieldError {
    let message = "Booked follows from bookings and cannot be set: book the room";
    FieldError::new("/room_status", "derived", message)
}
