//! Weekly series.

use std::collections::BTreeSet;

use domain::text::{Line, Note};
use domain::weekly::{Ends, Weekday};
use domain::{Permission, ResourceId, Series, SeriesId, UserId};
use errors::{Error, FieldError};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use web::{
    Access, Group, Idempotency, IfMatch, Json, Key, Path, Query, Reply, Result, Route, Signed, State, get,
    patch, post, request,
};

use crate::App;
use crate::book::About;
use crate::series::cancel::{self, cancel};
use crate::series::change::{self, Edit, change};
use crate::series::create::{Rule, Wanted, create};
use crate::series::{self, Occurred, Told};
use crate::v2::bookings::asked;
use crate::v2::view::BookingView;
use crate::when::LocalTime;

pub(crate) fn routes() -> Vec<Route<App>> {
    let book = Access::Needs(Permission::Book);
    vec![
        post("/series", book, make)
            .limited(Group::Book)
            .named("createSeries", "Book a room every so many weeks; each occurrence answers for itself")
            .keyed(Key::Required)
            .takes::<NewSeries>()
            .answers::<SeriesView>(201),
        get("/series/{id}", Access::SignedIn, show)
            .named("showSeries", "Read a series and its occurrences")
            .answers::<SeriesView>(200)
            .answers_empty(304),
        patch("/series/{id}", book, edit)
            .limited(Group::Book)
            .named("changeSeries", "Change what is to come of a series: all of it, or from a date on")
            .keyed(Key::Required)
            .queried::<Scope>()
            .takes::<SeriesPatch>()
            .answers::<SeriesView>(200),
        post("/series/{id}/cancel", book, give_back)
            .limited(Group::Book)
            .named("cancelSeries", "Give back one occurrence, those from a date on, or all")
            .keyed(Key::Accepted)
            .takes::<Cancellation>()
            .answers::<SeriesView>(200),
    ]
}

/// A series and what became of each occurrence.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SeriesView {
    id: String,
    room_id: String,
    location_id: String,
    user_id: String,
    booked_by: Option<String>,
    zone: String,
    /// Start of the first occurrence on the room's wall clock.
    local_start: String,
    length_minutes: u32,
    /// `MO` to `SU`.
    weekdays: Vec<String>,
    interval_weeks: u32,
    until: Option<String>,
    count: Option<u32>,
    /// Dates without an occurrence.
    exceptions: Vec<String>,
    /// DTSTART, RRULE and EXDATE (RFC 5545).
    rule: Vec<String>,
    title: Option<String>,
    note: Option<String>,
    attendees: Option<u32>,
    /// `active`, `ended` or `cancelled`.
    state: String,
    reason: Option<String>,
    /// The series that goes on where this one was ended.
    continued_by: Option<String>,
    created_at: String,
    updated_at: String,
    version: u64,
    occurrences: Vec<OccurrenceView>,
}

/// What became of an occurrence: its booking, or why there is none; both, where it could not follow a change. Neither, where
/// it was refused by an earlier request.
#[derive(Serialize, JsonSchema)]
struct OccurrenceView {
    date: String,
    booking: Option<BookingView>,
    refused: Option<RefusalView>,
}

#[derive(Serialize, JsonSchema)]
struct RefusalView {
    /// As in problems, e.g. `slot_taken`.
    code: String,
    message: String,
    /// As in problems: `taken` and `alternatives`, or `reasons`.
    details: Map<String, Value>,
}

impl SeriesView {
    fn of(series: Series, occurrences: Vec<Occurred>, now: Timestamp) -> Self {
        let (until, count) = match series.rule.ends {
            Ends::Until(date) => (Some(date.to_string()), None),
            Ends::Count(count) => (None, Some(count)),
        };
        Self {
            id: series.id.to_string(),
            room_id: series.resource.to_string(),
            location_id: series.location.to_string(),
            user_id: series.user.to_string(),
            booked_by: series.booked_by.map(|by| by.to_string()),
            zone: series.rule.zone.to_string(),
            local_start: series.rule.start.to_string(),
            length_minutes: series.rule.length_minutes,
            weekdays: series.rule.weekdays.iter().map(|day| day.as_str().to_owned()).collect(),
            interval_weeks: series.rule.interval_weeks,
            until,
            count,
            exceptions: series.rule.exceptions.iter().map(ToString::to_string).collect(),
            rule: series.rule.lines(),
            title: series.title.map(Into::into),
            note: series.note.map(Into::into),
            attendees: series.attendees,
            state: series.state.as_str().to_owned(),
            reason: series.reason.map(Into::into),
            continued_by: series.continued_by.map(|id| id.to_string()),
            created_at: series.created_at.to_string(),
            updated_at: series.updated_at.to_string(),
            version: series.version,
            occurrences: occurrences.into_iter().map(|occurred| OccurrenceView::of(occurred, now)).collect(),
        }
    }
}

impl OccurrenceView {
    fn of(occurred: Occurred, now: Timestamp) -> Self {
        Self {
            date: occurred.date.to_string(),
            booking: occurred.booking.map(|booking| BookingView::of(booking, now)),
            refused: occurred.refused.map(|error| RefusalView {
                code: error.code().as_str().to_owned(),
                message: error.to_string(),
                details: error.details().clone(),
            }),
        }
    }
}

fn reply(app: &App, told: Told) -> Reply<SeriesView> {
    let version = told.series.version;
    let view = SeriesView::of(told.series, told.occurrences, app.clock.now());
    Reply::ok(view).version(version).replayed(told.replayed)
}

