//! Locations on the wire.

use domain::resource::Coordinates;
use domain::text::{Line, Name};
use domain::{Location, LocationId, Zone};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Idempotency, IfMatch, Json, PageQuery, Patch, Path, Reply, Result, Signed, State};

use crate::App;
use crate::locations as cases;

/// A place.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Location")]
pub(crate) struct View {
    id: String,
    name: String,
    address: Option<String>,
    /// IANA name.
    zone: String,
    coordinates: Option<Degrees>,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// WGS 84, in millionths of a degree.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Coordinates")]
pub(crate) struct Degrees {
    latitude_e6: i32,
    longitude_e6: i32,
}

web::request! {
    /// A new location.
    pub(crate) struct New {
        /// Unique among locations.
        name: Name as String,
        /// Postal address as one line.
        address: Option<Line> as String,
        /// IANA name; never changes.
        zone: Zone as String,
        /// Where it is.
        coordinates: Option<Coordinates> as Degrees => coordinates,
    }
}

web::request! {
    /// Changes to a location (RFC 7396).
    pub(crate) struct Changes {
        /// Unique among locations.
        name: Patch<Name> as String,
        /// Postal address as one line.
        address: Patch<Line> as String,
        /// Cannot change: rooms and bookings keep a copy.
        zone: Patch<Zone> as String,
        /// Where it is.
        coordinates: Patch<Value> as Degrees,
    }
}

fn coordinates(value: Value) -> std::result::Result<Coordinates, Vec<FieldError>> {
    let wrong = |at: &str, code, message: String| FieldError::new(at, code, message);
    let Degrees { latitude_e6, longitude_e6 } =
        serde_json::from_value(value).map_err(|error| vec![wrong("", "invalid_value", error.to_string())])?;
    let bounds = [("/latitude_e6", latitude_e6, 90_000_000), ("/longitude_e6", longitude_e6, 180_000_000)];
    let errors: Vec<FieldError> = bounds
        .into_iter()
        .filter(|(_, value, most)| !(-most..=*most).contains(value))
        .map(|(at, _, most)| wrong(at, "out_of_range", format!("must be -{most} to {most}")))
        .collect();
    if errors.is_empty() { Ok(Coordinates { latitude_e6, longitude_e6 }) } else { Err(errors) }
}

pub(crate) async fn list(State(app): State<App>, page: PageQuery) -> Result<web::Listed<View>> {
    let found = app.reads.locations(page.limit, page.after.clone()).await?;
    Ok(page.reply(found.each(View::of)))
}

pub(crate) async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<New>,
) -> Result<Reply<View>> {
    let New { name, address, zone, coordinates } = new;
    let draft = cases::Draft { name, address, zone, coordinates };
    let (location, replayed) = cases::create(&app, &caller, draft, &idem).await?;
    let path = format!("/locations/{}", location.id);
    Ok(Reply::created(View::of(&location), path).version(location.version).replayed(replayed))
}

pub(crate) async fn show(State(app): State<App>, Path(id): Path<LocationId>) -> Result<Reply<View>> {
    Ok(reply(&*app.reads.location(id).await?))
}

pub(crate) async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<LocationId>,
    if_match: IfMatch,
    Json(changes): Json<Changes>,
) -> Result<Reply<View>> {
    let before = app.store.location(id).await?;
    let change = changes.of(&before)?;
    if_match.check(before.version)?;
    Ok(reply(&cases::change(&app, &caller, before, change).await?))
}

fn reply(location: &Location) -> Reply<View> {
    Reply::ok(View::of(location)).version(location.version)
}

impl Changes {
    fn of(self, before: &Location) -> errors::Result<cases::Change> {
        let mut errors = Vec::new();
        let name = match self.name {
            Patch::Absent => None,
            Patch::Set(name) => Some(name),
            Patch::Null => {
                errors.push(FieldError::new("/name", "required", "cannot be taken away"));
                None
            }
        };
        if !matches!(&self.zone, Patch::Absent) && self.zone != Patch::Set(before.zone.clone()) {
            errors.push(FieldError::new("/zone", "immutable", "the zone of a location never changes"));
        }
        let coordinates = match self.coordinates {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Set(value) => match coordinates(value) {
                Ok(coordinates) => Patch::Set(coordinates),
                Err(wrong) => {
                    errors.extend(super::under("/coordinates", wrong));
                    Patch::Absent
                }
            },
        };
        if errors.is_empty() {
            Ok(cases::Change { name, address: self.address, coordinates })
        } else {
            Err(Error::fields(errors))
        }
    }
}

impl View {
    pub(crate) fn of(location: &Location) -> Self {
        Self {
            id: location.id.to_string(),
            name: location.name.to_string(),
            address: location.address.as_ref().map(ToString::to_string),
            zone: location.zone.to_string(),
            coordinates: location
                .coordinates
                .map(|at| Degrees { latitude_e6: at.latitude_e6, longitude_e6: at.longitude_e6 }),
            created_at: location.created_at.to_string(),
            updated_at: location.updated_at.to_string(),
            version: location.version,
        }
    }
}
