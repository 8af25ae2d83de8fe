//! Stays: making, listing, changing and giving them back.

use domain::hotel::price::Wanted;
use domain::hotel::room_type::{MOST_AGE, MOST_PARTY, Party};
use domain::hotel::stay::confirmation_read;
use domain::order::MOST_LINES;
use domain::pool::{MOST_NIGHTS, Nights};
use domain::text::{Email, Line, Name, Note, Tag};
use domain::{GuestId, HotelRoomId, LocationId, Order, OrderId, Permission, Phone, RatePlanId, RoomTypeId};
use errors::{Error, FieldError};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{Page, StayStage};
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route,
    Signed, State, get, post, put, request,
};

use super::asked;
use super::view::StayView;
use crate::App;
use crate::access::{seen, visible};
use crate::change::{self, Other};
use crate::guests::{NewGuest, Whom};
use crate::sell::{self, New};

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    vec![
        post("/stays", book, create)
            .limited(Group::Book)
            .named("createStay", "Book nights of one or more rooms, all of them or none")
            .keyed(Key::Required)
            .takes::<NewStay>()
            .answers::<StayView>(201),
        get("/stays", Access::SignedIn, list)
            .named(
                "listStays",
                "List the stays of a location by stage and day, those of a guest, or one's own",
            )
            .queried::<ListQuery>()
            .answers::<Vec<StayView>>(200),
        get("/stays/{id}", Access::SignedIn, show)
            .named("showStay", "Read a stay")
            .answers::<StayView>(200)
            .answers_empty(304),
        put("/stays/{id}/rooms", book, rooms)
            .limited(Group::Book)
            .named(
                "changeStayRooms",
                "Give a stay other rooms, nights or parties; only the difference is claimed",
            )
            .keyed(Key::Required)
            .takes::<OtherRooms>()
            .answers::<StayView>(200),
        post("/stays/{id}/cancel", book, cancel)
            .limited(Group::Book)
            .named("cancelStay", "Give a stay back, by the terms that it was sold on")
            .keyed(Key::Accepted)
            .takes::<Cancellation>()
            .answers::<StayView>(200),
    ]
}

/// Nights of a room for a party.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewStayRoom")]
pub(crate) struct RoomBody {
    #[schemars(with = "String")]
    room_type_id: RoomTypeId,
    /// The day of the first night.
    #[schemars(with = "String")]
    arrival: Date,
    /// The day after the last one: at most 60 nights.
    #[schemars(with = "String")]
    departure: Date,
    /// With the children 1 to 100; by the room type's occupancy where no price was agreed on.
    adults: u8,
    /// The age of each child, 0 to 17.
    #[serde(default)]
    children: Vec<u8>,
    /// What was agreed on for each night, in minor units, by those who manage the catalogue; the rate plan's prices when left out.
    nightly: Option<Vec<i64>>,
    /// When a stay is changed: which of its rooms this was until now, from 0; a new one when left out.
    was: Option<usize>,
}

/// Somebody new.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewStayGuest")]
pub(crate) struct GuestBody {
    #[schemars(with = "String")]
    name: Name,
    #[schemars(with = "Option<String>")]
    email: Option<Email>,
    /// With the country's code: `+919876543210`.
    #[schemars(with = "Option<String>")]
    phone: Option<Phone>,
}

request! {
    /// What to book. Every price is the rate plan's.
    pub(crate) struct NewStay {
        location_id: LocationId as String,
        rate_plan_id: RatePlanId as String,
        /// 1 to 24.
        rooms: Vec<RoomBody> as Vec<RoomBody>,
        /// For a guest whom the desk knows; for oneself when neither this nor `guest` is there.
        guest_id: Option<GuestId> as String,
        /// For somebody new.
        guest: Option<GuestBody> as GuestBody,
        /// How it came, e.g. `phone`; `direct` when unset.
        source: Option<Tag> as String,
        note: Option<Note> as String,
        /// Hold it for so many seconds, 1 to 600. What is to be paid first is held for 600 seconds without this.
        hold_seconds: Option<u32> as u32,
    }
}

