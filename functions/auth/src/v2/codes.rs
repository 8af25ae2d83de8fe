//! Version 2: signing in by a code.

use domain::Phone;
use domain::message::Channel;
use domain::text::Name;
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::Deserialize;
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
    /// Which phone to send a code to.
    pub(crate) struct AskForCode {
        /// In any usual form; without `+` it is a number of the installation's country.
        phone: String as String,
        /// SMS if not given; the other one where that does not get through.
        channel: Option<By> as By
    }
}

web::request! {
    /// A code, and who is new.
    pub(crate) struct UseCode {
        phone: String as String,
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

pub(crate) async fn ask(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<AskForCode>,
) -> Result<Reply<SentView>> {
    let channel = match body.channel {
        Some(By::Whatsapp) => Channel::Whatsapp,
        Some(By::Sms) | None => Channel::Sms,
    };
    code::ask_for_code(&app, phone(&app, &body.phone, "/phone")?, channel, origin.ip).await?;
    Ok(Reply::accepted(SentView::new("a code is on its way")))
}

pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<UseCode>,
) -> Result<Reply<SessionView>> {
    let phone = phone(&app, &body.phone, "/phone")?;
    let signed_in = code::log_in(&app, &phone, &body.code, body.name, origin.ip).await?;
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
