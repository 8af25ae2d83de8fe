//! Reviews as the source system shows and takes them.

use domain::review::{Rating, Sight, Visibility, visible_to};
use domain::text::{Line, Note};
use domain::{Caller, ResourceId, Review as Record, ReviewId, UserId};
use errors::{Error, Result};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Idempotency, Json, Path, Query, ReplyV1, Signed, State, StatusCode};

use super::pages::{Cut, GATHERED, Pages};
use crate::App;
use crate::moderation::{self, Action};
use crate::reviews::{self as cases, Which};

/// A review. What the caller may not see is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewV1")]
#[expect(clippy::struct_field_names, reason = "the source system's names")]
pub(crate) struct Review {
    review_id: String,
    user_id: String,
    room_id: String,
    rating: u8,
    /// As it was written: escape it for where you show it.
    comment: Option<String>,
    created_at: String,
    updated_at: String,
    /// For its author and those who read all reviews. What was removed is hidden too.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_hidden: Option<bool>,
    #[serde(flatten)]
    moderation: Option<Moderation>,
}

/// For those who read all reviews.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModerationV1")]
pub(crate) struct Moderation {
    is_flagged: bool,
    flag_reason: Option<String>,
    is_moderated: bool,
    moderated_by: Option<String>,
}

/// A page of reviews.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewsV1")]
pub(crate) struct List {
    reviews: Vec<Review>,
    /// Of all pages.
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    page: u32,
    page_size: u32,
    total: usize,
    pages: usize,
}

/// A review that was taken back.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReviewDeletedV1")]
pub(crate) struct Deleted {
    message: String,
    review_id: String,
}

web::request! {
    /// A new review, of the caller's latest completed booking of the room.
    pub(crate) struct New {
        /// Oneself, if it is said at all.
        user_id: Option<UserId> as String,
        /// The room.
        room_id: ResourceId as String,
        /// 1 to 5.
        rating: Rating as u8,
        /// At most 1,000 characters.
        comment: Option<Note> as String,
    }
}

web::request! {
    /// Changes to a review.
    pub(crate) struct Edit {
        /// 1 to 5.
        rating: Option<Rating> as u8,
        /// At most 1,000 characters.
        comment: Patch<Note> as String,
    }
}

