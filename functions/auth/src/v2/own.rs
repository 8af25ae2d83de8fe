//! Version 2: one's own account.

use domain::text::{Email, Name, UserName};
use domain::{Phone, Preferences, QuietHours, Zone};
use schemars::JsonSchema;
use serde::Deserialize;
use web::{Fields, Idempotency, IfMatch, Json, Origin, Patch, Reply, Result, Signed, State, StatusCode};

use super::views::{AccountView, SentView};
use super::{given, patched};
use crate::password::{Claimed, Password};
use crate::profile::Profile;
use crate::register::Registration;
use crate::{App, link, manage, profile, register};

const MOST_REMINDER_MINUTES: u32 = 7 * 24 * 60;

web::request! {
    /// A new account; its role is always `customer`.
    pub(crate) struct Register {
        /// The name to show.
        name: Name as String,
        /// The name to sign in with.
        user_name: UserName as String,
        email: Email as String,
        /// At least 10 characters, at most 256 bytes.
        password: Password as String
    }
}

pub(crate) async fn register(
    State(app): State<App>,
    origin: Origin,
    idem: Idempotency,
    Json(body): Json<Register>,
) -> Result<Reply<AccountView>> {
    let Register { name, user_name, email, password } = body;
    let new = Registration { name, user_name, email, password };
    let (user, replayed) = register::register(&app, new, origin.ip, &idem).await?;
    let version = user.version;
    Ok(Reply::created(AccountView::own(user), "/auth/me").version(version).replayed(replayed))
}

pub(crate) async fn me(State(app): State<App>, Signed(caller): Signed) -> Result<Reply<AccountView>> {
    let user = manage::read(&app, &caller, caller.user).await?;
    let version = user.version;
    Ok(Reply::ok(AccountView::own(user)).version(version))
}

web::request! {
    /// What to change of a profile.
    pub(crate) struct ChangeProfile {
        name: Patch<Name> as String,
        user_name: Patch<UserName> as String,
        email: Patch<Email> as String,
        /// In any usual form; without `+` it is a number of the installation's country.
        phone: Patch<String> as String,
        preferences: Patch<ChangePreferences> as ChangePreferencesWire,
        /// Needed to change the e-mail address.
        current_password: Option<Claimed> as String
    }
}

/// How to be written to; what is null goes back to its default or is taken away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(crate) struct ChangePreferences {
    #[serde(deserialize_with = "patched")]
    language: Patch<String>,
    #[serde(deserialize_with = "patched")]
    zone: Patch<Zone>,
    #[serde(deserialize_with = "patched")]
    email: Patch<bool>,
    #[serde(deserialize_with = "patched")]
    sms: Patch<bool>,
    #[serde(deserialize_with = "patched")]
    whatsapp: Patch<bool>,
    #[serde(deserialize_with = "patched")]
    promotions: Patch<bool>,
    #[serde(deserialize_with = "patched")]
    opted_out: Patch<bool>,
    #[serde(deserialize_with = "patched")]
    quiet_hours: Patch<String>,
    #[serde(deserialize_with = "patched")]
    reminder_minutes: Patch<u32>,
}

/// The same as its schema shows it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ChangePreferencesWire {
    /// Language of messages (BCP 47), e.g. `de`.
    language: Option<String>,
    /// IANA zone for times in messages.
    zone: Option<String>,
    /// Whether to send e-mail about bookings.
    email: Option<bool>,
    /// Whether to send SMS, if there is a phone.
    sms: Option<bool>,
    /// Whether to write on WhatsApp, if there is a phone.
    whatsapp: Option<bool>,
    /// Whether to write about what was not asked for: campaigns.
    promotions: Option<bool>,
    /// Whether to send nothing but links and codes that were asked for.
    opted_out: Option<bool>,
    /// When the phone is not to ring, e.g. `21:00-08:00`; never quiet if null.
    quiet_hours: Option<String>,
    /// Minutes before the start for a reminder, at most a week.
    reminder_minutes: Option<u32>,
}

impl ChangePreferences {
    fn check(&self, fields: &mut Fields) {
        if let Patch::Set(language) = &self.language
            && !is_language(language)
        {
            fields.refuse(
                "/preferences/language",
                "invalid_format",
                "is not a language tag, e.g. de or pt-BR",
            );
        }
        if let Patch::Set(minutes) = self.reminder_minutes
            && !(1..=MOST_REMINDER_MINUTES).contains(&minutes)
        {
            let message = format!("must be from 1 to {MOST_REMINDER_MINUTES}");
            fields.refuse("/preferences/reminder_minutes", "out_of_range", message);
        }
        if let Patch::Set(hours) = &self.quiet_hours
            && let Err(error) = hours.parse::<QuietHours>()
        {
            fields.refuse("/preferences/quiet_hours", error.code, error.to_string());
        }
    }

