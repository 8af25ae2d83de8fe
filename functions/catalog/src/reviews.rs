//! Writing and reading reviews. Text is kept as it was written; whoever shows it escapes it for where it is shown.

use domain::review::{Rating, Report, Sight, visible_to};
use domain::text::Note;
use domain::{
    Booking, BookingId, BookingState, Caller, EventId, Permission, ResourceId, Review, ReviewId, UserId,
};
use errors::{Code, Error, Result};
use store::{Page, Placed, Position, Tx};
use web::{Idempotency, Patch};

use crate::App;
use crate::filling::{BATCH, Filling};

/// Bookings looked at for the latest one that can be reviewed.
const MOST_BOOKINGS: usize = 500;

/// A review, and how much of it the caller sees.
pub(crate) type Seen = (Review, Sight);

/// Writes the one review of the caller's own completed booking; whether it was written before, by the same request.
///
/// # Errors
/// `not_found`, `forbidden` for another's booking, `wrong_state` unless it took place, `already_exists` once reviewed.
pub(crate) async fn write(
    app: &App,
    caller: &Caller,
    booking: BookingId,
    (rating, text): (Rating, Option<Note>),
    idem: &Idempotency,
) -> Result<(Review, bool)> {
    let booking = app.store.booking(booking).await?;
    let id = review_of(&booking);
    if booking.reviewed && caller.is(booking.user) {
        let review = app.store.review(id).await?;
        if idem.is(review.request.as_deref()) {
            return Ok((review, true));
        }
    }
    let now = app.clock.now();
    let review = Review::of(&booking, caller.user, (id, idem.request()), (rating, worded(text)), now)?;
    let reviewed =
        Booking { reviewed: true, version: booking.version + 1, updated_at: now, ..booking.clone() };
    let event = review.event(EventId::new(now, env::random()), "review.written", None, caller.actor());
    let mut tx = Tx::new();
    tx.insert_review(&app.store, &review);
    tx.update_booking(&app.store, &reviewed);
    tx.event(&app.store, &event);
    store::review_from(app.store.commit(tx).await?, review)
}

/// The id of a booking's review: one booking, one id, one review.
fn review_of(booking: &Booking) -> ReviewId {
    ReviewId::derived(booking.id.bits().to_be_bytes())
}

fn worded(text: Option<Note>) -> Option<Note> {
    text.filter(|text| !text.as_str().is_empty())
}