web::request! {
    /// Why a moderator should look.
    pub(crate) struct Why {
        /// At most 200 characters.
        flag_reason: Option<Line> as String,
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<List>> {
    listed(&app, &caller, Which::All, &pages).await
}

pub(crate) async fn flagged(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<List>> {
    listed(&app, &caller, Which::Flagged, &pages).await
}

pub(crate) async fn of_room(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(room): Path<ResourceId>,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<List>> {
    app.store.resource_exists(room).await?;
    listed(&app, &caller, Which::OfRoom(room), &pages).await
}

pub(crate) async fn of_user(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<UserId>,
    Query(pages): Query<Pages>,
) -> web::Result<ReplyV1<List>> {
    listed(&app, &caller, Which::By(user), &pages).await
}

async fn listed(app: &App, caller: &Caller, which: Which, pages: &Pages) -> web::Result<ReplyV1<List>> {
    let cut = pages.cut(gathered(app, caller, which).await?);
    let Cut { items, page, page_size, total, pages } = cut;
    let (room_id, user_id) = match which {
        Which::OfRoom(room) => (Some(room.to_string()), None),
        Which::By(user) => (None, Some(user.to_string())),
        Which::All | Which::Flagged => (None, None),
    };
    let reviews = items.iter().map(|(review, sight)| Review::of(review, *sight)).collect();
    Ok(ReplyV1::ok(List { reviews, count: total, room_id, user_id, page, page_size, total, pages }))
}

/// Those that the caller may see among the first [`GATHERED`] or so.
async fn gathered(app: &App, caller: &Caller, which: Which) -> Result<Vec<cases::Seen>> {
    let (mut all, mut after) = (Vec::new(), None);
    // Each round looks at a bounded number of reviews, whether or not the caller may see them.
    for _ in 0..GATHERED.div_ceil(100) {
        let page = cases::page(app, Some(caller), which, 100, after).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

pub(crate) async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
) -> web::Result<ReplyV1<Review>> {
    let (review, sight) = cases::read(&app, Some(&caller), id).await?;
    Ok(ReplyV1::ok(Review::of(&review, sight)))
}

pub(crate) async fn write(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(new): Json<New>,
) -> web::Result<ReplyV1<Review>> {
    if new.user_id.is_some_and(|user| !caller.is(user)) {
        return Err(Error::forbidden("only the person a booking was for may review it").into());
    }
    app.store.resource_exists(new.room_id).await?;
    let booking = cases::latest_to_review(&app, &caller, new.room_id, &idem).await?;
    let said = (new.rating, new.comment);
    let (review, _) = cases::write(&app, &caller, booking, said, &idem).await?;
    Ok(ReplyV1(StatusCode::CREATED, Review::seen_by(&caller, &review)))
}

pub(crate) async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    Json(edit): Json<Edit>,
) -> web::Result<ReplyV1<Review>> {
    let (before, _) = cases::read(&app, Some(&caller), id).await?;
    let review = cases::edit(&app, &caller, &before, edit.rating, edit.comment).await?;
    Ok(ReplyV1::ok(Review::seen_by(&caller, &review)))
}

pub(crate) async fn take_back(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
) -> web::Result<ReplyV1<Deleted>> {
    let (before, _) = cases::read(&app, Some(&caller), id).await?;
    cases::take_back(&app, &caller, &before).await?;
    let message = "Review deleted successfully".to_owned();
    Ok(ReplyV1::ok(Deleted { message, review_id: id.to_string() }))
}

pub(crate) async fn flag(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
    idem: Idempotency,
    Json(why): Json<Why>,
) -> web::Result<ReplyV1<Review>> {
    let reason = match why.flag_reason {
        Some(reason) => reason,
        None => "No reason given".parse().map_err(Error::internal)?,
    };
    let before = app.store.review(id).await?;
    let (review, _) = moderation::flag(&app, &caller, before, reason, &idem).await?;
    Ok(ReplyV1::ok(Review::seen_by(&caller, &review)))
}

pub(crate) async fn unflag(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
) -> web::Result<ReplyV1<Review>> {
    decided(&app, &caller, id, Action::Unflag).await
}

pub(crate) async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<ReviewId>,
) -> web::Result<ReplyV1<Review>> {
    decided(&app, &caller, id, Action::Remove).await
}

async fn decided(app: &App, caller: &Caller, id: ReviewId, action: Action) -> web::Result<ReplyV1<Review>> {
    let before = app.store.review(id).await?;
    let (review, _) = moderation::decide(app, caller, before, action, &Idempotency::default()).await?;
    Ok(ReplyV1::ok(Review::seen_by(caller, &review)))
}

impl Review {
    fn seen_by(caller: &Caller, review: &Record) -> Self {
        Self::of(review, visible_to(review, Some(caller)))
    }

    fn of(review: &Record, sight: Sight) -> Self {
        let flag = review.flag.as_ref();
        let decided = review.moderated.as_ref();
        Self {
            review_id: review.id.to_string(),
            user_id: review.user.to_string(),
            room_id: review.resource.to_string(),
            rating: review.rating.into(),
            comment: review.text.as_ref().map(ToString::to_string),
            created_at: review.created_at.to_string(),
            updated_at: review.updated_at.to_string(),
            is_hidden: (sight >= Sight::Own).then_some(review.visibility != Visibility::Visible),
            moderation: (sight >= Sight::All).then(|| Moderation {
                is_flagged: flag.is_some(),
                flag_reason: flag.map(|flag| flag.reason.to_string()),
                is_moderated: decided.is_some_and(|last| last.by != review.user),
                moderated_by: decided.map(|last| last.by.to_string()),
            }),
        }
    }
}
