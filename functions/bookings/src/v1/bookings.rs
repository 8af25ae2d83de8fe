//! Booking, changing and giving back.

use domain::{Booking, BookingId, Caller, Permission, ResourceId, UserId};
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Access, Idempotency, IfMatch, Json, Key, Path, ReplyV1, Route, Signed, State, post, put, request};

use super::shapes::{BookingV1, OnDate, status};
use crate::App;
use crate::book::{About, Wanted, book};
use crate::change::Asked;
use crate::lists;
use crate::reschedule::{Target, reschedule};
use crate::steps;
use crate::when::When;

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    vec![
        post("/bookings", book, create)
            .named("createBookingV1", "Book a room on a date")
            .keyed(Key::Accepted)
            .takes::<NewBooking>()
            .answers::<BookingV1>(201),
        put("/bookings/{id}", book, update)
            .named("updateBookingV1", "Move a booking, or set its status")
            .keyed(Key::Accepted)
            .takes::<Change>()
            .answers::<BookingV1>(200),
        put("/bookings/{id}/cancel", book, cancel)
            .named("cancelBookingV1", "Give a booking back")
            .keyed(Key::Accepted)
            .answers::<Changed>(200),
        put("/bookings/{id}/confirm", book, confirm)
            .named("confirmBookingV1", "Turn a hold into a booking")
            .keyed(Key::Accepted)
            .answers::<Changed>(200),
        put("/bookings/{id}/complete", Access::Needs(Permission::BookForOthers), complete)
            .named("completeBookingV1", "Say that a booking took place")
            .keyed(Key::Accepted)
            .answers::<Changed>(200),
    ]
}

request! {
    /// What to book, when, by the room's wall clock.
    pub(crate) struct NewBooking {
        /// For whom; oneself when unset.
        user_id: Option<UserId> as String,
        room_id: ResourceId as String,
        /// `YYYY-MM-DD`
        booking_date: Date as String,
        /// `HH:MM` or `HH:MM:SS`
        start_time: Time as String,
        /// After `start_time`, on the same day.
        end_time: Time as String,
        /// Which one of a time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewBooking>,
) -> web::Result<ReplyV1<BookingV1>> {
    let time = OnDate { date: new.booking_date, start: new.start_time, end: new.end_time, fold: new.fold };
    let wanted = Wanted {
        resource: new.room_id,
        user: new.user_id,
        when: time.when()?,
        about: About::default(),
        hold_seconds: None,
        override_reason: None,
    };
    let done = book(&app, &asked(caller, idem), wanted).await?;
    Ok(ReplyV1::created(BookingV1::one(&app, &done.record).await?))
}

request! {
    /// What changes: room and time, or the status.
    pub(crate) struct Change {
        room_id: Option<ResourceId> as String,
        /// `YYYY-MM-DD`
        booking_date: Option<Date> as String,
        /// `HH:MM` or `HH:MM:SS`
        start_time: Option<Time> as String,
        /// After `start_time`, on the same day.
        end_time: Option<Time> as String,
        /// Which one of a time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
        status: Option<Status> as Status,
    }
}

/// A status that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "StatusV1")]
pub(crate) enum Status {
    Confirmed,
    Cancelled,
    Completed,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "Confirmed",
            Self::Cancelled => "Cancelled",
            Self::Completed => "Completed",
        }
    }
}

async fn update(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
    Json(change): Json<Change>,
) -> web::Result<ReplyV1<BookingV1>> {
    let booking = changed(&app, &asked(caller, idem), id, change).await?;
    Ok(ReplyV1::ok(BookingV1::one(&app, &booking).await?))
}

/// Moves a booking, or takes it to the status asked for by the one transition that leads there.
pub(crate) async fn changed(app: &App, asked: &Asked, id: BookingId, change: Change) -> Result<Booking> {
    let before = lists::show(app, &asked.caller, id).await?;
    let wanted = change.status.filter(|wanted| wanted.as_str() != status(&before, app.clock.now()));
    match (wanted, change.moves()) {
        (Some(_), true) => {
            Err(Error::field("/status", "unexpected", "change either the status, or room and time"))
        }
        (None, false) => Ok(before),
        (None, true) => {
            let target = change.target(&before)?;
            Ok(reschedule(app, asked, id, target).await?.record)
        }
        (Some(Status::Cancelled), false) => Ok(steps::cancel(app, asked, id, None).await?.record),
        (Some(Status::Completed), false) => Ok(steps::complete(app, asked, id).await?.record),
        (Some(Status::Confirmed), false) => Ok(steps::confirm(app, asked, id).await?.record),
    }
}

impl Change {
    /// A move, and no change of the status.
    pub(crate) fn of(
        room_id: Option<ResourceId>,
        booking_date: Option<Date>,
        start_time: Option<Time>,
        end_time: Option<Time>,
    ) -> Self {
        Self { room_id, booking_date, start_time, end_time, fold: None, status: None }
    }

    fn moves(&self) -> bool {
        self.room_id.is_some() || self.is_timed()
    }

    fn is_timed(&self) -> bool {
        self.booking_date.is_some() || self.start_time.is_some() || self.end_time.is_some()
    }

    /// Where to: what is not told stays as it is on the wall clock.
    pub(crate) fn target(&self, before: &Booking) -> Result<Target> {
        let when = if self.is_timed() {
            let local = |at: Timestamp| before.zone.local(at);
            let (start, end) = (local(before.span.start()), local(before.span.end()));
            let time = OnDate {
                date: self.booking_date.unwrap_or(start.date()),
                start: self.start_time.unwrap_or(start.time()),
                end: self.end_time.unwrap_or(end.time()),
                fold: self.fold,
            };
            time.when()?
        } else {
            When::default()
        };
        Ok(Target { resource: self.room_id, when, override_reason: None })
    }
}

/// What became of a booking.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ChangedBookingV1")]
pub(crate) struct Changed {
    message: &'static str,
    booking_id: String,
    status: &'static str,
}

impl Changed {
    pub(crate) fn told(app: &App, message: &'static str, booking: &Booking) -> ReplyV1<Self> {
        let status = status(booking, app.clock.now());
        ReplyV1::ok(Self { message, booking_id: booking.id.to_string(), status })
    }
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
) -> web::Result<ReplyV1<Changed>> {
    let done = steps::cancel(&app, &asked(caller, idem), id, None).await?;
    Ok(Changed::told(&app, "Booking cancelled", &done.record))
}

async fn confirm(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
) -> web::Result<ReplyV1<Changed>> {
    let done = steps::confirm(&app, &asked(caller, idem), id).await?;
    Ok(Changed::told(&app, "Booking confirmed", &done.record))
}

async fn complete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
) -> web::Result<ReplyV1<Changed>> {
    let done = steps::complete(&app, &asked(caller, idem), id).await?;
    Ok(Changed::told(&app, "Booking completed", &done.record))
}

/// In v1 nobody tells which version they know.
pub(crate) fn asked(caller: Caller, idem: Idempotency) -> Asked {
    Asked { caller, if_match: IfMatch(None), idem }
}
