//! Reviews: what a person says of a resource they used, who sees it, and what becomes of it.
//!
//! A flag only asks a moderator to look: it hides nothing, so that nobody can silence a review by flagging it. Once a
//! moderator has decided, the same text cannot be flagged again; a changed text can.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::text::{Line, Note};
use crate::{
    Booking, BookingId, BookingState, Caller, EventId, LocationId, Permission, ResourceId, ReviewId, UserId,
};

/// The one review of a completed booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Unique.
    pub id: ReviewId,
    /// What was used.
    pub resource: ResourceId,
    /// Where it is.
    pub location: LocationId,
    /// By which booking.
    pub booking: BookingId,
    /// By whom: the author.
    pub user: UserId,
    /// 1 to 5 stars.
    pub rating: Rating,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Note>,
    /// Somebody asked a moderator to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<Flag>,
    /// For whom it is there; read it with [`visible_to`].
    pub visibility: Visibility,
    /// Who decided on it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderated: Option<Moderated>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Hash of the keyed request that changed it last; a retry of it is answered, not repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<String>,
}

/// Stars, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Rating(u8);

/// The number is not 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRating;

impl std::fmt::Display for InvalidRating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("must be 1 to 5")
    }
}

impl std::error::Error for InvalidRating {}

impl TryFrom<u8> for Rating {
    type Error = InvalidRating;

    fn try_from(stars: u8) -> std::result::Result<Self, InvalidRating> {
        if (1..=5).contains(&stars) { Ok(Self(stars)) } else { Err(InvalidRating) }
    }
}

impl From<Rating> for u8 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

/// The wish that a moderator look at a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Whose.
    pub by: UserId,
    /// Why.
    pub reason: Line,
    /// Since when.
    pub at: Timestamp,
}

/// A decision on a review: a moderator's, or the author's to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    /// Whose.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// For whom a review is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// For everybody.
    Visible,
    /// For its author and for those who read all reviews.
    Hidden,
    /// Only for those who read all reviews.
    Removed,
}

impl Visibility {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::Removed => "removed",
        }
    }
}

/// How much of a review somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Not even that it exists.
    Nothing,
    /// Rating, text, author and dates.
    Content,
    /// The same, and whether it is hidden: the author's own.
    Own,
    /// All, with flag and moderation.
    All,
}

/// What the caller sees of the review. The one place that decides it.
///
/// Who may read reviews at the location sees all. The author sees their own until it is removed. Everybody else,
/// signed in or not, sees what is visible, flagged or not, and never who flagged it.
pub fn visible_to(review: &Review, caller: Option<&Caller>) -> Sight {
    let reads = caller.is_some_and(|caller| {
        caller.may_at(Permission::ReadReviews, review.location)
            || caller.may_at(Permission::ModerateReviews, review.location)
    });
    let own = caller.is_some_and(|caller| caller.is(review.user));
    match review.visibility {
        _ if reads => Sight::All,
        Visibility::Visible | Visibility::Hidden if own => Sight::Own,
        Visibility::Visible => Sight::Content,
        Visibility::Hidden | Visibility::Removed => Sight::Nothing,
    }
}

impl Review {
    /// A review of the booking by the person it was for.
    ///
    /// # Errors
    /// `forbidden` for anybody else, `wrong_state` unless it took place, `already_exists` once it was reviewed.
    pub fn of(
        booking: &Booking,
        by: UserId,
        (id, request): (ReviewId, Option<String>),
        (rating, text): (Rating, Option<Note>),
        now: Timestamp,
    ) -> Result<Self> {
        if booking.user != by {
            return Err(Error::forbidden("only the person a booking was for may review it"));
        }
        if booking.state_at(now) != BookingState::Completed {
            return Err(Error::new(Code::WrongState, "only a completed booking can be reviewed")
                .with_detail("state", booking.state_at(now).as_str()));
        }
        if booking.reviewed {
            return Err(Error::new(
                Code::AlreadyExists,
                "this booking has been reviewed; change that review",
            ));
        }
        Ok(Self {
            id,
            resource: booking.resource,
            location: booking.location,
            booking: booking.id,
            user: by,
            rating,
            text,
            flag: None,
            visibility: Visibility::Visible,
            moderated: None,
            created_at: now,
            updated_at: now,
            version: 1,
            request,
            last_request: None,
        })
    }

    /// Whether a moderator should look at it.
    pub fn awaits_moderation(&self) -> bool {
        self.flag.is_some() && self.visibility == Visibility::Visible
    }

    /// Changes rating and text. A flag stays and so does a hidden review hidden, until a moderator looks; a decision
    /// about a visible text does not hold for the new one.
    ///
    /// # Errors
    /// `wrong_state` once removed.
    pub fn edit(self, rating: Rating, text: Option<Note>, now: Timestamp) -> Result<Self> {
        let mut next = self.step(&[Visibility::Visible, Visibility::Hidden], "changed", now)?;
        (next.rating, next.text) = (rating, text);
        if next.visibility == Visibility::Visible {
            next.moderated = None;
        }
        Ok(next)
    }