/// The caller's latest completed booking of the room that has no review, or the one that this very request reviewed.
///
/// # Errors
/// `already_exists` when all have one, `wrong_state` when there is none.
pub(crate) async fn latest_to_review(
    app: &App,
    caller: &Caller,
    room: ResourceId,
    idem: &Idempotency,
) -> Result<BookingId> {
    let now = app.clock.now();
    let (mut after, mut looked_at, mut reviewed) = (None, 0, false);
    while looked_at < MOST_BOOKINGS {
        let page = app.store.bookings_of(caller.user, BATCH, after).await?;
        looked_at += page.items.len();
        let done =
            |booking: &Booking| booking.resource == room && booking.state_at(now) == BookingState::Completed;
        for booking in page.items.into_iter().filter(done) {
            if !booking.reviewed || is_retry(app, &booking, idem).await? {
                return Ok(booking.id);
            }
            reviewed = true;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Err(if reviewed {
        Error::new(Code::AlreadyExists, "your bookings of this room have been reviewed; change those reviews")
    } else {
        Error::new(
            Code::WrongState,
            "only a completed booking can be reviewed, and you have none of this room",
        )
    })
}

async fn is_retry(app: &App, booking: &Booking, idem: &Idempotency) -> Result<bool> {
    Ok(idem.request().is_some() && idem.is(app.store.review(review_of(booking)).await?.request.as_deref()))
}

/// A review that the caller may see.
///
/// # Errors
/// `not_found`, for those who may not know of it too.
pub(crate) async fn read(app: &App, caller: Option<&Caller>, id: ReviewId) -> Result<Seen> {
    let review = app.store.review(id).await?;
    match visible_to(&review, caller) {
        Sight::Nothing => Err(Error::not_found("review")),
        sight => Ok((review, sight)),
    }
}

/// Changes rating or text: the author, or who moderates.
///
/// # Errors
/// `forbidden` for anybody else, `wrong_state` once removed, `changed` when somebody was faster.
pub(crate) async fn edit(
    app: &App,
    caller: &Caller,
    before: &Review,
    rating: Option<Rating>,
    text: Patch<Note>,
) -> Result<Review> {
    own_or_moderated(caller, before)?;
    let rating = rating.unwrap_or(before.rating);
    let text = worded(text.applied_to(before.text.clone()));
    let after = before.clone().edit(rating, text, app.clock.now())?;
    save(app, caller, before, after, "review.edited").await
}

/// Takes a review back: the author, or who moderates.
///
/// # Errors
/// `forbidden` for anybody else, `wrong_state` once removed, `changed` when somebody was faster.
pub(crate) async fn take_back(app: &App, caller: &Caller, before: &Review) -> Result<Review> {
    own_or_moderated(caller, before)?;
    let after = before.clone().remove(caller.user, app.clock.now())?;
    save(app, caller, before, after, "review.removed").await
}

fn own_or_moderated(caller: &Caller, review: &Review) -> Result<()> {
    if caller.is(review.user) && caller.may(Permission::Review) || caller.may(Permission::ModerateReviews) {
        Ok(())
    } else {
        Err(Error::forbidden("only its author and moderators may change a review"))
    }
}

/// Writes the review's next version with the event that tells of it.
pub(crate) async fn save(
    app: &App,
    caller: &Caller,
    before: &Review,
    after: Review,
    kind: &str,
) -> Result<Review> {
    let event =
        after.event(EventId::new(after.updated_at, env::random()), kind, Some(before), caller.actor());
    let mut tx = Tx::new();
    tx.update_review(&app.store, before, &after);
    tx.event(&app.store, &event);
    app.store.commit(tx).await?;
    Ok(after)
}

/// Which reviews to list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    /// Of a room: what the caller may see of them.
    OfRoom(ResourceId),
    /// By a person: the caller, or anybody for those who read all reviews.
    By(UserId),
    /// All that the caller sees all of.
    All,
    /// Of those, the ones that wait for a moderator.
    Flagged,
}

/// A page of reviews that the caller may see: newest first, flagged ones longest waiting first.
///
/// # Errors
/// `forbidden` for another's reviews or all of them without the permission to read them.
pub(crate) async fn page(
    app: &App,
    caller: Option<&Caller>,
    which: Which,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Seen>> {
    let reads = caller.is_some_and(|caller| caller.may(Permission::ReadReviews));
    let (allowed, least) = match which {
        Which::OfRoom(_) => (true, Sight::Content),
        Which::By(user) if caller.is_some_and(|caller| caller.is(user)) => (true, Sight::Own),
        Which::By(_) | Which::All | Which::Flagged => (reads, Sight::All),
    };
    if !allowed {
        return Err(Error::forbidden("your role does not allow to read others' reviews"));
    }
    let mut page = Filling::new(limit, after);
    while page.wants_more() {
        let batch = batch(app, which, page.after()).await?;
        page.look_through(batch, |review| {
            let sight = visible_to(&review, caller);
            (sight >= least).then_some((review, sight))
        });
    }
    Ok(page.done())
}

async fn batch(app: &App, which: Which, after: Option<Position>) -> Result<Placed<Review>> {
    match which {
        Which::OfRoom(room) => app.store.reviews_of(room, BATCH, after).await,
        Which::By(user) => app.store.reviews_by(user, BATCH, after).await,
        Which::All => app.store.reviews(BATCH, after).await,
        Which::Flagged => app.store.flagged_reviews(BATCH, after).await,
    }
}

/// A room's reviews in figures, and whether the caller may see more of them than what everybody sees.
///
/// # Errors
/// `not_found` without such a room.
pub(crate) async fn report(app: &App, caller: Option<&Caller>, room: ResourceId) -> Result<(Report, bool)> {
    let room = app.store.resource(room).await?;
    let reads = caller.is_some_and(|caller| caller.may_at(Permission::ReadReviews, room.location));
    Ok((app.store.review_report(room.id).await?, reads))
}
