//! Reviews on the wire: each caller gets the fields that `domain::review` lets them see.

use domain::review::{Rating, Report, Sight, visible_to};
use domain::text::{Line, Note};
use domain::{BookingId, Caller, ResourceId, Review, ReviewId, UserId};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::Serialize;
use web::{
    Idempotency, IfMatch, Json, MaybeSigned, PageQuery, Patch, Path, Query, Reply, Result, Signed, State,
};

use crate::moderation::{self, Action};
use crate::reviews::{self as cases, Which};
use crate::{App, reviews};

/// A review. What the caller may not see is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Review")]
pub(crate) struct View {
    id: String,
    room_id: String,
    /// Its author.
    user_id: String,
    /// 1 to 5.
    rating: u8,
    /// As it was written: escape it for where you show it.
    text: Option<String>,
    created_at: String,
    updated_at: String,
    version: u64,
    /// For its author and those who read all reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_id: Option<String>,
    /// `visible`, `hidden` or `removed`; for its author and those who read all reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<String>,
    /// For those who read all reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<FlagView>,
    /// The last decision; for those who read all reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    moderated: Option<ModeratedView>,
}

/// The wish that a moderator look.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Flag")]
pub(crate) struct FlagView {
    by: String,
    reason: String,
    at: String,
}

/// Who decided, and when.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Moderated")]
pub(crate) struct ModeratedView {
    by: String,
    at: String,
}

/// A room's reviews in figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewReport")]
pub(crate) struct ReportView {
    room_id: String,
    /// For everybody to see.
    visible: u64,
    /// Visible reviews with 1, 2, 3, 4 and 5 stars.
    stars: [u64; 5],
    /// Average of visible ratings in thousandths of a star; null without any.
    average_milli: Option<u64>,
    /// For those who read all reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<ModerationView>,
}

/// What only those who read all reviews see of the figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModerationFigures")]
pub(crate) struct ModerationView {
    /// All reviews ever written.
    total: u64,
    /// Awaiting a moderator.
    flagged: u64,
    hidden: u64,
    removed: u64,
    /// Those on which a moderator's last decision stands.
    moderated: u64,
}

web::request! {
    /// Whose reviews to list.
    pub(crate) struct Whose {
        /// This person's: one's own, or anybody's for those who read all reviews. All reviews without.
        user: Option<UserId> as String,
    }
}

web::request! {
    /// A new review.
    pub(crate) struct New {
        /// One's own completed booking.
        booking_id: BookingId as String,
        /// 1 to 5.
        rating: Rating as u8,
        /// At most 1,000 characters.
        text: Option<Note> as String,
    }
}

web::request! {
    /// Changes to a review (RFC 7396).
    pub(crate) struct Changes {
        /// 1 to 5.
        rating: Patch<Rating> as u8,
        /// At most 1,000 characters.
        text: Patch<Note> as String,
    }
}

web::request! {
    /// Why a moderator should look.
    pub(crate) struct Why {
        /// At most 200 characters.
        reason: Line as String,
    }
}

web::request! {
    /// A moderator's decision.
    pub(crate) struct Decision {
        /// What to do.
        action: Action as Action,
    }
}

pub(crate) async fn of_room(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    Path(room): Path<ResourceId>,
    page: PageQuery,
) -> Result<web::Listed<View>> {
    app.store.resource_exists(room).await?;
    listed(&app, caller.as_ref(), Which::OfRoom(room), &page).await
}

pub(crate) async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(whose): Query<Whose>,
    page: PageQuery,
) -> Result<web::Listed<View>> {
    listed(&app, Some(&caller), whose.user.map_or(Which::All, Which::By), &page).await
}

pub(crate) async fn flagged(
    State(app): State<App>,
    Signed(caller): Signed,
    page: PageQuery,
) -> Result<web::Listed<View>> {
    listed(&app, Some(&caller), Which::Flagged, &page).await
}

async fn listed(
    app: &App,
    caller: Option<&Caller>,
    which: Which,
    page: &PageQuery,
) -> Result<web::Listed<View>> {
    let found = reviews::page(app, caller, which, page.limit, page.after.clone()).await?;
    Ok(page.reply(found.map(|(review, sight)| View::of(&review, sight))))
}

