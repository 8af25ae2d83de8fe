//! Private calendar feeds: one's own bookings, those of a room, or the nights of a room type that are not to be had, at an address
//! that is the secret.
//!
//! Whoever has the address reads the feed, until it is revoked, its owner is deactivated or may no longer read the room's
//! bookings. All of that is looked up at each reading.

use calendar::Appointment;
use domain::pool::{Cell, Cells, Nights};
use domain::{
    Booking, BookingState, Caller, Event, EventId, FeedId, LocationId, Permission, ResourceId, RoomTypeId,
    Span, User,
};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use store::{CalendarFeed, Ids, Outcome, Together, Tx};

use crate::App;
use web::Asked;

/// Most feeds of one person.
const MOST_FEEDS: usize = 20;
/// Most bookings in a feed.
const MOST_BOOKINGS: usize = 500;
/// A room's feed begins so long ago, and goes so far: each day is a query.
const PAST: SignedDuration = SignedDuration::from_hours(7 * 24);
const AHEAD: SignedDuration = SignedDuration::from_hours(28 * 24);
/// A room type's feed goes so many nights ahead.
const NIGHTS: i32 = 400;

/// Makes a feed of one's own bookings, or of a room's.
///
/// # Errors
/// `not_found` without such a room, `forbidden` unless its bookings may be read, `wrong_state` beyond [`MOST_FEEDS`].
pub(crate) async fn create(
    app: &App,
    asked: &Asked,
    (room, room_type): (Option<ResourceId>, Option<RoomTypeId>),
) -> Result<(CalendarFeed, bool)> {
    let (now, caller) = (app.clock.now(), &asked.caller);
    if let Some(room) = room {
        let room = app.store.resource(room).await?;
        caller.require_at(Permission::ReadBookings, room.location)?;
    }
    if let Some(room_type) = room_type {
        let room_type = app.store.room_type(room_type).await?;
        caller.require_at(Permission::ReadBookings, room_type.location)?;
    }
    let id = asked.idem.digest().map_or_else(|| FeedId::new(now, env::random()), FeedId::derived);
    let feeds = app.store.calendar_feeds_of(caller.user, MOST_FEEDS).await?;
    if let Some(made) = feeds.iter().find(|feed| feed.id == id) {
        return if asked.idem.is(made.request.as_deref()) {
            Ok((made.clone(), true))
        } else {
            Err(web::Idempotency::reused())
        };
    }
    if feeds.len() >= MOST_FEEDS {
        let message = format!("you have {MOST_FEEDS} calendar feeds; revoke one first");
        return Err(Error::new(Code::WrongState, message));
    }
    let feed = CalendarFeed {
        id,
        user: caller.user,
        resource: room,
        room_type,
        created_at: now,
        version: 1,
        request: asked.idem.request(),
    };
    let mut tx = Tx::new();
    tx.insert_calendar_feed(&app.store, &feed);
    tx.event(&app.store, &event(asked, &feed, "calendar_feed.created", 1, now));
    match app.store.commit(tx).await? {
        Outcome::Committed => Ok((feed, false)),
        Outcome::Replayed(item) => Ok((store::calendar_feed_from(item)?, true)),
    }
}

/// One's own feeds.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn list(app: &App, caller: &Caller) -> Result<Vec<CalendarFeed>> {
    app.store.calendar_feeds_of(caller.user, MOST_FEEDS).await
}

/// Revokes one's own feed: its address opens nothing from now on.
///
/// # Errors
/// `not_found`.
pub(crate) async fn revoke(app: &App, asked: &Asked, id: FeedId) -> Result<()> {
    let feeds = app.store.calendar_feeds_of(asked.caller.user, MOST_FEEDS).await?;
    let feed =
        feeds.into_iter().find(|feed| feed.id == id).ok_or_else(|| Error::not_found("calendar feed"))?;
    let mut tx = Tx::new();
    tx.delete_calendar_feed(&app.store, &feed);
    tx.event(&app.store, &event(asked, &feed, "calendar_feed.revoked", 2, app.clock.now()));
    app.store.commit(tx).await.map(drop)
}

fn event(asked: &Asked, feed: &CalendarFeed, kind: &str, sequence: u64, at: Timestamp) -> Event {
    Event {
        id: EventId::new(at, env::random()),
        kind: kind.to_owned(),
        subject: feed.id.to_string(),
        sequence,
        at,
        actor: asked.caller.actor(),
        data: json!({ "after": { "user": feed.user, "resource": feed.resource, "room_type": feed.room_type } }),
    }
}

