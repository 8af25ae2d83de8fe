//! Confirming, moving, giving back, completing.

use domain::text::Line;
use domain::{BookingId, Permission, ResourceId};
use jiff::Timestamp;
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Path, Reply, Result, Route, Signed, State, post, request,
};

use crate::App;
use crate::reschedule::{self, Target};
use crate::steps;
use crate::v2::bookings::{asked, told};
use crate::v2::view::BookingView;
use crate::when::{LocalTime, When};

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    let desk = Access::Needs(Permission::BookForOthers);
    vec![
        post("/bookings/{id}/confirm", book, confirm)
            .limited(Group::Book)
            .named("confirmBooking", "Turn a hold into a booking")
            .keyed(Key::Accepted)
            .answers::<BookingView>(200),
        post("/bookings/{id}/reschedule", book, reschedule)
            .limited(Group::Book)
            .named("rescheduleBooking", "Move a booking in time or to another room")
            .keyed(Key::Required)
            .takes::<Move>()
            .answers::<BookingView>(200),
        post("/bookings/{id}/cancel", book, cancel)
            .limited(Group::Book)
            .named("cancelBooking", "Give a booking back")
            .keyed(Key::Accepted)
            .takes::<Cancellation>()
            .answers::<BookingView>(200),
        post("/bookings/{id}/complete", desk, complete)
            .named("completeBooking", "Say that a booking took place")
            .keyed(Key::Accepted)
            .answers::<BookingView>(200),
        post("/bookings/{id}/no-show", desk, no_show)
            .named("markNoShow", "Say that nobody came")
            .keyed(Key::Accepted)
            .answers::<BookingView>(200),
    ]
}

async fn confirm(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<BookingView>> {
    let done = steps::confirm(&app, &asked(caller, if_match, idem), id).await?;
    Ok(told(&app, done))
}

request! {
    /// Where to. The room or the time may be left as it is.
    pub(crate) struct Move {
        /// The same room when unset.
        room_id: Option<ResourceId> as String,
        /// First instant, with its offset (RFC 3339).
        start: Option<Timestamp> as String,
        /// First instant after it.
        end: Option<Timestamp> as String,
        /// First instant by the wall clock of the room moved to, without offset.
        local_start: Option<LocalTime> as String,
        /// First instant after it by that wall clock.
        local_end: Option<LocalTime> as String,
        /// Which one of a local time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
        /// Why rules of the room do not count; recorded, and only for those who resolve bookings.
        override_reason: Option<Line> as String,
    }
}

impl Move {
    fn target(self) -> Target {
        Target {
            resource: self.room_id,
            when: When {
                start: self.start,
                end: self.end,
                local_start: self.local_start,
                local_end: self.local_end,
                fold: self.fold,
            },
            override_reason: self.override_reason,
        }
    }
}

async fn reschedule(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(to): Json<Move>,
) -> Result<Reply<BookingView>> {
    let done = reschedule::reschedule(&app, &asked(caller, if_match, idem), id, to.target()).await?;
    Ok(told(&app, done))
}

request! {
    /// Why.
    pub(crate) struct Cancellation {
        reason: Option<Line> as String,
    }
}

async fn cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(cancellation): Json<Cancellation>,
) -> Result<Reply<BookingView>> {
    let done = steps::cancel(&app, &asked(caller, if_match, idem), id, cancellation.reason).await?;
    Ok(told(&app, done))
}

async fn complete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<BookingView>> {
    let done = steps::complete(&app, &asked(caller, if_match, idem), id).await?;
    Ok(told(&app, done))
}

async fn no_show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
) -> Result<Reply<BookingView>> {
    let done = steps::mark_no_show(&app, &asked(caller, if_match, idem), id).await?;
    Ok(told(&app, done))
}
