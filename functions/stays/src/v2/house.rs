//! The house: its rules and room types.

use domain::hotel::room_type::{About, Beds, Occupancy};
use domain::hotel::{Property, RoomType};
use domain::text::{Line, Name, Note, Tag};
use domain::{LocationId, Permission, RoomTypeId};
use errors::Error;
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route, Signed,
    State, get, post, put, request,
};

use super::asked;
use crate::App;
use crate::house::{self, NewType, Rules};

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(Permission::ManageCatalog);
    vec![
        get("/properties/{location_id}", Access::Anyone, show_property)
            .named("showProperty", "Read what holds for all stays at a location")
            .answers::<PropertyView>(200)
            .answers_empty(304),
        put("/properties/{location_id}", manages, put_property)
            .named("replaceProperty", "Say what holds for all stays at a location")
            .takes::<PropertyBody>()
            .answers::<PropertyView>(200),
        post("/room-types", manages, create_type)
            .named("createRoomType", "Add a room type; how many rooms it has is said by offering its pool")
            .keyed(Key::Accepted)
            .takes::<TypeBody>()
            .answers::<TypeView>(201),
        get("/room-types", Access::Anyone, list_types)
            .named("listRoomTypes", "List the room types of a location by name")
            .cached_publicly(10)
            .queried::<AtLocation>()
            .answers::<Vec<TypeView>>(200),
        get("/room-types/{id}", Access::Anyone, show_type)
            .named("showRoomType", "Read a room type")
            .cached_publicly(10)
            .answers::<TypeView>(200)
            .answers_empty(304),
        put("/room-types/{id}", manages, replace_type)
            .named("replaceRoomType", "Say anew what a room type is like")
            .takes::<TypeBody>()
            .answers::<TypeView>(200),
    ]
}

request! {
    /// What holds for all stays at a location.
    pub(crate) struct PropertyBody {
        /// From when on rooms are ready, by the wall clock: `15:00`.
        check_in: Time as String,
        /// Until when rooms are left, by the wall clock: `11:00`.
        check_out: Time as String,
        /// Who writes the invoices.
        legal_name: Option<Name> as String,
        /// Where they are: at most 5 lines.
        address: Option<Vec<Line>> as Vec<String>,
        /// Their tax number, as printed.
        tax_number: Option<Name> as String,
    }
}

/// What holds for all stays at a location.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Property")]
pub(crate) struct PropertyView {
    location_id: String,
    /// From when on rooms are ready, by the wall clock.
    check_in: String,
    /// Until when rooms are left.
    check_out: String,
    legal_name: Option<String>,
    address: Vec<String>,
    tax_number: Option<String>,
    /// 0 where nothing has been said yet. Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl PropertyView {
    fn reply(property: Property) -> Reply<Self> {
        let version = property.version;
        Reply::ok(Self {
            location_id: property.location.to_string(),
            check_in: property.check_in.strftime("%H:%M").to_string(),
            check_out: property.check_out.strftime("%H:%M").to_string(),
            legal_name: property.legal_name.map(Into::into),
            address: property.address.into_iter().map(Into::into).collect(),
            tax_number: property.tax_number.map(Into::into),
            version,
        })
        .version(version)
    }
}

async fn show_property(
    State(app): State<App>,
    Path(location): Path<LocationId>,
) -> Result<Reply<PropertyView>> {
    let (_, property) = tokio::try_join!(app.reads.location(location), app.reads.property(location))?;
    Ok(PropertyView::reply(property))
}

async fn put_property(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(location): Path<LocationId>,
    if_match: IfMatch,
    Json(body): Json<PropertyBody>,
) -> Result<Reply<PropertyView>> {
    let rules = Rules {
        check_in: body.check_in,
        check_out: body.check_out,
        legal_name: body.legal_name,
        address: body.address.unwrap_or_default(),
        tax_number: body.tax_number,
    };
    Ok(PropertyView::reply(house::rule(&app, &caller, (location, if_match), rules).await?))
}

/// So many beds of a kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Beds")]
pub(crate) struct BedsBody {
    /// `double`, `single`, `sofa` and the like.
    #[schemars(with = "String")]
    kind: Tag,
    /// 1 to 20.
    count: u8,
}

/// Who fits into a room.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Occupancy")]
pub(crate) struct OccupancyBody {
    /// At most so many adults, 1 to 20.
    adults: u8,
    /// At most so many children.
    children: u8,
    /// At most so many of both together.
    guests: u8,
}

