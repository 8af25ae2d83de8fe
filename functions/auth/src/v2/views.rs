//! What version 2 shows of accounts, sessions and bookings.

use std::collections::BTreeSet;

use domain::{Booking, Preferences, Scope, User};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::session::SignedIn;

/// An account, without anything secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AccountView {
    id: String,
    /// The name to sign in with.
    user_name: String,
    /// Null for who registered by phone.
    email: Option<String>,
    /// In E.164 for its owner; only its last two digits for others.
    phone: Option<String>,
    /// Whether they can sign in with it.
    phone_proved: bool,
    /// The name to show.
    name: String,
    /// `admin`, `manager`, `staff`, `moderator`, `auditor`, `service`, `merchant` or `customer`.
    role: &'static str,
    scope: ScopeView,
    active: bool,
    preferences: PreferencesView,
    created_at: String,
    updated_at: String,
    version: u64,
}

/// Where a manager, staff or merchant may act.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScopeView {
    /// Everywhere.
    All,
    /// At these locations.
    Locations(BTreeSet<String>),
}

/// How a person wants to be written to.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Serialize, JsonSchema)]
pub(crate) struct PreferencesView {
    /// Language of messages (BCP 47).
    language: String,
    /// IANA zone for times in messages; the room's own if null.
    zone: Option<String>,
    /// Whether to send e-mail about bookings.
    email: bool,
    /// Whether to send SMS, if there is a phone.
    sms: bool,
    /// Whether to write on WhatsApp, if there is a phone.
    whatsapp: bool,
    /// Whether to write about what was not asked for: campaigns.
    promotions: bool,
    /// Whether to send nothing but links and codes that were asked for.
    opted_out: bool,
    /// When the phone is not to ring, e.g. `21:00-08:00`; never quiet if null.
    quiet_hours: Option<String>,
    /// Minutes before the start for a reminder; none if null.
    reminder_minutes: Option<u32>,
}

/// What somebody who is signed in holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// For `Authorization: Bearer …`.
    access_token: String,
    token_type: &'static str,
    /// Seconds that the access token holds.
    expires_in: i64,
    /// For one `POST /auth/refresh`.
    refresh_token: String,
    account: AccountView,
}

/// Something is on its way by message.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SentView {
    message: &'static str,
}

/// A booking in an account's history.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HistoryView {
    id: String,
    room_id: String,
    location_id: String,
    /// The wall clock that it was booked by.
    zone: String,
    start: String,
    end: String,
    state: &'static str,
    title: Option<String>,
    created_at: String,
}

impl AccountView {
    /// As its owner sees it.
    pub(crate) fn own(user: User) -> Self {
        let phone = user.phone.as_ref().map(|phone| phone.as_str().to_owned());
        Self { phone, ..user.into() }
    }
}

impl From<User> for AccountView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            user_name: user.user_name.into(),
            email: user.email.map(String::from),
            phone: user.phone.map(|phone| phone.to_string()),
            phone_proved: user.phone_proved,
            name: user.name.into(),
            role: user.role.as_str(),
            scope: match user.scope {
                Scope::All => ScopeView::All,
                Scope::Locations(ids) => ScopeView::Locations(ids.iter().map(ToString::to_string).collect()),
            },
            active: user.active,
            preferences: user.preferences.into(),
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
            version: user.version,
        }
    }
}

impl From<Preferences> for PreferencesView {
    fn from(preferences: Preferences) -> Self {
        Self {
            language: preferences.language,
            zone: preferences.zone.map(String::from),
            email: preferences.email,
            sms: preferences.sms,
            whatsapp: preferences.whatsapp,
            promotions: preferences.promotions,
            opted_out: preferences.opted_out,
            quiet_hours: preferences.quiet_hours.map(|hours| hours.to_string()),
            reminder_minutes: preferences.reminder_minutes,
        }
    }
}

impl From<SignedIn> for SessionView {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: "Bearer",
            expires_in: signed_in.expires_in,
            refresh_token: signed_in.refresh_token,
            account: AccountView::own(signed_in.user),
        }
    }
}

impl SentView {
    pub(crate) fn new(message: &'static str) -> Self {
        Self { message }
    }
}

impl HistoryView {
    pub(crate) fn of(booking: Booking, now: Timestamp) -> Self {
        Self {
            id: booking.id.to_string(),
            room_id: booking.resource.to_string(),
            location_id: booking.location.to_string(),
            zone: booking.zone.to_string(),
            start: booking.span.start().to_string(),
            end: booking.span.end().to_string(),
            state: booking.state_at(now).as_str(),
            title: booking.title.map(String::from),
            created_at: booking.created_at.to_string(),
        }
    }
}
