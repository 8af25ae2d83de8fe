//! Booking, changing and giving back.

use domain::address::{Country, PostalCode};
use domain::text::{Line, Name, Note, Promo, Tag};
use domain::{Booking, BookingId, Caller, OrderId, Permission, PoolId, ResourceId, UserId};
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use orders::v1::{Asks, Chadawa, PaidBookingV1};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Asked, Fields, Group, Idempotency, IfMatch, Json, Key, Path, Query, ReplyV1, Route, Signed,
    State, post, put, request,
};

use super::shapes::{BookingV1, OnDate, status};
use crate::App;
use crate::book::{About, Wanted, book};
use crate::lists;
use crate::reschedule::{Target, reschedule};
use crate::steps;
use crate::when::When;

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    vec![
        post("/bookings", book, create)
            .limited(Group::Book)
            .named("createBookingV1", "Book a room on a date, or a seat of a session that is paid for later")
            .keyed(Key::Accepted)
            .takes::<NewBooking>()
            .answers::<Made>(201),
        put("/bookings/{id}", book, update)
            .limited(Group::Book)
            .named("updateBookingV1", "Move a booking, or set its status")
            .keyed(Key::Accepted)
            .takes::<Change>()
            .answers::<BookingV1>(200),
        put("/bookings/{id}/cancel", book, cancel)
            .limited(Group::Book)
            .named("cancelBookingV1", "Give a booking back")
            .keyed(Key::Accepted)
            .answers::<Changed>(200),
        put("/bookings/{id}/confirm", book, confirm)
            .limited(Group::Book)
            .named("confirmBookingV1", "Turn a hold into a booking")
            .keyed(Key::Accepted)
            .answers::<Changed>(200),
        put("/bookings/{id}/complete", Access::Needs(Permission::BookForOthers), complete)
            .named("completeBookingV1", "Say that a booking took place, with a recording of a session")
            .keyed(Key::Accepted)
            .queried::<Recording>()
            .answers::<Changed>(200),
    ]
}

request! {
    /// What to book: a room by its wall clock, with `room_id`, date and times; or a seat of a session, with `puja_id`.
    pub(crate) struct NewBooking {
        /// For whom; oneself when unset.
        user_id: Option<UserId> as String,
        room_id: Option<ResourceId> as String,
        /// `YYYY-MM-DD`
        booking_date: Option<Date> as String,
        /// `HH:MM` or `HH:MM:SS`
        start_time: Option<Time> as String,
        /// After `start_time`, on the same day.
        end_time: Option<Time> as String,
        /// Which one of a time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
        /// The session.
        puja_id: Option<PoolId> as String,
        /// The code of the plan; the only one when unset.
        plan_id: Option<Tag> as String,
        /// Add-ons with what is to be known about them.
        chadawas: Option<Vec<Chadawa>> as Vec<Chadawa>,
        /// Add-ons by their codes.
        chadawa_ids: Option<Vec<Tag>> as Vec<String>,
        /// The family's name, said in the ceremony.
        gotra: Option<Note> as String,
        /// What takes something off.
        promo_code: Option<Promo> as String,
        /// Where something of it is posted: required for add-ons that are, each of these with the next three.
        shipping_name: Option<Name> as String,
        /// Whom the carrier calls; ten digits are a number of India.
        shipping_mobile: Option<String> as String,
        shipping_address: Option<Line> as String,
        shipping_city: Option<Name> as String,
        shipping_state: Option<Name> as String,
        shipping_pincode: Option<PostalCode> as String,
        /// Two letters; `IN` when unset.
        shipping_country: Option<Country> as String,
    }
}

/// A booking of a room, or of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MadeV1")]
#[serde(untagged)]
pub(crate) enum Made {
    Room(Box<BookingV1>),
    Session(Box<PaidBookingV1>),
}