/// The rooms, if each can be one.
fn read(rooms: Vec<RoomBody>) -> errors::Result<Vec<Other>> {
    let mut wrong = Vec::new();
    if !(1..=MOST_LINES).contains(&rooms.len()) {
        wrong.push(FieldError::new("/rooms", "out_of_range", format!("must be 1 to {MOST_LINES}")));
    }
    let mut others = Vec::new();
    for (at, room) in rooms.into_iter().enumerate() {
        let mut refuse = |field: &str, code, message: String| {
            wrong.push(FieldError::new(format!("/rooms/{at}/{field}"), code, message));
        };
        if room.children.iter().any(|age| *age > MOST_AGE) {
            refuse("children", "out_of_range", format!("must be at most {MOST_AGE}; older ones are adults"));
        }
        // What was agreed on is not looked at by the room type.
        if !(1..=MOST_PARTY).contains(&(usize::from(room.adults) + room.children.len())) {
            refuse("adults", "out_of_range", format!("must be 1 to {MOST_PARTY} together with the children"));
        }
        match Nights::new(room.arrival, room.departure) {
            None => refuse("departure", "not_after_start", "must be after the arrival".to_owned()),
            Some(nights) if nights.count() > MOST_NIGHTS => {
                let message = format!("must be at most {MOST_NIGHTS} nights after the arrival");
                refuse("departure", "too_long", message);
            }
            Some(nights) => {
                let party = Party { adults: room.adults, children: room.children };
                let wanted = Wanted { room_type: room.room_type_id, nights, party };
                others.push(Other { wanted, was: room.was });
            }
        }
    }
    if wrong.is_empty() { Ok(others) } else { Err(Error::fields(wrong)) }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewStay>,
) -> Result<Reply<StayView>> {
    let whom = match (new.guest_id, new.guest) {
        (None, None) => Whom::Oneself(caller.user),
        (Some(guest), None) => Whom::Known(guest),
        (None, Some(GuestBody { name, email, phone })) => Whom::New(NewGuest { name, email, phone }),
        (Some(_), Some(_)) => {
            return Err(Error::field("/guest", "not_together", "goes without guest_id").into());
        }
    };
    let agreed = new.rooms.iter().map(|room| room.nightly.clone()).collect();
    let rooms = read(new.rooms)?;
    if let Some(at) = rooms.iter().position(|room| room.was.is_some()) {
        return Err(Error::field(format!("/rooms/{at}/was"), "unexpected", "is for changes").into());
    }
    let wanted = New {
        location: new.location_id,
        rate_plan: new.rate_plan_id,
        rooms: rooms.into_iter().map(|room| room.wanted).collect(),
        agreed,
        whom,
        source: new.source,
        note: new.note,
        hold_seconds: new.hold_seconds,
        into: None,
    };
    let asked = asked(caller, IfMatch(None), idem);
    let done = sell::make(&app, &asked, wanted).await?;
    let view = StayView::must(&done.record, &asked.caller, app.clock.now())?;
    let path = format!("/stays/{}", done.record.id);
    Ok(Reply::created(view, path).version(done.record.version).replayed(done.replayed))
}

request! {
    /// Which stays: by location and stage, by guest, or by confirmation number; one's own without any of them.
    pub(crate) struct ListQuery {
        /// At this location, for those who read bookings there.
        location_id: Option<LocationId> as String,
        /// `held`, `expected`, `in_house`, `departed`, `no_show` or `cancelled`: required with a location, unless it is said when
        /// they were made.
        stage: Option<String> as String,
        /// Arrivals from this day on; departures for `in_house` and `departed`.
        from: Option<Date> as String,
        /// And until just before this one.
        to: Option<Date> as String,
        /// Of this guest, for those who read bookings; latest first. With a location, a page may have fewer than its limit.
        guest_id: Option<GuestId> as String,
        /// At a location: put into this room of the house. A page may have fewer than its limit.
        hotel_room_id: Option<HotelRoomId> as String,
        /// At a location: made at this instant or later, latest first. A page may have fewer than its limit.
        created_from: Option<Timestamp> as String,
        /// At a location: made at this instant or earlier.
        created_to: Option<Timestamp> as String,
        /// The one of this number, however it is written.
        confirmation: Option<String> as String,
    }
}