    /// Asks a moderator to look.
    ///
    /// # Errors
    /// `wrong_state` unless visible, once flagged, or once a moderator has decided on this text.
    pub fn flag(self, by: UserId, reason: Line, now: Timestamp) -> Result<Self> {
        if self.flag.is_some() {
            return Err(Error::new(Code::WrongState, "the review is flagged already"));
        }
        if self.visibility == Visibility::Visible && self.moderated.is_some() {
            return Err(Error::new(
                Code::WrongState,
                "a moderator has looked at this review and let it stand",
            ));
        }
        let mut next = self.step(&[Visibility::Visible], "flagged", now)?;
        next.flag = Some(Flag { by, reason, at: now });
        Ok(next)
    }

    /// Lets a flagged review stand.
    ///
    /// # Errors
    /// `wrong_state` unless visible and flagged.
    pub fn unflag(self, by: UserId, now: Timestamp) -> Result<Self> {
        if self.flag.is_none() {
            return Err(Error::new(Code::WrongState, "the review is not flagged"));
        }
        let mut next = self.step(&[Visibility::Visible], "unflagged", now)?;
        next.flag = None;
        Ok(next.decided(by, now))
    }

    /// Hides it from everybody but its author. A flag stays, as the ground for it.
    ///
    /// # Errors
    /// `wrong_state` unless visible.
    pub fn hide(self, by: UserId, now: Timestamp) -> Result<Self> {
        let mut next = self.step(&[Visibility::Visible], "hidden", now)?;
        next.visibility = Visibility::Hidden;
        Ok(next.decided(by, now))
    }

    /// Shows it again to everybody, without its flag.
    ///
    /// # Errors
    /// `wrong_state` unless hidden or removed by a moderator: what its author took back stays away.
    pub fn restore(self, by: UserId, now: Timestamp) -> Result<Self> {
        let taken_back = self.moderated.as_ref().is_some_and(|last| last.by == self.user);
        if self.visibility == Visibility::Removed && taken_back {
            return Err(Error::new(Code::WrongState, "the author has taken the review back"));
        }
        let mut next = self.step(&[Visibility::Hidden, Visibility::Removed], "restored", now)?;
        (next.visibility, next.flag) = (Visibility::Visible, None);
        Ok(next.decided(by, now))
    }

    /// Removes it: a moderator for good reason, or the author to take it back. The record stays for its history.
    ///
    /// # Errors
    /// `wrong_state` once removed.
    pub fn remove(self, by: UserId, now: Timestamp) -> Result<Self> {
        let mut next = self.step(&[Visibility::Visible, Visibility::Hidden], "removed", now)?;
        next.visibility = Visibility::Removed;
        Ok(next.decided(by, now))
    }

    /// The event that tells of the change from `before` (nothing, for a new review) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "resource": self.resource, "location": self.location, "booking": self.booking, "user": self.user,
            "rating": self.rating, "text": self.text, "flag": self.flag, "visibility": self.visibility,
        })
    }

    fn decided(mut self, by: UserId, at: Timestamp) -> Self {
        self.moderated = Some(Moderated { by, at });
        self
    }

    fn step(mut self, from: &[Visibility], done: &str, now: Timestamp) -> Result<Self> {
        if !from.contains(&self.visibility) {
            let state = self.visibility.as_str();
            return Err(Error::new(Code::WrongState, format!("a {state} review cannot be {done}"))
                .with_detail("visibility", state));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }
}

/// Reviews in figures. Ratings count while visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// All reviews.
    pub total: u64,
    /// For everybody to see.
    pub visible: u64,
    /// Awaiting a moderator.
    pub flagged: u64,
    /// Hidden.
    pub hidden: u64,
    /// Removed.
    pub removed: u64,
    /// Those on which a moderator's last decision stands.
    pub moderated: u64,
    /// Visible reviews with 1, 2, 3, 4 and 5 stars.
    pub stars: [u64; 5],
}

impl Report {
    /// Counts one more review.
    pub fn add(&mut self, review: &Review) {
        self.total += 1;
        self.flagged += u64::from(review.awaits_moderation());
        self.moderated += u64::from(review.moderated.as_ref().is_some_and(|last| last.by != review.user));
        match review.visibility {
            Visibility::Visible => {
                self.visible += 1;
                let nth = usize::from(review.rating.0).saturating_sub(1);
                if let Some(count) = self.stars.get_mut(nth) {
                    *count += 1;
                }
            }
            Visibility::Hidden => self.hidden += 1,
            Visibility::Removed => self.removed += 1,
        }
    }

    /// The average of visible ratings in thousandths of a star, rounded half up; none without a rating.
    pub fn average_milli(&self) -> Option<u64> {
        let sum: u64 = (1..).zip(self.stars).map(|(stars, count)| stars * count).sum();
        (sum * 1_000 + self.visible / 2).checked_div(self.visible)
    }
}

impl<'a> FromIterator<&'a Review> for Report {
    fn from_iter<T: IntoIterator<Item = &'a Review>>(reviews: T) -> Self {
        let mut report = Self::default();
        reviews.into_iter().for_each(|review| report.add(review));
        report
    }
}

#[cfg(test)]
mod tests;
