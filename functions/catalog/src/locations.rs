//! Making and changing places. The zone of a place never changes: rooms and bookings keep a copy of it.

use domain::resource::Coordinates;
use domain::text::{Line, Name};
use domain::{Caller, EventId, Location, LocationId, Permission, Zone};
use errors::{Error, Result};
use store::Tx;
use web::{Idempotency, Patch};

use crate::App;

/// What a new place is made of.
pub(crate) struct Draft {
    pub(crate) name: Name,
    pub(crate) address: Option<Line>,
    pub(crate) zone: Zone,
    pub(crate) coordinates: Option<Coordinates>,
}

/// What changes about a place.
pub(crate) struct Change {
    pub(crate) name: Option<Name>,
    pub(crate) address: Patch<Line>,
    pub(crate) coordinates: Patch<Coordinates>,
}

/// Makes a place; whether it was made before, by the same request.
///
/// # Errors
/// `forbidden` for managers of some locations only, `already_exists` for a name in use.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    draft: Draft,
    idem: &Idempotency,
) -> Result<(Location, bool)> {
    let now = app.clock.now();
    let location = Location {
        id: LocationId::derived(idem.id(|| LocationId::new(now, env::random()).bits().to_be_bytes())),
        name: draft.name,
        address: draft.address,
        zone: draft.zone,
        coordinates: draft.coordinates,
        created_at: now,
        updated_at: now,
        version: 1,
        request: idem.request(),
    };
    // No scope covers a place that is yet to be: only those who act everywhere make places.
    caller.require_at(Permission::ManageCatalog, location.id)?;
    let event = location.event(EventId::new(now, env::random()), "location.created", None, caller.actor());
    let mut tx = Tx::new();
    tx.insert_location(&app.store, &location);
    tx.event(&app.store, &event);
    store::location_from(app.store.commit(tx).await?, location)
}

/// Changes a place.
///
/// # Errors
/// `forbidden` outside the caller's scope, `already_exists` for a name in use, `changed` when somebody was faster.
pub(crate) async fn change(app: &App, caller: &Caller, before: Location, change: Change) -> Result<Location> {
    caller.require_at(Permission::ManageCatalog, before.id)?;
    let now = app.clock.now();
    let after = Location {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        address: change.address.applied_to(before.address.clone()),
        coordinates: change.coordinates.applied_to(before.coordinates),
        updated_at: now,
        version: before.version + 1,
        ..before.clone()
    };
    let id = EventId::new(now, env::random());
    let event = after.event(id, "location.updated", Some(&before), caller.actor());
    let mut tx = Tx::new();
    tx.update_location(&app.store, &before, &after);
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    Ok(after)
}

/// The place a new room shall be at.
///
/// # Errors
/// A field error at `pointer` when there is none.
pub(crate) async fn named_in_field(app: &App, id: LocationId, pointer: &str) -> Result<Location> {
    app.store.location(id).await.map_err(|error| match error.code() {
        errors::Code::NotFound => Error::field(pointer, "unknown", "there is no such location"),
        _ => error,
    })
}
