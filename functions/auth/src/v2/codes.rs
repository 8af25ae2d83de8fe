//! Version 2: signing in by a code.

use domain::Phone;
use domain::message::Channel;
use domain::text::{Email, Name};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::Deserialize;
use store::SentTo;
use web::{Json, Origin, Reply, Result, Signed, State};

use super::views::{AccountView, SentView, SessionView};
use crate::password::Claimed;
use crate::{App, code};

/// Where a code goes.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    /// By SMS.
    Sms,
    /// On WhatsApp.
    Whatsapp,
}

web::request! {
    /// Where to send a code: to a phone or to a mail address.
    pub(crate) struct AskForCode {
        /// In any usual form; without `+` it is a number of the installation's country.
        phone: Option<String> as String,
        email: Option<Email> as String,
        /// To a phone: SMS if not given; the other one where that does not get through.
        channel: Option<By> as By
    }
}

web::request! {
    /// A code, and who is new.
    pub(crate) struct UseCode {
        /// One of phone and email, the one that was sent the code.
        phone: Option<String> as String,
        email: Option<Email> as String,
        /// Six digits.
        code: String as String,
        /// The name to show, of a new customer.
        name: Option<Name> as String
    }
}

web::request! {
    /// A phone of one's own, and the code that it was sent.
    pub(crate) struct ProvePhone {
        phone: String as String,
        /// Six digits.
        code: String as String,
        /// Needed by whoever has a password: with the phone one can sign in.
        current_password: Option<Claimed> as String
    }
}

/// Reads a number.
///
/// # Errors
/// `validation_failed`.
pub(crate) fn phone(app: &App, text: &str, pointer: &str) -> Result<Phone, Error> {
    let wrong = |error: domain::text::InvalidText| FieldError::new(pointer, error.code, error.to_string());
    Phone::read(text, &app.country).map_err(|error| Error::fields(vec![wrong(error)]))
}

/// The one of the two that is given.
fn one(app: &App, number: Option<&str>, email: Option<Email>) -> Result<SentTo, Error> {
    match (number, email) {
        (Some(number), None) => phone(app, number, "/phone").map(SentTo::Phone),
        (None, Some(email)) => Ok(SentTo::Email(email)),
        (Some(_), Some(_)) => Err(Error::field("/email", "not_together", "goes with no phone")),
        (None, None) => Err(Error::field("/phone", "required", "is required, or email is")),
    }
}

pub(crate) async fn ask(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<AskForCode>,
) -> Result<Reply<SentView>> {
    let to = one(&app, body.phone.as_deref(), body.email)?;
    let channel = match (&to, body.channel) {
        (SentTo::Email(_), None) => Channel::Email,
        (SentTo::Email(_), Some(_)) => {
            return Err(Error::field("/channel", "not_together", "goes with a phone only").into());
        }
        (SentTo::Phone(_), Some(By::Whatsapp)) => Channel::Whatsapp,
        (SentTo::Phone(_), Some(By::Sms) | None) => Channel::Sms,
    };
    code::ask_for_code(&app, to, channel, origin.ip).await?;
    Ok(Reply::accepted(SentView::new("a code is on its way")))
}

pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<UseCode>,
) -> Result<Reply<SessionView>> {
    let to = one(&app, body.phone.as_deref(), body.email)?;
    let signed_in = code::log_in(&app, to, &body.code, body.name, origin.ip).await?;
    Ok(Reply::ok(signed_in.into()))
}

pub(crate) async fn prove(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<ProvePhone>,
) -> Result<Reply<AccountView>> {
    let phone = phone(&app, &body.phone, "/phone")?;
    let user = code::prove_phone(&app, &caller, phone, &body.code, body.current_password.as_ref()).await?;
    let version = user.version;
    Ok(Reply::ok(AccountView::own(user)).version(version))
}
