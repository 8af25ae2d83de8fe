//! Conflicts, stuck bookings, and ways out.

use domain::text::Line;
use domain::{BookingId, Permission, ResourceId, Span, User};
use errors::{Error, FieldError};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Listed, PageQuery, Path, Query, Reply, Result, Route,
    Signed, State, get, post, request,
};

use crate::App;
use crate::tools::{self, Unblock, Way};
use crate::v2::bookings::{asked, told};
use crate::v2::view::BookingView;
use crate::when::{LocalTime, When};

pub(crate) fn routes() -> Vec<Route<App>> {
    let resolves = Access::Needs(Permission::ResolveBookings);
    vec![
        get("/bookings/conflicts", resolves, conflicts)
            .limited(Group::Search)
            .named("listConflicts", "What has some of a window, and who")
            .queried::<Window>()
            .answers::<Vec<Conflict>>(200),
        get("/bookings/stuck", resolves, stuck)
            .named("listStuck", "Confirmed bookings that are over")
            .answers::<Vec<BookingView>>(200),
        post("/bookings/{id}/unblock", resolves, unblock)
            .named("unblockBooking", "Complete or cancel a stuck booking")
            .keyed(Key::Accepted)
            .takes::<Unblocking>()
            .answers::<BookingView>(200),
        post("/bookings/{id}/force-cancel", resolves, force_cancel)
            .named("forceCancelBooking", "Give any booking back")
            .keyed(Key::Accepted)
            .takes::<Forced>()
            .answers::<BookingView>(200),
        post("/bookings/{id}/resolve", resolves, resolve)
            .named("resolveBooking", "Cancel, move or keep a booking that cannot stay as it is")
            .keyed(Key::Accepted)
            .takes::<Resolution>()
            .answers::<BookingView>(200),
    ]
}

request! {
    /// A window of a room, at most 14 days.
    pub(crate) struct Window {
        room: ResourceId as String,
        /// An instant with its offset.
        start: Timestamp as String,
        /// An instant with its offset.
        end: Timestamp as String,
    }
}

/// A booking that has some of the window, itself or by its buffers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Conflict {
    booking: BookingView,
    user: Option<PersonView>,
}

/// Who has it.
#[derive(Serialize, JsonSchema)]
struct PersonView {
    id: String,
    user_name: String,
    name: String,
    email: Option<String>,
}

impl PersonView {
    fn of(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            user_name: user.user_name.into(),
            name: user.name.into(),
            email: user.email.map(String::from),
        }
    }
}

async fn conflicts(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(window): Query<Window>,
) -> Result<Reply<Vec<Conflict>>> {
    let span = Span::new(window.start, window.end).ok_or_else(|| {
        Error::invalid_query(vec![FieldError::new(
            "/query/end",
            "not_after_start",
            "must be after the start",
        )])
    })?;
    let now = app.clock.now();
    let found = tools::conflicts(&app, &caller, window.room, span).await?;
    let found = found.into_iter().map(|(booking, user)| Conflict {
        booking: BookingView::of(booking, now),
        user: user.map(PersonView::of),
    });
    Ok(Reply::ok(found.collect()))
}

async fn stuck(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
) -> Result<Listed<BookingView>> {
    let found = tools::stuck(&app, &caller, page.limit, page.after.clone()).await?;
    let now = app.clock.now();
    Ok(page.reply(found.map(|booking| BookingView::of(booking, now))))
}

request! {
    /// What becomes of it.
    pub(crate) struct Unblocking {
        /// `complete` (unless said) or `cancel`.
        action: Option<UnblockAction> as UnblockAction,
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum UnblockAction {
    Complete,
    Cancel,
}

async fn unblock(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<Unblocking>,
) -> Result<Reply<BookingView>> {
    let how = match body.action {
        None | Some(UnblockAction::Complete) => Unblock::Complete,
        Some(UnblockAction::Cancel) => Unblock::Cancel,
    };
    let done = tools::unblock(&app, &asked(caller, if_match, idem), id, how).await?;
    Ok(told(&app, done))
}

request! {
    /// Why.
    pub(crate) struct Forced {
        reason: Line as String,
    }
}

async fn force_cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(forced): Json<Forced>,
) -> Result<Reply<BookingView>> {
    let done = tools::force_cancel(&app, &asked(caller, if_match, idem), id, forced.reason).await?;
    Ok(told(&app, done))
}

request! {
    /// A way out. Room and time are for `move` only.
    pub(crate) struct Resolution {
        /// `cancel`, `move`, or `override`: keep it as it is.
        action: ResolveAction as ResolveAction,
        /// Why; on record.
        reason: Line as String,
        /// The same room when unset.
        room_id: Option<ResourceId> as String,
        /// First instant, with its offset; the same time when unset.
        start: Option<Timestamp> as String,
        /// First instant after it.
        end: Option<Timestamp> as String,
        /// First instant by the wall clock of the room moved to.
        local_start: Option<LocalTime> as String,
        /// First instant after it by that wall clock.
        local_end: Option<LocalTime> as String,
        /// Which one of a local time that comes twice: 0 the first, 1 the second.
        fold: Option<u8> as u8,
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ResolveAction {
    Cancel,
    Move,
    Override,
}

impl Resolution {
    fn way(&self) -> errors::Result<Way> {
        let when = When {
            start: self.start,
            end: self.end,
            local_start: self.local_start,
            local_end: self.local_end,
            fold: self.fold,
        };
        let nowhere = self.room_id.is_none() && when.is_empty();
        match self.action {
            ResolveAction::Move if nowhere => {
                Err(Error::field("/room_id", "required", "send a room or a time to move to"))
            }
            ResolveAction::Move => Ok(Way::Move { resource: self.room_id, when }),
            _ if !nowhere => {
                Err(Error::field("/action", "invalid_value", "only move takes a room or a time"))
            }
            ResolveAction::Cancel => Ok(Way::Cancel),
            ResolveAction::Override => Ok(Way::Override),
        }
    }
}

async fn resolve(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<Resolution>,
) -> Result<Reply<BookingView>> {
    let way = body.way()?;
    let done = tools::resolve(&app, &asked(caller, if_match, idem), id, way, body.reason).await?;
    Ok(told(&app, done))
}