impl NewBooking {
    /// Room and time.
    ///
    /// # Errors
    /// `validation_failed` with every field that is missing.
    fn room(&self) -> Result<(ResourceId, OnDate)> {
        let mut fields = Fields::new();
        let missing = [
            ("/room_id", self.room_id.is_none()),
            ("/booking_date", self.booking_date.is_none()),
            ("/start_time", self.start_time.is_none()),
            ("/end_time", self.end_time.is_none()),
        ];
        for (pointer, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            fields.refuse(pointer, "required", "is required");
        }
        fields.check()?;
        let time = (self.room_id, self.booking_date, self.start_time, self.end_time);
        match time {
            (Some(room), Some(date), Some(start), Some(end)) => {
                Ok((room, OnDate { date, start, end, fold: self.fold }))
            }
            _ => Err(Error::internal("a request without its fields passed its checks")),
        }
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewBooking>,
) -> web::Result<ReplyV1<Made>> {
    if let Some(session) = new.puja_id {
        let asks = Asks {
            puja_id: session,
            plan_id: new.plan_id,
            chadawas: new.chadawas,
            chadawa_ids: new.chadawa_ids,
            gotra: new.gotra,
            promo_code: new.promo_code,
            shipping_name: new.shipping_name,
            shipping_mobile: new.shipping_mobile,
            shipping_address: new.shipping_address,
            shipping_city: new.shipping_city,
            shipping_state: new.shipping_state,
            shipping_pincode: new.shipping_pincode,
            shipping_country: new.shipping_country,
        };
        let (wanted, now) = (orders::Wanted { user: new.user_id, ..asks.wanted()? }, app.clock.now());
        let made = orders::make(&app.store, &asked(caller, idem), wanted, now).await.map_err(Asks::told)?;
        return Ok(ReplyV1::created(Made::Session(Box::new(PaidBookingV1::of(&made.record, now)))));
    }
    let (room, time) = new.room()?;
    let wanted = Wanted {
        resource: room,
        user: new.user_id,
        when: time.when()?,
        about: About::default(),
        hold_seconds: None,
        override_reason: None,
    };
    let done = book(&app, &asked(caller, idem), wanted).await?;
    Ok(ReplyV1::created(Made::Room(Box::new(BookingV1::one(&app, &done.record).await?))))
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

    fn session(id: OrderId, message: &'static str, status: &'static str) -> ReplyV1<Self> {
        ReplyV1::ok(Self { message, booking_id: id.to_string(), status })
    }
}

/// What a `booking_id` of version 1 names: rooms and sessions share their routes there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    Room(BookingId),
    Session(OrderId),
}

impl std::str::FromStr for Named {
    type Err = domain::id::InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Session).or_else(|_| text.parse().map(Self::Room))
    }
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    idem: Idempotency,
) -> web::Result<ReplyV1<Changed>> {
    let asked = asked(caller, idem);
    Ok(match named {
        Named::Room(id) => {
            Changed::told(&app, "Booking cancelled", &steps::cancel(&app, &asked, id, None).await?.record)
        }
        Named::Session(id) => {
            crate::orders::steps::cancel(&app, &asked, id, None).await?;
            Changed::session(id, "Booking cancelled", "Cancelled")
        }
    })
}

async fn confirm(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    idem: Idempotency,
) -> web::Result<ReplyV1<Changed>> {
    let asked = asked(caller, idem);
    Ok(match named {
        Named::Room(id) => {
            Changed::told(&app, "Booking confirmed", &steps::confirm(&app, &asked, id).await?.record)
        }
        Named::Session(id) => {
            crate::orders::steps::confirm(&app, &asked, id).await?;
            Changed::session(id, "Booking confirmed", "Confirmed")
        }
    })
}

request! {
    /// Where a recording of a session is.
    pub(crate) struct Recording {
        /// An https address.
        puja_link: Option<Line> as String,
    }
}

async fn complete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    idem: Idempotency,
    Query(recording): Query<Recording>,
) -> web::Result<ReplyV1<Changed>> {
    let asked = asked(caller, idem);
    Ok(match named {
        Named::Room(id) => {
            Changed::told(&app, "Booking completed", &steps::complete(&app, &asked, id).await?.record)
        }
        Named::Session(id) => {
            crate::orders::steps::complete(&app, &asked, id, recording.puja_link).await?;
            Changed::session(id, "Booking completed", "Completed")
        }
    })
}

/// In v1 nobody tells which version they know.
pub(crate) fn asked(caller: Caller, idem: Idempotency) -> Asked {
    Asked { caller, if_match: IfMatch(None), idem }
}