request! {
    /// What a room type is like.
    pub(crate) struct TypeBody {
        /// Where it is; only when it is made.
        location_id: Option<LocationId> as String,
        /// Unique among the pools of the location.
        name: Name as String,
        description: Option<Note> as String,
        /// At most 20.
        beds: Option<Vec<BedsBody>> as Vec<BedsBody>,
        /// At most 20.
        amenities: Option<Vec<Tag>> as Vec<String>,
        /// Addresses of pictures (`https://…`), at most 20; the first one leads.
        images: Option<Vec<Line>> as Vec<String>,
        occupancy: OccupancyBody as OccupancyBody,
    }
}

impl TypeBody {
    fn parts(self) -> (About, Occupancy) {
        let beds = |BedsBody { kind, count }: BedsBody| Beds { kind, count };
        let about = About {
            name: self.name,
            description: self.description,
            beds: self.beds.unwrap_or_default().into_iter().map(beds).collect(),
            amenities: self.amenities.unwrap_or_default().into_iter().collect(),
            images: self.images.unwrap_or_default(),
        };
        let OccupancyBody { adults, children, guests } = self.occupancy;
        (about, Occupancy { adults, children, guests })
    }
}

/// A kind of rooms.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RoomType")]
pub(crate) struct TypeView {
    id: String,
    location_id: String,
    /// What counts its nights: offer it to say how many rooms there are.
    pool_id: String,
    name: String,
    description: Option<String>,
    beds: Vec<BedsBody>,
    amenities: Vec<String>,
    images: Vec<String>,
    occupancy: OccupancyBody,
    /// No longer offered; kept for its history.
    retired: bool,
    created_at: String,
    updated_at: String,
    /// Send it as `If-Match: "<version>"` to change exactly this version.
    version: u64,
}

impl TypeView {
    pub(crate) fn of(room_type: RoomType) -> Self {
        let pool_id = room_type.pool().to_string();
        let RoomType { about, occupancy: Occupancy { adults, children, guests }, .. } = room_type;
        let beds = |Beds { kind, count }: Beds| BedsBody { kind, count };
        Self {
            id: room_type.id.to_string(),
            location_id: room_type.location.to_string(),
            pool_id,
            name: about.name.into(),
            description: about.description.map(Into::into),
            beds: about.beds.into_iter().map(beds).collect(),
            amenities: about.amenities.into_iter().map(Into::into).collect(),
            images: about.images.into_iter().map(Into::into).collect(),
            occupancy: OccupancyBody { adults, children, guests },
            retired: room_type.retired,
            created_at: room_type.created_at.to_string(),
            updated_at: room_type.updated_at.to_string(),
            version: room_type.version,
        }
    }

    fn reply(room_type: RoomType) -> Reply<Self> {
        let version = room_type.version;
        Reply::ok(Self::of(room_type)).version(version)
    }
}

async fn create_type(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<TypeBody>,
) -> Result<Reply<TypeView>> {
    let location = body.location_id.ok_or_else(|| Error::field("/location_id", "required", "is required"))?;
    let (about, occupancy) = body.parts();
    let new = NewType { location, about, occupancy };
    let done = house::make_type(&app, &asked(caller, IfMatch(None), idem), new).await?;
    let (path, version) = (format!("/room-types/{}", done.record.id), done.record.version);
    Ok(Reply::created(TypeView::of(done.record), path).version(version).replayed(done.replayed))
}

request! {
    /// At which location.
    pub(crate) struct AtLocation {
        location_id: LocationId as String,
    }
}

async fn list_types(
    State(app): State<App>,
    page: PageQuery,
    Query(query): Query<AtLocation>,
) -> Result<Listed<TypeView>> {
    let found = app.reads.room_types(query.location_id, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(TypeView::of)))
}

async fn show_type(State(app): State<App>, Path(id): Path<RoomTypeId>) -> Result<Reply<TypeView>> {
    Ok(TypeView::reply(app.reads.room_type(id).await?))
}

async fn replace_type(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<RoomTypeId>,
    if_match: IfMatch,
    Json(body): Json<TypeBody>,
) -> Result<Reply<TypeView>> {
    if body.location_id.is_some() {
        return Err(Error::field("/location_id", "unexpected", "stays as it is").into());
    }
    Ok(TypeView::reply(house::change_type(&app, &caller, (id, if_match), body.parts()).await?))
}