impl ListQuery {
    /// Whether it is one of those that are asked for, by what no index answers.
    fn keeps(&self, order: &Order, (stage, days): (Option<StayStage>, (Date, Date)), now: Timestamp) -> bool {
        let (Some(stay), Some(dates)) = (&order.stay, order.dates()) else { return false };
        let stored = Order { state: order.state_at(now), ..order.clone() };
        let is_at = StayStage::of(&stored);
        let day = match is_at {
            Some(StayStage::InHouse | StayStage::Departed) => dates.to(),
            _ => dates.from(),
        };
        let is_in = |room: HotelRoomId| {
            stay.rooms.iter().any(|kept| kept.assigned.as_ref().is_some_and(|assigned| assigned.room == room))
        };
        stage.is_none_or(|stage| is_at == Some(stage))
            && (days.0..days.1).contains(&day)
            && self.guest_id.is_none_or(|guest| guest == stay.guest)
            && self.hotel_room_id.is_none_or(is_in)
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<StayView>> {
    let now = app.clock.now();
    let view = |found: Page<Order>| {
        let items = found.items.iter().filter_map(|order| StayView::of(order, &caller, now)).collect();
        page.reply(Page { items, next: found.next })
    };
    let wrong = |parameter: &str, code, message: &str| {
        Error::invalid_query(vec![FieldError::new(format!("/query/{parameter}"), code, message)])
    };
    if let Some(text) = &query.confirmation {
        let number = confirmation_read(text)
            .ok_or_else(|| wrong("confirmation", "invalid_format", "is no confirmation number"))?;
        let found = app.store.stay_named(&number).await.and_then(|order| visible(&caller, order));
        let items = match found {
            Ok(order) => vec![order],
            Err(error) if error.code() == errors::Code::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        return Ok(view(Page { items, next: None }));
    }
    if let Some(location) = query.location_id {
        caller.require_at(Permission::ReadBookings, location)?;
        let made = query.created_from.is_some() || query.created_to.is_some();
        let named = query.stage.as_deref();
        let stage = StayStage::ALL.into_iter().find(|known| Some(known.as_str()) == named);
        if stage.is_none() && (named.is_some() || !made) {
            return Err(wrong("stage", "invalid_value", "must be a stage of a stay").into());
        }
        let days = (query.from.unwrap_or(Date::MIN), query.to.unwrap_or(Date::MAX));
        let mut found = if let Some(stage) = stage.filter(|_| !made) {
            app.store.stays((location, stage), days, page.limit, page.after.clone()).await?
        } else {
            let from = query.created_from.unwrap_or(Timestamp::MIN);
            let range = (from, query.created_to.unwrap_or(Timestamp::MAX));
            app.store.orders_made_at(location, range, page.limit, page.after.clone()).await?
        };
        found.items.retain(|order| query.keeps(order, (stage, days), now));
        return Ok(view(found));
    }
    let user = match query.guest_id {
        Some(guest) if domain::hotel::guest::user_of(guest) != caller.user => {
            if !caller.may(Permission::ReadBookings) {
                return Err(Error::forbidden("your role reads no stays of others").into());
            }
            domain::hotel::guest::user_of(guest)
        }
        _ => caller.user,
    };
    let mut found = app.store.orders_of(user, page.limit, page.after.clone()).await?;
    found.items.retain(|order| order.stay.is_some() && visible(&caller, order.clone()).is_ok());
    Ok(view(found))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
) -> Result<Reply<StayView>> {
    let record = seen(&app, &caller, id).await?;
    let done = web::Done { record, replayed: false };
    Ok(StayView::told(&done, &caller, app.clock.now())?)
}

request! {
    /// All the rooms that the stay shall have from now on.
    pub(crate) struct OtherRooms {
        /// 1 to 24. Nights that a room had keep their price; new ones cost what the rate plan says now.
        rooms: Vec<RoomBody> as Vec<RoomBody>,
        /// The desk's: nights cost what they did even in a room of another type.
        keep_prices: Option<bool> as bool,
    }
}

async fn rooms(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(other): Json<OtherRooms>,
) -> Result<Reply<StayView>> {
    if let Some(at) = other.rooms.iter().position(|room| room.nightly.is_some()) {
        return Err(Error::field(format!("/rooms/{at}/nightly"), "unexpected", "is for new stays").into());
    }
    let asked = asked(caller, if_match, idem);
    let others = (read(other.rooms)?, other.keep_prices.unwrap_or_default());
    let done = change::change(&app, &asked, id, others).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}

request! {
    /// Why it is given back.
    pub(crate) struct Cancellation {
        reason: Option<Line> as String,
    }
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<OrderId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(cancellation): Json<Cancellation>,
) -> Result<Reply<StayView>> {
    let asked = asked(caller, if_match, idem);
    let done = change::cancel(&app, &asked, id, cancellation.reason).await?;
    Ok(StayView::told(&done, &asked.caller, app.clock.now())?)
}
