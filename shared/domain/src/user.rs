//! Accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::{Email, Name, UserName};
use crate::{Role, Scope, SessionId, UserId, Zone};

/// An account. The password's hash is not part of it; `store` keeps the two side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Unique.
    pub id: UserId,
    /// The name to sign in with; unique.
    pub user_name: UserName,
    /// Unique.
    pub email: Email,
    /// The name to show.
    pub name: Name,
    /// What they may do.
    pub role: Role,
    /// Where, if the role is scoped.
    pub scope: Scope,
    /// A deactivated account cannot sign in and its tokens do not hold.
    pub active: bool,
    /// How to write to them.
    #[serde(default)]
    pub preferences: Preferences,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
}

/// How a person wants to be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Language of messages (BCP 47), e.g. `en`; an unknown one falls back to English.
    pub language: String,
    /// Zone for times in messages; the room's own when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// Whether to send e-mail about bookings at all.
    pub email: bool,
    /// Minutes before the start for a reminder; none when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder_minutes: Option<u32>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { language: "en".to_owned(), zone: None, email: true, reminder_minutes: Some(60) }
    }
}

/// One log-in: a family of refresh tokens, of which only the newest holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Unique.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// SHA-256 of the newest refresh token, in hex.
    pub token: String,
    /// Whether it was ended: by log-out, by an administrator, or since an old token was used again.
    pub revoked: bool,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// Counts refreshes, from 1.
    pub version: u64,
}
