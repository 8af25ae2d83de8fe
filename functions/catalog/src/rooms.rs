//! Making, changing and retiring rooms.

use std::collections::{BTreeMap, BTreeSet};

use domain::resource::{OutOfService, Rules};
use domain::rules::{MAX_LENGTH, MAX_NOTICE};
use domain::text::{Line, Name, Tag};
use domain::{Caller, EventId, LocationId, Permission, Resource, ResourceId, Span};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::Tx;
use web::{Idempotency, Patch};

use crate::{App, locations};

/// What a new room is made of.
pub(crate) struct Draft {
    pub(crate) location: LocationId,
    pub(crate) name: Name,
    pub(crate) capacity: u32,
    pub(crate) equipment: BTreeSet<Tag>,
    pub(crate) attributes: BTreeMap<Tag, Line>,
    pub(crate) rules: Rules,
    pub(crate) out_of_service: Option<OutOfService>,
}

/// What changes about a room.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) name: Option<Name>,
    pub(crate) capacity: Option<u32>,
    pub(crate) equipment: Option<BTreeSet<Tag>>,
    pub(crate) attributes: Option<BTreeMap<Tag, Line>>,
    pub(crate) rules: Option<Rules>,
    pub(crate) out_of_service: Patch<OutOfService>,
}

/// Makes a room; whether it was made before, by the same request.
///
/// # Errors
/// `forbidden` outside the caller's scope, a field error for an unknown location, `already_exists` for a name in use.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    draft: Draft,
    idem: &Idempotency,
) -> Result<(Resource, bool)> {
    caller.require_at(Permission::ManageCatalog, draft.location)?;
    let location = locations::named_in_field(app, draft.location, "/location_id").await?;
    let now = app.clock.now();
    let room = Resource {
        id: ResourceId::derived(idem.id(|| ResourceId::new(now, env::random()).bits().to_be_bytes())),
        location: location.id,
        zone: location.zone,
        name: draft.name,
        capacity: draft.capacity,
        equipment: draft.equipment,
        attributes: draft.attributes,
        rules: draft.rules,
        out_of_service: draft.out_of_service,
        created_at: now,
        updated_at: now,
        retired: false,
        version: 1,
        request: idem.request(),
        last_request: None,
    };
    let event = room.event(EventId::new(now, env::random()), "room.created", None, caller.actor());
    let mut tx = Tx::new();
    tx.insert_resource(&app.store, &room);
    tx.event(&app.store, &event);
    store::resource_from(app.store.commit(tx).await?, room)
}

/// Changes a room.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired, `already_exists` for a name in use, `changed` when
/// somebody was faster.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    before: &Resource,
    change: Change,
) -> Result<Resource> {
    caller.require_at(Permission::ManageCatalog, before.location)?;
    let mut after = before.clone().revise(app.clock.now())?;
    after.out_of_service = change.out_of_service.applied_to(after.out_of_service);
    after.name = change.name.unwrap_or(after.name);
    after.capacity = change.capacity.unwrap_or(after.capacity);
    after.equipment = change.equipment.unwrap_or(after.equipment);
    after.attributes = change.attributes.unwrap_or(after.attributes);
    after.rules = change.rules.unwrap_or(after.rules);
    save(app, caller, before, after, "room.updated").await
}

/// Takes a room off the offer for ever.
///
/// # Errors
/// `forbidden` outside the caller's scope, `wrong_state` once retired or while somebody has it from now on, `changed` when
/// somebody was faster.
pub(crate) async fn retire(app: &App, caller: &Caller, before: &Resource) -> Result<Resource> {
    caller.require_at(Permission::ManageCatalog, before.location)?;
    let now = app.clock.now();
    let after = before.clone().retire(now)?;
    if let Some(ahead) = Span::new(now, horizon(now)) {
        let taken = ledger::taken(&app.store, before.id, ahead, now).await?;
        if let Some(first) = taken.first() {
            return Err(Error::new(
                Code::WrongState,
                "the room is booked; move or cancel its bookings first",
            )
            .with_detail("first_taken", first.span.start().to_string())
            .with_detail("taken", taken.len()));
        }
    }
    save(app, caller, before, after, "room.retired").await
}

/// No booking made until now ends later than this.
pub(crate) fn horizon(now: Timestamp) -> Timestamp {
    let minutes = i64::from(MAX_NOTICE) + i64::from(MAX_LENGTH) + i64::from(domain::rules::MAX_BUFFER);
    now.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

/// Writes the room's next version with the event that tells of it.
pub(crate) async fn save(
    app: &App,
    caller: &Caller,
    before: &Resource,
    after: Resource,
    kind: &str,
) -> Result<Resource> {
    let id = EventId::new(after.updated_at, env::random());
    let event = after.event(id, kind, Some(before), caller.actor());
    let mut tx = Tx::new();
    tx.update_resource(&app.store, before, &after);
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    Ok(after)
}
