//! Rooms on the wire.

use std::collections::BTreeMap;

use domain::resource::{OutOfService, Rules};
use domain::rules::MAX_LENGTH;
use domain::text::{Line, Name};
use domain::{Booking, LocationId, Resource, ResourceId, Span};
use errors::{Error, FieldError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use web::{Expand, Idempotency, IfMatch, Json, Patch, Path, Reply, Result, Signed, State};

use super::fields::{Attributes, Capacity, Equipment, Repeated};
use super::reading::RoomIds;
use super::{locations, rules, under};
use crate::outage::{self, Then};
use crate::{App, rooms as cases, search};

/// A room. Whether it is booked is told by its availability, not by the room.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Room")]
pub(crate) struct View {
    id: String,
    location_id: String,
    /// With `expand=location`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<locations::View>,
    /// The location's zone.
    zone: String,
    name: String,
    /// People that fit in.
    capacity: u32,
    equipment: Vec<String>,
    attributes: BTreeMap<String, String>,
    rules: rules::View,
    out_of_service: Option<OutOfServiceView>,
    /// No longer offered; kept for its history.
    retired: bool,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// Out of service from `from` until `until`, or until further notice.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OutOfService")]
pub(crate) struct OutOfServiceView {
    reason: String,
    from: String,
    until: Option<String>,
}

/// A room that went out of service, and the bookings that this touches.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Outage")]
pub(crate) struct OutageView {
    room: View,
    /// Held and confirmed bookings from now on that overlap it, by start: at most 500.
    bookings: Vec<TouchedView>,
    /// Whether there are more than those.
    more: bool,
    /// How many of those bookings' people were told.
    notified: usize,
}

/// A booking that an outage touches.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TouchedBooking")]
pub(crate) struct TouchedView {
    id: String,
    user: String,
    start: String,
    end: String,
    state: String,
}

web::request! {
    /// What rooms to find; all of it must hold.
    pub(crate) struct Wanted {
        /// For so many people or more.
        capacity: Option<Capacity> as u32,
        /// At this location; by name then, otherwise the smallest first.
        location: Option<LocationId> as String,
        /// With this; may come several times, for all of it.
        equipment: Option<Repeated> as Vec<String>,
        /// With this in its name, whatever the case.
        name: Option<Name> as String,
        /// Bookable from this instant, RFC 3339; goes with `free_to`.
        free_from: Option<Timestamp> as String,
        /// Bookable until this instant, at most 14 days after `free_from`.
        free_to: Option<Timestamp> as String,
        /// Exactly these, 1 to 50 ids with commas between, in that order, retired or not; nothing else then. Those that do not exist
        /// are in `meta.missing`.
        ids: Option<RoomIds> as String,
        /// `location`: told in full with each room.
        expand: Option<Expand> as String,
    }
}

web::request! {
    /// A new room.
    pub(crate) struct New {
        /// Where it is.
        location_id: LocationId as String,
        /// Unique within the location.
        name: Name as String,
        /// People that fit in, 1 to 100,000.
        capacity: Capacity as u32,
        /// What is in it, at most 50.
        equipment: Option<Equipment> as Vec<String>,
        /// Anything else worth knowing, at most 50 pairs.
        attributes: Option<Attributes> as BTreeMap<String, String>,
        /// What may be booked, and when.
        rules: Option<Rules> as rules::Body => rules::parse,
    }
}

web::request! {
    /// Changes to a room (RFC 7396). Rooms do not move to another location.
    pub(crate) struct Changes {
        /// Unique within the location.
        name: Patch<Name> as String,
        /// People that fit in.
        capacity: Patch<Capacity> as u32,
        /// What is in it: replaces all of it.
        equipment: Patch<Equipment> as Vec<String>,
        /// Anything else worth knowing: replaces all of it.
        attributes: Patch<Attributes> as BTreeMap<String, String>,
        /// What may be booked, and when: merged, null for the default.
        rules: Patch<Map<String, Value>> as rules::Body,
    }
}

web::request! {
    /// Out of service, since when, until when, and what to do about the bookings that this touches.
    pub(crate) struct Outage {
        /// Why; told to everybody.
        reason: Line as String,
        /// First instant of it; now by default.
        from: Option<Timestamp> as String,
        /// First instant after it; until further notice without.
        until: Option<Timestamp> as String,
        /// `list` by default; `notify` also has the people of those bookings told.
        then: Option<Then> as Then,
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<New>,
) -> Result<Reply<View>> {
    let draft = cases::Draft {
        location: new.location_id,
        name: new.name,
        capacity: new.capacity.0,
        equipment: new.equipment.unwrap_or_default().0,
        attributes: new.attributes.unwrap_or_default().0,
        rules: new.rules.unwrap_or_default(),
        out_of_service: None,
    };
    let (room, replayed) = cases::create(&app, &caller, draft, &idem).await?;
    let path = format!("/rooms/{}", room.id);
    Ok(Reply::created(View::of(&room), path).version(room.version).replayed(replayed))
}

pub(crate) async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ResourceId>,
    if_match: IfMatch,
    Json(changes): Json<Changes>,
) -> Result<Reply<View>> {
    let before = app.store.resource(id).await?;
    let change = changes.of(&before)?;
    if_match.check(before.version)?;
    Ok(reply(&cases::change(&app, &caller, &before, change).await?))
}

pub(crate) async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ResourceId>,
    if_match: IfMatch,
) -> Result<Reply<View>> {
    let before = app.store.resource(id).await?;
    if_match.check(before.version)?;
    Ok(reply(&cases::retire(&app, &caller, &before).await?))
}

pub(crate) async fn out_of_service(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ResourceId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<Outage>,
) -> Result<Reply<OutageView>> {
    let before = app.store.resource(id).await?;
    if !idem.is(before.last_request.as_deref()) {
        if_match.check(before.version)?;
    }
    let from = body.from.unwrap_or_else(|| app.clock.now());
    let out = OutOfService { reason: body.reason, from, until: body.until };
    let then = body.then.unwrap_or_default();
    let done = outage::begin(&app, &caller, before, (out, then), &idem).await?;
    let view = OutageView {
        room: View::of(&done.room),
        bookings: done.touched.iter().map(|booking| TouchedView::of(booking, app.clock.now())).collect(),
        more: done.more,
        notified: done.told,
    };
    Ok(Reply::ok(view).version(done.room.version).replayed(done.replayed))
}

pub(crate) async fn in_service(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ResourceId>,
    if_match: IfMatch,
) -> Result<Reply<View>> {
    let before = app.store.resource(id).await?;
    if_match.check(before.version)?;
    Ok(reply(&outage::end(&app, &caller, &before).await?))
}

fn reply(room: &Resource) -> Reply<View> {
    Reply::ok(View::of(room)).version(room.version)
}

impl Wanted {
    pub(crate) fn search(self) -> errors::Result<search::Search> {
        let wrong = |name: &str, code, message: &str| {
            Error::invalid_query(vec![FieldError::new(format!("/query/{name}"), code, message.to_owned())])
        };
        let free = match (self.free_from, self.free_to) {
            (None, None) => None,
            (Some(_), None) => return Err(wrong("free_to", "required", "goes with free_from")),
            (None, Some(_)) => return Err(wrong("free_from", "required", "goes with free_to")),
            (Some(from), Some(to)) => {
                let span = Span::new(from, to)
                    .ok_or_else(|| wrong("free_to", "end_before_start", "must be after free_from"))?;
                if span.minutes() > i64::from(MAX_LENGTH) {
                    return Err(wrong("free_to", "too_long", "must be at most 14 days after free_from"));
                }
                Some(span)
            }
        };
        Ok(search::Search {
            capacity: self.capacity.map_or(0, |capacity| capacity.0),
            location: self.location,
            equipment: self.equipment.unwrap_or_default().0,
            name: self.name.map(|name| name.folded()),
            free,
        })
    }
}

impl Changes {
    fn of(self, before: &Resource) -> errors::Result<cases::Change> {
        let mut errors = Vec::new();
        let mut kept = |name: &str| {
            errors.push(FieldError::new(format!("/{name}"), "required", "cannot be taken away"));
        };
        let name = match self.name {
            Patch::Set(name) => Some(name),
            Patch::Absent => None,
            Patch::Null => {
                kept("name");
                None
            }
        };
        let capacity = match self.capacity {
            Patch::Set(capacity) => Some(capacity.0),
            Patch::Absent => None,
            Patch::Null => {
                kept("capacity");
                None
            }
        };
        let rules = match self.rules {
            Patch::Absent => None,
            Patch::Null => Some(Rules::default()),
            Patch::Set(patch) => match rules::patched(&before.rules, patch) {
                Ok(rules) => Some(rules),
                Err(wrong) => {
                    errors.extend(under("/rules", wrong));
                    None
                }
            },
        };
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        let equipment = changed(self.equipment).map(|equipment| equipment.0);
        let attributes = changed(self.attributes).map(|attributes| attributes.0);
        Ok(cases::Change { name, capacity, equipment, attributes, rules, out_of_service: Patch::Absent })
    }
}

/// The new value of a field whose null is the default.
fn changed<T: Default>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Absent => None,
        Patch::Null => Some(T::default()),
        Patch::Set(new) => Some(new),
    }
}

impl View {
    pub(crate) fn of(room: &Resource) -> Self {
        Self {
            id: room.id.to_string(),
            location_id: room.location.to_string(),
            location: None,
            zone: room.zone.to_string(),
            name: room.name.to_string(),
            capacity: room.capacity,
            equipment: room.equipment.iter().map(ToString::to_string).collect(),
            attributes: room
                .attributes
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            rules: rules::View::of(&room.rules),
            out_of_service: room.out_of_service.as_ref().map(|out| OutOfServiceView {
                reason: out.reason.to_string(),
                from: out.from.to_string(),
                until: out.until.map(|until| until.to_string()),
            }),
            retired: room.retired,
            created_at: room.created_at.to_string(),
            updated_at: room.updated_at.to_string(),
            version: room.version,
        }
    }
}

impl TouchedView {
    fn of(booking: &Booking, now: Timestamp) -> Self {
        Self {
            id: booking.id.to_string(),
            user: booking.user.to_string(),
            start: booking.span.start().to_string(),
            end: booking.span.end().to_string(),
            state: booking.state_at(now).as_str().to_owned(),
        }
    }
}