/// The calendar behind a token.
///
/// # Errors
/// `not_found` for a token that was made up, `gone` for a feed that was revoked or whose owner may not read it any more.
pub(crate) async fn read(app: &App, token: &str) -> Result<String> {
    let (user, id) = app.keys.read_feed(token).ok_or_else(|| Error::not_found("calendar"))?;
    let gone = || Error::new(Code::Gone, "this calendar was revoked");
    let (feed, owner) = app.store.calendar_feed(user, id).await?.ok_or_else(gone)?;
    if !owner.active {
        return Err(gone());
    }
    if let Some(room_type) = feed.room_type {
        return of_type(app, &owner, room_type).await?.ok_or_else(gone);
    }
    let (bookings, room) = match feed.resource {
        None => (own(app, &owner).await?, None),
        Some(room) => {
            let room = app.store.resource(room).await?;
            if !reads(&owner, room.location) {
                return Err(gone());
            }
            (of_room(app, &room).await?, Some(room))
        }
    };
    let known = known(app, &bookings, room.is_some()).await?;
    let name = room.as_ref().map_or_else(|| owner.name.to_string(), |room| room.name.to_string());
    Ok(written(app, &name, &bookings, &known))
}

/// Whether bookings there may be read by whoever has the feed.
fn reads(owner: &User, location: LocationId) -> bool {
    owner.role.permissions().contains(&Permission::ReadBookings)
        && (!owner.role.is_scoped() || owner.scope.covers(location))
}

/// The nights of a room type that are not to be had: sold out, closed, or never offered; `None` where they may not be known.
async fn of_type(app: &App, owner: &User, id: RoomTypeId) -> Result<Option<String>> {
    let room_type = app.store.room_type(id).await?;
    if !reads(owner, room_type.location) {
        return Ok(None);
    }
    let (now, place) = (app.clock.now(), app.store.location(room_type.location).await?);
    let today = place.zone.local(now).date();
    let end = today.checked_add(NIGHTS.days()).map_err(Error::internal)?;
    let nights = Nights::new(today, end).ok_or_else(|| Error::internal("a feed without nights"))?;
    let pool = room_type.pool();
    let counts = ledger::counts(&app.store, &[(pool, Cells::Nights(nights))]).await?;
    let left = |night| counts.get(&pool)?.get(&Cell::Night(night)).map(domain::pool::Count::left);
    let mut gone: Vec<(Date, Date)> = Vec::new();
    for night in nights.dates().filter(|night| left(*night).unwrap_or(0) == 0) {
        let next = night.tomorrow().map_err(Error::internal)?;
        match gone.last_mut() {
            Some((_, to)) if *to == night => *to = next,
            _ => gone.push((night, next)),
        }
    }
    let name = format!("{}, {}", room_type.about.name, place.name);
    let of = (id.to_string(), app.calendar_domain.as_str());
    Ok(Some(calendar::days(&name, (&of.0, of.1), "Not available", gone, room_type.updated_at)))
}

/// The latest bookings of a person.
async fn own(app: &App, owner: &User) -> Result<Vec<Booking>> {
    let most = u32::try_from(MOST_BOOKINGS).unwrap_or(u32::MAX);
    Ok(app.store.bookings_of(owner.id, most, None).await?.items)
}

async fn of_room(app: &App, room: &domain::Resource) -> Result<Vec<Booking>> {
    let now = app.clock.now();
    let Some(span) = Span::new(now - PAST, now + AHEAD) else { return Ok(Vec::new()) };
    let look_back = SignedDuration::from_mins(i64::from(room.rules.max_length));
    app.store.bookings_in((room.location, &room.zone), room.id, span, look_back, MOST_BOOKINGS).await
}

/// Rooms and places of the bookings, and the people if they are not the owner's own.
async fn known(app: &App, bookings: &[Booking], people: bool) -> Result<Together> {
    let ids = Ids {
        resources: bookings.iter().map(|booking| booking.resource).collect(),
        locations: bookings.iter().map(|booking| booking.location).collect(),
        users: bookings.iter().filter(|_| people).map(|booking| booking.user).collect(),
        ..Ids::default()
    };
    app.store.together(&ids).await
}

fn written(app: &App, name: &str, bookings: &[Booking], known: &Together) -> String {
    let now = app.clock.now();
    let told: Vec<(&Booking, String, String, Option<String>)> = bookings
        .iter()
        .filter(|booking| booking.state_at(now) != BookingState::Expired)
        .map(|booking| {
            let room = known.resource(booking.resource).map(|room| room.name.to_string()).unwrap_or_default();
            let place = known.location(booking.location).map(|place| place.name.to_string());
            let title = booking.title.as_ref().map_or_else(|| room.clone(), ToString::to_string);
            let person = known.user(booking.user).map(|user| user.name.to_string());
            let at = place.map_or_else(|| room.clone(), |place| format!("{room}, {place}"));
            (booking, title, at, person)
        })
        .collect();
    let appointments = told.iter().map(|(booking, summary, location, description)| Appointment {
        booking,
        summary,
        location,
        description: description.as_deref(),
        url: None,
    });
    calendar::feed(name, &app.calendar_domain, appointments)
}