pub(crate) async fn report(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    Path(room): Path<ResourceId>,
) -> Result<Reply<ReportView>> {
    let (report, reads) = cases::report(&app, caller.as_ref(), room).await?;
    Ok(Reply::ok(ReportView::of(room, &report, reads)))
}

pub(crate) async fn write(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<New>,
) -> Result<Reply<View>> {
    let said = (new.rating, new.text);
    let (review, replayed) = cases::write(&app, &caller, new.booking_id, said, &idem).await?;
    let path = format!("/reviews/{}", review.id);
    let view = View::of(&review, visible_to(&review, Some(&caller)));
    Ok(Reply::created(view, path).version(review.version).replayed(replayed))
}

pub(crate) async fn show(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    Path(id): Path<ReviewId>,
) -> Result<Reply<View>> {
    let (review, sight) = cases::read(&app, caller.as_ref(), id).await?;
    Ok(Reply::ok(View::of(&review, sight)).version(review.version))
}

pub(crate) async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    if_match: IfMatch,
    Json(changes): Json<Changes>,
) -> Result<Reply<View>> {
    let (before, _) = cases::read(&app, Some(&caller), id).await?;
    let rating = match changes.rating {
        Patch::Absent => None,
        Patch::Set(rating) => Some(rating),
        Patch::Null => {
            let error = FieldError::new("/rating", "required", "cannot be taken away");
            return Err(Error::fields(vec![error]).into());
        }
    };
    if_match.check(before.version)?;
    let review = cases::edit(&app, &caller, &before, rating, changes.text).await?;
    Ok(reply(&caller, &review))
}

pub(crate) async fn take_back(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    if_match: IfMatch,
) -> Result<Reply<View>> {
    let (before, sight) = cases::read(&app, Some(&caller), id).await?;
    if_match.check(before.version)?;
    let review = cases::take_back(&app, &caller, &before).await?;
    Ok(Reply::ok(View::of(&review, sight)).version(review.version))
}

pub(crate) async fn flag(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    idem: Idempotency,
    Json(why): Json<Why>,
) -> Result<Reply<View>> {
    let before = app.store.review(id).await?;
    let (review, replayed) = moderation::flag(&app, &caller, before, why.reason, &idem).await?;
    Ok(reply(&caller, &review).replayed(replayed))
}

pub(crate) async fn moderate(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    if_match: IfMatch,
    idem: Idempotency,
    Json(decision): Json<Decision>,
) -> Result<Reply<View>> {
    let before = app.store.review(id).await?;
    if !idem.is(before.last_request.as_deref()) {
        if_match.check(before.version)?;
    }
    let (review, replayed) = moderation::decide(&app, &caller, before, decision.action, &idem).await?;
    Ok(reply(&caller, &review).replayed(replayed))
}

fn reply(caller: &Caller, review: &Review) -> Reply<View> {
    Reply::ok(View::of(review, visible_to(review, Some(caller)))).version(review.version)
}

impl View {
    fn of(review: &Review, sight: Sight) -> Self {
        let own = sight >= Sight::Own;
        let all = sight >= Sight::All;
        Self {
            id: review.id.to_string(),
            room_id: review.resource.to_string(),
            user_id: review.user.to_string(),
            rating: review.rating.into(),
            text: review.text.as_ref().map(ToString::to_string),
            created_at: review.created_at.to_string(),
            updated_at: review.updated_at.to_string(),
            version: review.version,
            booking_id: own.then(|| review.booking.to_string()),
            visibility: own.then(|| review.visibility.as_str().to_owned()),
            flag: review.flag.as_ref().filter(|_| all).map(|flag| FlagView {
                by: flag.by.to_string(),
                reason: flag.reason.to_string(),
                at: flag.at.to_string(),
            }),
            moderated: review
                .moderated
                .as_ref()
                .filter(|_| all)
                .map(|last| ModeratedView { by: last.by.to_string(), at: last.at.to_string() }),
        }
    }
}

impl ReportView {
    fn of(room: ResourceId, report: &Report, reads: bool) -> Self {
        Self {
            room_id: room.to_string(),
            visible: report.visible,
            stars: report.stars,
            average_milli: report.average_milli(),
            moderation: reads.then_some(ModerationView {
                total: report.total,
                flagged: report.flagged,
                hidden: report.hidden,
                removed: report.removed,
                moderated: report.moderated,
            }),
        }
    }
}
