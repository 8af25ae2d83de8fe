//! Lists of bookings, and whether a window is free.

use domain::availability::window;
use domain::rules::refusals;
use domain::{Booking, BookingState, Caller, Permission, ResourceId, Span, UserId};
use errors::{Error, Result};
use jiff::SignedDuration;
use jiff::civil::Date;
use orders::v1::PaidBookingV1;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use web::{Access, Group, Path, Query, ReplyV1, Route, Signed, State, get, request};

use super::bookings::{Made, Named};
use super::shapes::{BookingV1, Cut, GATHERED, TakenV1, WindowV1};
use crate::App;
use crate::access::can_see;
use crate::lists;
use crate::when::start_of_day;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/bookings", Access::Needs(Permission::ReadBookings), all)
            .named("listBookingsV1", "List all bookings, the latest first")
            .queried::<Pages>()
            .answers::<Bookings>(200),
        get("/bookings/availability", Access::Anyone, availability)
            .limited(Group::Search)
            .named("availabilityV1", "Whether a room is free on a date from and to")
            .queried::<WindowV1>()
            .answers::<Available>(200),
        get("/bookings/user/{user_id}", Access::SignedIn, of_user)
            .named("bookingsOfUserV1", "List a user's bookings")
            .queried::<Pages>()
            .answers::<Bookings>(200),
        get("/bookings/room/{room_id}", Access::Anyone, of_room)
            .limited(Group::Search)
            .named("bookingsOfRoomV1", "When a room is taken, on a date or within 31 days")
            .queried::<RoomQuery>()
            .answers::<Taken>(200),
        get("/bookings/{id}", Access::SignedIn, show)
            .named("showBookingV1", "Read a booking of a room, or of a session")
            .answers::<Made>(200),
    ]
}

request! {
    /// Which page of a list.
    pub(crate) struct Pages {
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
    }
}

/// A page of bookings.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BookingsV1")]
#[expect(clippy::struct_field_names, reason = "the source system's names")]
pub(crate) struct Bookings {
    bookings: Vec<BookingV1>,
    /// Of all pages.
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(flatten)]
    cut: Cut,
}

/// The page of these bookings, with what belongs to them.
pub(crate) async fn page(
    app: &App,
    all: Vec<Booking>,
    pages: &Pages,
    user: Option<UserId>,
) -> Result<ReplyV1<Bookings>> {
    let count = all.len();
    let (bookings, cut) = Cut::of(all, pages.page, pages.page_size)?;
    let bookings = BookingV1::all(app, &bookings).await?;
    Ok(ReplyV1::ok(Bookings { bookings, count, user_id: user.map(|user| user.to_string()), cut }))
}

async fn all(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<Bookings>> {
    let mut all = Vec::new();
    let stored = BookingState::ALL.into_iter().filter(|state| *state != BookingState::Expired);
    for state in stored {
        all.extend(app.store.latest_in_state(state, GATHERED).await?);
    }
    all.retain(|booking| can_see(&caller, booking));
    all.sort_by_key(|booking| std::cmp::Reverse((booking.created_at, booking.id)));
    all.truncate(GATHERED);
    Ok(page(&app, all, &pages, None).await?)
}

async fn of_user(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<UserId>,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<Bookings>> {
    let all = bookings_of(&app, &caller, user).await?;
    Ok(page(&app, all, &pages, Some(user)).await?)
}

async fn bookings_of(app: &App, caller: &Caller, user: UserId) -> Result<Vec<Booking>> {
    if !caller.is(user) && !caller.may(Permission::ReadBookings) {
        return Err(Error::forbidden("your role reads no bookings of others"));
    }
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let found = app.store.bookings_of(user, 500, after).await?;
        all.extend(found.items.into_iter().filter(|booking| can_see(caller, booking)));
        after = found.next;
        if after.is_none() || all.len() >= GATHERED {
            all.truncate(GATHERED);
            return Ok(all);
        }
    }
}

request! {
    /// A date, and which page of a list.
    pub(crate) struct RoomQuery {
        /// `YYYY-MM-DD` by the room's wall clock; from now for 31 days when unset.
        date: Option<Date> as String,
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize,
    }
}

/// When a room is taken.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TakenOfRoomV1")]
pub(crate) struct Taken {
    bookings: Vec<TakenV1>,
    count: usize,
    room_id: String,
    #[serde(flatten)]
    cut: Cut,
}

async fn of_room(
    State(app): State<App>,
    Path(room): Path<ResourceId>,
    Query(query): Query<RoomQuery>,
) -> web::Result<ReplyV1<Taken>> {
    let now = app.clock.now();
    let room = app.room(room).await?;
    let (from, to) = match query.date {
        Some(date) => {
            let (zone, next) = (room.zone.rules(), date.tomorrow().unwrap_or(date));
            (start_of_day(date, &zone)?, start_of_day(next, &zone)?)
        }
        None => (now, now + SignedDuration::from_hours(31 * 24)),
    };
    let span = Span::new(from, to).ok_or_else(|| Error::not_found("date"))?;
    let look_back = SignedDuration::from_mins(i64::from(room.rules.max_length));
    let place = (room.location, &room.zone);
    let mut taken = app.store.bookings_in(place, room.id, span, look_back, GATHERED).await?;
    taken.retain(|booking| booking.state_at(now).claims());
    taken.sort_by_key(|booking| booking.span);
    let count = taken.len();
    let (taken, cut) = Cut::of(taken, query.page, query.page_size)?;
    let bookings = taken.iter().map(|booking| TakenV1::of(booking, now)).collect();
    Ok(ReplyV1::ok(Taken { bookings, count, room_id: room.id.to_string(), cut }))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
) -> web::Result<ReplyV1<Made>> {
    Ok(ReplyV1::ok(match named {
        Named::Room(id) => {
            let booking = lists::show(&app, &caller, id).await?;
            Made::Room(Box::new(BookingV1::one(&app, &booking).await?))
        }
        Named::Session(id) => {
            let order = crate::orders::lists::show(&app, &caller, id).await?;
            Made::Session(Box::new(PaidBookingV1::of(&order, app.clock.now())))
        }
    }))
}

/// Whether a window is free.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AvailableV1")]
#[expect(clippy::struct_field_names, reason = "the source system's names")]
pub(crate) struct Available {
    room_id: String,
    date: String,
    start_time: String,
    end_time: String,
    available: bool,
    /// Every rule of the room that is against it.
    reasons: Vec<Value>,
}

async fn availability(
    State(app): State<App>,
    Query(query): Query<WindowV1>,
) -> web::Result<ReplyV1<Available>> {
    let now = app.clock.now();
    let room = app.room(query.room_id).await?;
    let span = query.on_date().span_of_query(&room)?;
    let refusals = refusals(&room, span, now);
    let free =
        refusals.is_empty() && ledger::taken(&app.store, room.id, window(&room, span), now).await?.is_empty();
    Ok(ReplyV1::ok(Available {
        room_id: room.id.to_string(),
        date: query.date.to_string(),
        start_time: query.start_time.to_string(),
        end_time: query.end_time.to_string(),
        available: free,
        reasons: refusals.iter().map(domain::Refusal::told).collect(),
    }))
}
