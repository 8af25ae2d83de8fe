//! The administrator's tools.

use domain::text::Line;
use domain::{BookingId, Permission, ResourceId};
use errors::{Error, Result};
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Access, Group, Idempotency, Json, Key, Path, Query, ReplyV1, Route, Signed, State, get, put, request,
};

use super::bookings::{Change, Changed, asked, changed};
use super::lists::{Bookings, Pages, page};
use super::shapes::{BookingV1, GATHERED, WindowV1};
use crate::App;
use crate::access::may;
use crate::lists;
use crate::tools::{self, Unblock, Way};

pub(crate) fn routes() -> Vec<Route<App>> {
    let resolves = Access::Needs(Permission::ResolveBookings);
    vec![
        get("/admin/bookings/conflicts", resolves, conflicts)
            .limited(Group::Search)
            .named("listConflictsV1", "What has some of a window, and who")
            .queried::<WindowV1>()
            .answers::<Conflicts>(200),
        get("/admin/bookings/stuck", resolves, stuck)
            .named("listStuckV1", "Confirmed bookings that are over")
            .queried::<Pages>()
            .answers::<Bookings>(200),
        put("/admin/bookings/{id}", resolves, update)
            .named("updateAnyBookingV1", "Move any booking, or set its status")
            .keyed(Key::Accepted)
            .takes::<Change>()
            .answers::<BookingV1>(200),
        put("/admin/bookings/{id}/force-cancel", resolves, force_cancel)
            .named("forceCancelBookingV1", "Give any booking back")
            .keyed(Key::Accepted)
            .takes::<Forced>()
            .answers::<Changed>(200),
        put("/admin/bookings/{id}/resolve", resolves, resolve)
            .named("resolveBookingV1", "Cancel, modify or keep a booking that cannot stay as it is")
            .keyed(Key::Accepted)
            .takes::<Resolution>()
            .answers::<BookingV1>(200),
        put("/admin/bookings/{id}/unblock", resolves, unblock)
            .named("unblockBookingV1", "Complete or cancel a stuck booking")
            .keyed(Key::Accepted)
            .takes::<Unblocking>()
            .answers::<Changed>(200),
    ]
}

/// What has some of a window.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConflictsV1")]
#[expect(clippy::struct_field_names, reason = "the source system's names")]
pub(crate) struct Conflicts {
    conflicts: Vec<BookingV1>,
    count: usize,
    room_id: String,
    date: String,
    start_time: String,
    end_time: String,
}

async fn conflicts(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(window): Query<WindowV1>,
) -> web::Result<ReplyV1<Conflicts>> {
    let room = app.room(window.room_id).await?;
    let span = window.on_date().span_of_query(&room)?;
    let found = tools::conflicts(&app, &caller, window.room_id, span).await?;
    let found: Vec<_> = found.into_iter().map(|(booking, _)| booking).collect();
    Ok(ReplyV1::ok(Conflicts {
        conflicts: BookingV1::all(&app, &found).await?,
        count: found.len(),
        room_id: window.room_id.to_string(),
        date: window.date.to_string(),
        start_time: window.start_time.to_string(),
        end_time: window.end_time.to_string(),
    }))
}

async fn stuck(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<Bookings>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let found = tools::stuck(&app, &caller, 500, after).await?;
        all.extend(found.items);
        after = found.next;
        if after.is_none() || all.len() >= GATHERED {
            break;
        }
    }
    all.truncate(GATHERED);
    Ok(page(&app, all, &pages, None).await?)
}

async fn update(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
    Json(change): Json<Change>,
) -> web::Result<ReplyV1<BookingV1>> {
    let before = lists::show(&app, &caller, id).await?;
    may(&caller, Permission::ResolveBookings, &before)?;
    let booking = changed(&app, &asked(caller, idem), id, change).await?;
    Ok(ReplyV1::ok(BookingV1::one(&app, &booking).await?))
}

request! {
    /// Why, if told.
    pub(crate) struct Forced {
        reason: Option<Line> as String,
    }
}

/// The reason on record where v1 was told none.
fn or_unsaid(reason: Option<Line>) -> Result<Line> {
    reason.map_or_else(|| "no reason given".parse().map_err(Error::internal), Ok)
}

async fn force_cancel(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
    Json(forced): Json<Forced>,
) -> web::Result<ReplyV1<Changed>> {
    let reason = or_unsaid(forced.reason)?;
    let done = tools::force_cancel(&app, &asked(caller, idem), id, reason).await?;
    Ok(Changed::told(&app, "Booking cancelled by an administrator", &done.record))
}

request! {
    /// A way out. Room and time are for `modify` only.
    pub(crate) struct Resolution {
        action: Action as Action,
        /// Why; on record.
        reason: Option<Line> as String,
        room_id: Option<ResourceId> as String,
        /// `YYYY-MM-DD`
        booking_date: Option<Date> as String,
        /// `HH:MM` or `HH:MM:SS`
        start_time: Option<Time> as String,
        /// After `start_time`, on the same day.
        end_time: Option<Time> as String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "ResolveActionV1")]
#[serde(rename_all = "snake_case")]
enum Action {
    Cancel,
    Modify,
    Override,
}

async fn resolve(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
    Json(body): Json<Resolution>,
) -> web::Result<ReplyV1<BookingV1>> {
    let way = match body.action {
        Action::Cancel => Way::Cancel,
        Action::Override => Way::Override,
        Action::Modify => {
            let before = lists::show(&app, &caller, id).await?;
            let target = Change::of(body.room_id, body.booking_date, body.start_time, body.end_time);
            let target = target.target(&before)?;
            Way::Move { resource: target.resource, when: target.when }
        }
    };
    let reason = or_unsaid(body.reason)?;
    let done = tools::resolve(&app, &asked(caller, idem), id, way, reason).await?;
    Ok(ReplyV1::ok(BookingV1::one(&app, &done.record).await?))
}

request! {
    /// What becomes of it.
    pub(crate) struct Unblocking {
        /// `complete` (unless said) or `cancel`.
        action: Option<UnblockAction> as UnblockAction,
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[schemars(rename = "UnblockActionV1")]
#[serde(rename_all = "snake_case")]
enum UnblockAction {
    Complete,
    Cancel,
}

async fn unblock(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<BookingId>,
    idem: Idempotency,
    Json(body): Json<Unblocking>,
) -> web::Result<ReplyV1<Changed>> {
    let how = match body.action {
        None | Some(UnblockAction::Complete) => Unblock::Complete,
        Some(UnblockAction::Cancel) => Unblock::Cancel,
    };
    let done = tools::unblock(&app, &asked(caller, idem), id, how).await?;
    Ok(Changed::told(&app, "Booking unblocked", &done.record))
}
