//! Private calendar feeds.

use domain::{FeedId, ResourceId, RoomTypeId};
use errors::Error;
use schemars::JsonSchema;
use serde::Serialize;
use store::CalendarFeed;
use web::{
    Access, HeaderMap, HeaderValue, Idempotency, IfMatch, Json, Key, Path, Plain, Reply, Result, Route,
    Signed, State, StatusCode, delete, get, post, request,
};

use crate::App;
use crate::feeds;
use crate::v2::bookings::asked;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        post("/calendar-feeds", Access::SignedIn, create)
            .named(
                "createCalendarFeed",
                "Make a private calendar of one's own bookings, of a room's, or of a room type's nights",
            )
            .keyed(Key::Accepted)
            .takes::<NewFeed>()
            .answers::<FeedView>(201),
        get("/calendar-feeds", Access::SignedIn, list)
            .named("listCalendarFeeds", "List one's own calendar feeds")
            .answers::<Vec<FeedView>>(200),
        delete("/calendar-feeds/{id}", Access::SignedIn, revoke)
            .named("revokeCalendarFeed", "Revoke a calendar feed: its address opens nothing from then on")
            .answers_empty(204),
        get("/calendar/{file}", Access::Anyone, read)
            .named("readCalendar", "The calendar at a secret address, for calendar programs")
            .answers_empty(200)
            .answers_empty(304),
    ]
}

request! {
    /// Which bookings.
    pub(crate) struct NewFeed {
        /// Those of this room; one's own when unset.
        room_id: Option<ResourceId> as String,
        /// Nights of this room type that are not to be had, for channels; without anybody's name.
        room_type_id: Option<RoomTypeId> as String,
    }
}

/// A private calendar.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CalendarFeed")]
pub(crate) struct FeedView {
    id: String,
    /// The room whose bookings are in it; one's own when unset.
    room_id: Option<String>,
    /// The room type whose nights that are not to be had are in it.
    room_type_id: Option<String>,
    /// The path of the calendar. It is the secret: whoever has it reads the calendar.
    path: String,
    created_at: String,
}

impl FeedView {
    fn of(app: &App, feed: &CalendarFeed) -> Self {
        Self {
            id: feed.id.to_string(),
            room_id: feed.resource.map(|room| room.to_string()),
            room_type_id: feed.room_type.map(|room_type| room_type.to_string()),
            path: format!("/v2/calendar/{}.ics", app.keys.feed(feed.user, feed.id)),
            created_at: feed.created_at.to_string(),
        }
    }
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<NewFeed>,
) -> Result<Reply<FeedView>> {
    if new.room_id.is_some() && new.room_type_id.is_some() {
        return Err(Error::field("/room_type_id", "not_together", "goes without room_id").into());
    }
    let of = (new.room_id, new.room_type_id);
    let (feed, replayed) = feeds::create(&app, &asked(caller, IfMatch(None), idem), of).await?;
    let path = format!("/calendar-feeds/{}", feed.id);
    Ok(Reply::created(FeedView::of(&app, &feed), path).replayed(replayed))
}

async fn list(State(app): State<App>, Signed(caller): Signed) -> Result<Reply<Vec<FeedView>>> {
    let feeds = feeds::list(&app, &caller).await?;
    Ok(Reply::ok(feeds.iter().map(|feed| FeedView::of(&app, feed)).collect()))
}

async fn revoke(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<FeedId>,
    idem: Idempotency,
) -> Result<StatusCode> {
    feeds::revoke(&app, &asked(caller, IfMatch(None), idem), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read(State(app): State<App>, Path(file): Path<String>) -> Result<(HeaderMap, Plain)> {
    let token = file.strip_suffix(".ics").ok_or_else(|| Error::not_found("calendar"))?;
    let text = feeds::read(&app, token).await?;
    let mut headers = HeaderMap::new();
    headers.insert("cache-control", HeaderValue::from_static("private, max-age=300"));
    Ok((headers, Plain { kind: "text/calendar; charset=utf-8", text }))
}
