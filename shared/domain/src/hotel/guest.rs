//! Guests: who stays, how to reach them, and what they like.

use std::collections::BTreeSet;

use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::offering::Wrong;
use crate::text::{Email, Name, Note, Tag};
use crate::{EventId, GuestId, Phone, Preferences, Requests, Role, Scope, User, UserId};

/// Things a guest likes.
pub const MOST_PREFERENCES: usize = 20;
/// Guests that turned out to be one.
pub const MOST_MERGED: usize = 20;

/// Somebody who stays. Whoever has an account is the guest of the same bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Unique.
    pub id: GuestId,
    /// As shown.
    pub name: Name,
    /// Where mails go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Where texts go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The country they are from, ISO 3166-1, two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Tag>,
    /// The paper they showed: its kind and number, as registration asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Name>,
    /// What they like, at most [`MOST_PREFERENCES`].
    #[serde(default)]
    pub preferences: BTreeSet<Tag>,
    /// What the desk should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Who they turned out to be: nothing more is written to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<GuestId>,
    /// Who turned out to be them, at most [`MOST_MERGED`].
    #[serde(default)]
    pub merged: Vec<GuestId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

impl Guest {
    /// The user that their stays are for: the account, where they have one.
    pub fn user(&self) -> UserId {
        user_of(self.id)
    }

    /// The guest, if within bounds.
    ///
    /// # Errors
    /// `validation_failed`: a country that has not two letters, too many preferences.
    pub fn checked(self) -> Result<Self> {
        let mut wrong = Wrong::default();
        wrong.at_most(self.preferences.len(), MOST_PREFERENCES, "/preferences");
        let letters = |country: &Tag| {
            country.as_str().len() == 2 && country.as_str().bytes().all(|letter| letter.is_ascii_lowercase())
        };
        let fine = self.country.as_ref().is_none_or(letters);
        wrong.unless(fine, "/country", "invalid_format", "must be two letters, as in ISO 3166-1");
        wrong.check(self)
    }

    /// Turns out to be another guest: both as they are afterwards. Who was merged into this one is of the other from then on.
    ///
    /// # Errors
    /// `validation_failed` for oneself, `wrong_state` once either is merged, and after too many.
    pub fn merged(self, into: &Self, now: Timestamp) -> Result<(Self, Self)> {
        if self.id == into.id {
            return Err(Error::field("/into", "invalid_value", "must be somebody else"));
        }
        let (mut gone, mut kept) = (self.revise(now)?, into.clone().revise(now)?);
        gone.merged_into = Some(kept.id);
        kept.merged.push(gone.id);
        kept.merged.extend(gone.merged.iter().copied());
        if kept.merged.len() > MOST_MERGED {
            let message = format!("at most {MOST_MERGED} guests are merged into one");
            return Err(Error::new(Code::WrongState, message));
        }
        Ok((gone, kept))
    }

    /// As the recipient of messages, for whoever has no account.
    pub fn as_user(&self) -> Option<User> {
        Some(User {
            id: self.user(),
            user_name: "guest".parse().ok()?,
            email: self.email.clone(),
            phone: self.phone.clone(),
            phone_proved: false,
            name: self.name.clone(),
            role: Role::Customer,
            scope: Scope::All,
            active: true,
            preferences: Preferences::default(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }

    /// The next version, to be changed.
    ///
    /// # Errors
    /// `wrong_state` once merged into another one.
    pub fn revise(mut self, now: Timestamp) -> Result<Self> {
        if let Some(other) = self.merged_into {
            let message = "the guest was merged into another one";
            return Err(Error::new(Code::WrongState, message).with_detail("merged_into", other.to_string()));
        }
        self.updated_at = now;
        self.version += 1;
        Ok(self)
    }

    /// The event that tells of the change from `before` (nothing, for a new guest) to `self`: never how to reach them.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({ "country": self.country, "merged_into": self.merged_into, "merged": self.merged })
    }
}

/// The user that a guest's stays are for.
pub fn user_of(guest: GuestId) -> UserId {
    UserId::derived(guest.bits().to_be_bytes())
}

/// The guest that a user is.
pub fn guest_of(user: UserId) -> GuestId {
    GuestId::derived(user.bits().to_be_bytes())
}

#[cfg(test)]
mod tests;
