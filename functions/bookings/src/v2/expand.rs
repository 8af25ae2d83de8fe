//! The room, the place and the person of a booking or an order, told with it: one read for a page, whatever is in it.
//!
//! Whoever may see a booking may know whose it is; no address and no phone is told here.

use domain::{LocationId, ResourceId, UserId};
use errors::Result;
use schemars::JsonSchema;
use serde::Serialize;
use store::{Ids, Together};
use web::Expand;

use crate::App;

/// What was asked for in full.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Expanded {
    /// With `expand=room`.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<ExpandedRoom>,
    /// With `expand=location`.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<ExpandedLocation>,
    /// With `expand=user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<ExpandedUser>,
}

/// A room, in short.
#[derive(Debug, Serialize, JsonSchema)]
struct ExpandedRoom {
    id: String,
    name: String,
    capacity: u32,
    equipment: Vec<String>,
    retired: bool,
}

/// A place, in short.
#[derive(Debug, Serialize, JsonSchema)]
struct ExpandedLocation {
    id: String,
    name: String,
    zone: String,
    address: Option<String>,
}

/// A person, by name.
#[derive(Debug, Serialize, JsonSchema)]
struct ExpandedUser {
    id: String,
    name: String,
}

/// Room, place and person of one of a page.
pub(crate) type Names = (Option<ResourceId>, LocationId, UserId);

/// What these name, as far as it is wanted.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn read(app: &App, expand: &Expand, page: impl Iterator<Item = Names>) -> Result<Together> {
    if expand.is_empty() {
        return Ok(Together::default());
    }
    let mut ids = Ids::default();
    for (room, location, user) in page {
        ids.resources.extend(room.filter(|_| expand.wants("room")));
        ids.locations.extend(expand.wants("location").then_some(location));
        ids.users.extend(expand.wants("user").then_some(user));
    }
    app.store.together(&ids).await
}

impl Expanded {
    /// Of one of a page, as read.
    pub(crate) fn of(known: &Together, (room, location, user): Names) -> Self {
        let room = room.and_then(|id| known.resource(id)).map(|room| ExpandedRoom {
            id: room.id.to_string(),
            name: room.name.to_string(),
            capacity: room.capacity,
            equipment: room.equipment.iter().map(ToString::to_string).collect(),
            retired: room.retired,
        });
        let location = known.location(location).map(|location| ExpandedLocation {
            id: location.id.to_string(),
            name: location.name.to_string(),
            zone: location.zone.to_string(),
            address: location.address.as_ref().map(ToString::to_string),
        });
        let user = known
            .user(user)
            .map(|user| ExpandedUser { id: user.id.to_string(), name: user.name.to_string() });
        Self { room, location, user }
    }
}