    fn applied_to(self, old: Preferences) -> Preferences {
        let default = Preferences::default();
        Preferences {
            language: self.language.applied_to(Some(old.language)).unwrap_or(default.language),
            zone: self.zone.applied_to(old.zone),
            email: self.email.applied_to(Some(old.email)).unwrap_or(default.email),
            sms: self.sms.applied_to(Some(old.sms)).unwrap_or(default.sms),
            whatsapp: self.whatsapp.applied_to(Some(old.whatsapp)).unwrap_or(default.whatsapp),
            promotions: self.promotions.applied_to(Some(old.promotions)).unwrap_or(default.promotions),
            opted_out: self.opted_out.applied_to(Some(old.opted_out)).unwrap_or(default.opted_out),
            quiet_hours: match self.quiet_hours {
                Patch::Absent => old.quiet_hours,
                Patch::Null => None,
                Patch::Set(hours) => hours.parse().ok(),
            },
            reminder_minutes: self.reminder_minutes.applied_to(old.reminder_minutes),
        }
    }
}

/// The number that a patch gives or takes away.
fn phone(app: &App, patch: Patch<String>, fields: &mut Fields) -> Patch<Phone> {
    match patch {
        Patch::Absent => Patch::Absent,
        Patch::Null => Patch::Null,
        Patch::Set(text) => match Phone::read(&text, &app.country) {
            Ok(phone) => Patch::Set(phone),
            Err(error) => {
                fields.refuse("/phone", error.code, error.to_string());
                Patch::Absent
            }
        },
    }
}

/// The shape of RFC 5646: letters and digits in groups of up to eight.
fn is_language(text: &str) -> bool {
    text.len() <= 35
        && text.split('-').next().is_some_and(|first| (2..=3).contains(&first.len()))
        && text
            .split('-')
            .all(|group| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric()))
}

pub(crate) async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    if_match: IfMatch,
    Json(body): Json<ChangeProfile>,
) -> Result<Reply<AccountView>> {
    let mut fields = Fields::new();
    let preferences = given(body.preferences, "/preferences", &mut fields);
    if let Some(preferences) = &preferences {
        preferences.check(&mut fields);
    }
    let profile = Profile {
        name: given(body.name, "/name", &mut fields),
        user_name: given(body.user_name, "/user_name", &mut fields),
        email: given(body.email, "/email", &mut fields),
        phone: phone(&app, body.phone, &mut fields),
        preferences: preferences.map(|change| Box::new(|old| change.applied_to(old)) as _),
        current_password: body.current_password,
        password: None,
    };
    fields.check()?;
    let user = profile::change_profile(&app, &caller, profile, if_match).await?;
    let version = user.version;
    Ok(Reply::ok(AccountView::own(user)).version(version))
}

web::request! {
    /// The old password and the new one.
    pub(crate) struct ChangePassword {
        current_password: Claimed as String,
        password: Password as String
    }
}

pub(crate) async fn change_password(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<ChangePassword>,
) -> Result<Reply<AccountView>> {
    let (user, replayed) =
        profile::change_password(&app, &caller, body.current_password, body.password, &idem).await?;
    let version = user.version;
    Ok(Reply::ok(AccountView::own(user)).version(version).replayed(replayed))
}

web::request! {
    /// Where to send a link.
    pub(crate) struct Forgot {
        email: Email as String
    }
}

pub(crate) async fn ask_for_link(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<Forgot>,
) -> Result<Reply<SentView>> {
    link::ask_for_link(&app, &body.email, origin.ip).await?;
    Ok(Reply::accepted(SentView::new("if an account has this address, a link is on its way")))
}

web::request! {
    /// The token of a one-time link, and the password to be.
    pub(crate) struct UseLink {
        token: String as String,
        password: Password as String
    }
}

pub(crate) async fn use_link(
    State(app): State<App>,
    origin: Origin,
    idem: Idempotency,
    Json(body): Json<UseLink>,
) -> Result<StatusCode> {
    link::use_link(&app, &body.token, &body.password, origin.ip, &idem).await?;
    Ok(StatusCode::NO_CONTENT)
}
