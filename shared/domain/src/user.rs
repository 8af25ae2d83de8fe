//! Accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::text::{Email, Name, UserName};
use crate::{EventId, Phone, QuietHours, Role, Scope, SessionId, UserId, Zone};

/// An account. The password's hash is not part of it; `store` keeps the two side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Unique.
    pub id: UserId,
    /// The name to sign in with; unique.
    pub user_name: UserName,
    /// Unique; whoever registered by phone may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Where SMS and WhatsApp reach them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Whether they proved that the phone is theirs: then it is unique, and they can sign in by a code that it is sent.
    #[serde(default)]
    pub phone_proved: bool,
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

impl User {
    /// The event that tells of the change from `before` (nothing, for a new account) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    /// The account as it is after a change at `now`.
    #[must_use]
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    /// The phone that they can sign in with.
    pub fn proved_phone(&self) -> Option<&Phone> {
        self.phone.as_ref().filter(|_| self.phone_proved)
    }

    fn told(&self) -> Value {
        // Events are read by others than the owner: they tell that a number changed, not which it is.
        json!({
            "user_name": self.user_name, "email": self.email, "name": self.name, "role": self.role,
            "scope": self.scope, "active": self.active, "preferences": self.preferences,
            "phone": self.phone.as_ref().map(ToString::to_string), "phone_proved": self.phone_proved,
        })
    }
}

/// How a person wants to be written to.
///
/// A phone that was given is used for SMS, as people expect who give one to a desk; WhatsApp is used only on demand, since
/// Meta's policy wants the recipient's word for it.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Language of messages (BCP 47), e.g. `en`; an unknown one falls back to English.
    pub language: String,
    /// Zone for times in messages; the room's own when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// Whether to send e-mail about bookings at all.
    pub email: bool,
    /// Whether to send SMS, if there is a phone.
    #[serde(default = "yes")]
    pub sms: bool,
    /// Whether to write on WhatsApp, if there is a phone.
    #[serde(default)]
    pub whatsapp: bool,
    /// Whether they said that they want to be written to about what they did not ask for: campaigns.
    #[serde(default)]
    pub promotions: bool,
    /// Whether to send nothing at all but what was asked for at that moment: links and codes.
    #[serde(default)]
    pub opted_out: bool,
    /// When the phone is not to ring for what can wait, on the clock of `zone` or of the room; never quiet when unset.
    #[serde(default = "night")]
    pub quiet_hours: Option<QuietHours>,
    /// Minutes before the start for a reminder; none when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminder_minutes: Option<u32>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            zone: None,
            email: true,
            sms: true,
            whatsapp: false,
            promotions: false,
            opted_out: false,
            quiet_hours: night(),
            reminder_minutes: Some(60),
        }
    }
}

const fn yes() -> bool {
    true
}

#[expect(clippy::unnecessary_wraps, reason = "what a record without the field means")]
fn night() -> Option<QuietHours> {
    Some(QuietHours::default())
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
    /// The account's generation when it began: once the account has a later one, the session does not hold.
    #[serde(default)]
    pub generation: u64,
    /// Whether it was ended: by log-out, by an administrator, or since an old token was used again.
    pub revoked: bool,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// Counts refreshes, from 1.
    pub version: u64,
}

impl Session {
    /// What happened to the session, as it is after it.
    pub fn event(&self, id: EventId, kind: &str, at: Timestamp, actor: Actor) -> Event {
        Event {
            id,
            kind: kind.to_owned(),
            subject: self.id.to_string(),
            sequence: self.version,
            at,
            actor,
            data: json!({ "after": { "user": self.user, "revoked": self.revoked, "expires_at": self.expires_at } }),
        }
    }
}