request! {
    /// What to book, when, by the room's wall clock. Send either `until` or `count`; at most 100 occurrences.
    pub(crate) struct NewSeries {
        room_id: ResourceId as String,
        /// For whom; oneself when unset.
        user_id: Option<UserId> as String,
        title: Option<Line> as String,
        note: Option<Note> as String,
        attendees: Option<u32> as u32,
        /// Start of the first occurrence, without offset.
        local_start: LocalTime as String,
        length_minutes: u32 as u32,
        /// `MO` to `SU`; the day of the start when unset.
        weekdays: Option<BTreeSet<Weekday>> as Vec<String>,
        /// 1 is every week, and what holds when unset.
        interval_weeks: Option<u32> as u32,
        /// The last date on which an occurrence may start.
        until: Option<Date> as String,
        /// After so many occurrences.
        count: Option<u32> as u32,
        /// Dates without an occurrence.
        exceptions: Option<BTreeSet<Date>> as Vec<String>,
        /// Whether one refused occurrence refuses all; about 30 occurrences fit into one transaction.
        all_or_nothing: Option<bool> as bool,
    }
}

async fn make(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewSeries>,
) -> Result<Reply<SeriesView>> {
    let wanted = Wanted {
        resource: new.room_id,
        user: new.user_id,
        about: About { title: new.title, note: new.note, attendees: new.attendees },
        rule: Rule {
            start: new.local_start,
            length_minutes: new.length_minutes,
            weekdays: new.weekdays,
            interval_weeks: new.interval_weeks,
            until: new.until,
            count: new.count,
            exceptions: new.exceptions.unwrap_or_default(),
        },
        all_or_nothing: new.all_or_nothing.unwrap_or(false),
    };
    let told = create(&app, &asked(caller, IfMatch(None), idem), wanted).await?;
    let (path, version) = (format!("/series/{}", told.series.id), told.series.version);
    let view = SeriesView::of(told.series, told.occurrences, app.clock.now());
    Ok(Reply::created(view, path).version(version).replayed(told.replayed))
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<SeriesId>,
) -> Result<Reply<SeriesView>> {
    let told = series::show(&app, &caller, id).await?;
    let view = SeriesView::of(told.series, told.occurrences, app.clock.now());
    // No ETag: it would be the series' version, which says nothing of its occurrences.
    Ok(Reply::ok(view))
}

request! {
    /// How much of the series.
    pub(crate) struct Scope {
        /// `all`, or `following`. One occurrence is moved as the booking that it is.
        scope: Option<ScopeOf> as ScopeOf,
        /// The first date of `following`.
        from: Option<Date> as String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ScopeOf {
    All,
    Following,
}

request! {
    /// A merge patch (RFC 7396). Weekdays do not change: that is another series.
    pub(crate) struct SeriesPatch {
        /// Another room.
        room_id: Option<ResourceId> as String,
        /// Another start by the room's wall clock, e.g. `09:30`.
        local_time: Option<Time> as String,
        length_minutes: Option<u32> as u32,
        title: Patch<Line> as String,
        note: Patch<Note> as String,
        attendees: Patch<u32> as u32,
    }
}

async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<SeriesId>,
    if_match: IfMatch,
    idem: Idempotency,
    Query(scope): Query<Scope>,
    Json(patch): Json<SeriesPatch>,
) -> Result<Reply<SeriesView>> {
    let wrong = |field: &str, code, message: &str| {
        Error::invalid_query(vec![FieldError::new(format!("/query/{field}"), code, message)])
    };
    let extent = match (scope.scope.unwrap_or(ScopeOf::All), scope.from) {
        (ScopeOf::All, None) => change::Extent::All,
        (ScopeOf::Following, Some(from)) => change::Extent::Following(from),
        (ScopeOf::All, Some(_)) => return Err(wrong("from", "unexpected", "belongs to following").into()),
        (ScopeOf::Following, None) => return Err(wrong("from", "required", "send the first date").into()),
    };
    let edit = Edit {
        resource: patch.room_id,
        local_time: patch.local_time,
        length_minutes: patch.length_minutes,
        title: patch.title,
        note: patch.note,
        attendees: patch.attendees,
    };
    Ok(reply(&app, change(&app, &asked(caller, if_match, idem), id, extent, edit).await?))
}

request! {
    /// How much of it, and why.
    pub(crate) struct Cancellation {
        /// `this`, `following` or `all`.
        scope: CancelScope as CancelScope,
        /// The date of `this`, the first date of `following`.
        date: Option<Date> as String,
        reason: Option<Line> as String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CancelScope {
    This,
    Following,
    All,
}

async fn give_back(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<SeriesId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(body): Json<Cancellation>,
) -> Result<Reply<SeriesView>> {
    let extent = match (body.scope, body.date) {
        (CancelScope::All, None) => cancel::Extent::All,
        (CancelScope::This, Some(date)) => cancel::Extent::This(date),
        (CancelScope::Following, Some(date)) => cancel::Extent::Following(date),
        (CancelScope::All, Some(_)) => {
            return Err(Error::field("/date", "unexpected", "all of the series has no date").into());
        }
        (_, None) => return Err(Error::field("/date", "required", "send the date").into()),
    };
    let told = cancel(&app, &asked(caller, if_match, idem), id, extent, body.reason).await?;
    Ok(reply(&app, told))
}
