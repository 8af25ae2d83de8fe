//! Booking, reading, listing and describing bookings.

use domain::text::{Line, Note};
use domain::{BookingId, Caller, LocationId, Permission, ResourceId, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use web::{
    Access, Expand, Group, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result,
    Route, Signed, State, get, patch, post, request,
};

use crate::App;
use crate::book::{About, Wanted, book};
use crate::change::Done;
use crate::lists::{self, Filter};
use crate::steps::{Description, describe};
use crate::v2::expand;
use crate::v2::view::{BookingView, names};
use crate::when::{Bound, LocalTime, When};
use web::Asked;

/// What a booking names.
const NAMED: [&str; 3] = ["room", "location", "user"];

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/bookings", Access::Needs(Permission::Book), create)
            .limited(Group::Book)
            .named("createBooking", "Book a room, or hold it for up to ten minutes")
            .keyed(Key::Required)
            .takes::<NewBooking>()
            .answers::<BookingView>(201),
        get("/bookings", Access::SignedIn, list)
            .named(
                "listBookings",
                "List bookings: one's own, or by user, room, location and day, state, creation",
            )
            .queried::<ListQuery>()
            .answers::<Vec<BookingView>>(200),
        get("/bookings/{id}", Access::SignedIn, show)
            .named("showBooking", "Read a booking")
            .queried::<Telling>()
            .answers::<BookingView>(200)
            .answers_empty(304),
        patch("/bookings/{id}", Access::Needs(Permission::Book), change)
            .limited(Group::Book)
            .named("describeBooking", "Change title, note or attendees of a booking")
            .keyed(Key::Accepted)
            .takes::<BookingPatch>()
            .answers::<BookingView>(200),
    ]
}

request! {
    /// What to book, when. Times are instants with their offset, or local times of the room.
    pub(crate) struct NewBooking {
        room_id: ResourceId as String,
        /// For whom; oneself when unset.
        user_id: Option<UserId> as String,
        /// First instant, with its offset (RFC 3339).
        start: Option<Timestamp> as String,
        /// First instant after it.
        end: Option<Timestamp> as String,
        /// First instant by the room's wall clock, without offset.
        local_start: Option<LocalTime> as String,
        /// First instant after it by the room's wall clock.
        local_end: Option<LocalTime> as String,
        /// Which one of a local time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
        title: Option<Line> as String,
        note: Option<Note> as String,
        /// People who come; at most the room's capacity.
        attendees: Option<u32> as u32,
        /// Hold it for so many seconds, 1 to 600, instead of booking it at once.
        hold_seconds: Option<u32> as u32,
        /// Why rules of the room do not count; recorded, and only for those who resolve bookings.
        override_reason: Option<Line> as String,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewBooking>,
) -> Result<Reply<BookingView>> {
    let wanted = Wanted {
        resource: new.room_id,
        user: new.user_id,
        when: When {
            start: new.start,
            end: new.end,
            local_start: new.local_start,
            local_end: new.local_end,
            fold: new.fold,
        },
        about: About { title: new.title, note: new.note, attendees: new.attendees },
        hold_seconds: new.hold_seconds,
        override_reason: new.override_reason,
    };
    let Done { record: booking, replayed } = book(&app, &asked(caller, IfMatch(None), idem), wanted).await?;
    let (path, version) = (format!("/bookings/{}", booking.id), booking.version);
    let view = BookingView::of(booking, app.clock.now());
    Ok(Reply::created(view, path).version(version).replayed(replayed))
}

request! {
    /// One of `user`, `room`, `location` with `day`, `state`, or `created_from` with `created_to`; one's own without any.
    pub(crate) struct ListQuery {
        /// Bookings for this user, latest first.
        user: Option<UserId> as String,
        /// Bookings of this room between `from` and `to`, by start.
        room: Option<ResourceId> as String,
        /// Bookings at this location on `day`, by room and start.
        location: Option<LocationId> as String,
        /// The local day.
        day: Option<Date> as String,
        /// Only those in this state; alone, and for those who read all bookings, all in this state, by end.
        state: Option<String> as String,
        /// Only those that end after this instant or start of the date.
        from: Option<Bound> as String,
        /// Only those that start before this instant or start of the date.
        to: Option<Bound> as String,
        /// Bookings made since this instant, oldest first.
        created_from: Option<Timestamp> as String,
        /// Bookings made before this instant, at most 31 days later.
        created_to: Option<Timestamp> as String,
        /// Some of `room`, `location` and `user`, with commas between: told in full with each booking.
        expand: Option<Expand> as String,
    }
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
    Query(query): Query<ListQuery>,
) -> Result<Listed<BookingView>> {
    let filter = Filter {
        user: query.user,
        room: query.room,
        location: query.location,
        day: query.day,
        state: query.state.as_deref().map(lists::state).transpose()?,
        from: query.from,
        to: query.to,
        created_from: query.created_from,
        created_to: query.created_to,
    };
    let expand = Expand::among(query.expand, &NAMED)?;
    let found = lists::list(&app, &caller, &filter, page.limit, page.after.clone()).await?;
    let known = expand::read(&app, &expand, found.items.iter().map(names)).await?;
    let now = app.clock.now();
    Ok(page.reply(found.map(|booking| BookingView::expanded(booking, now, &known))))
}

request! {
    /// How it is told.
    pub(crate) struct Telling {
        /// Some of `room`, `location` and `user`, with commas between: told in full with it.
        expand: Option<Expand> as String,
    }
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    Query(telling): Query<Telling>,
) -> Result<Reply<BookingView>> {
    let expand = Expand::among(telling.expand, &NAMED)?;
    let booking = lists::show(&app, &caller, id).await?;
    let known = expand::read(&app, &expand, [names(&booking)].into_iter()).await?;
    let version = booking.version;
    Ok(Reply::ok(BookingView::expanded(booking, app.clock.now(), &known)).version(version))
}

request! {
    /// A merge patch (RFC 7396): null takes away.
    pub(crate) struct BookingPatch {
        title: Patch<Line> as String,
        note: Patch<Note> as String,
        /// People who come; at most the room's capacity.
        attendees: Patch<u32> as u32,
    }
}

async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(patch): Json<BookingPatch>,
) -> Result<Reply<BookingView>> {
    let patch = Description { title: patch.title, note: patch.note, attendees: patch.attendees };
    let done = describe(&app, &asked(caller, if_match, idem), id, patch).await?;
    Ok(told(&app, done))
}

pub(crate) fn asked(caller: Caller, if_match: IfMatch, idem: Idempotency) -> Asked {
    Asked { caller, if_match, idem }
}

/// The booking as it stands now, with its version.
pub(crate) fn told(app: &App, done: Done) -> Reply<BookingView> {
    let version = done.record.version;
    Reply::ok(BookingView::of(done.record, app.clock.now())).version(version).replayed(done.replayed)
}
