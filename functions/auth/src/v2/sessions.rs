//! Version 2: logging in, refreshing, logging out.

use web::{Idempotency, Json, Origin, Reply, Result, Signed, State, StatusCode};

use super::views::SessionView;
use crate::password::Claimed;
use crate::{App, session};

web::request! {
    /// Who somebody says they are.
    pub(crate) struct LogIn {
        /// User name or e-mail address.
        login: String as String,
        password: Claimed as String
    }
}

pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<LogIn>,
) -> Result<Reply<SessionView>> {
    let signed_in = session::log_in(&app, &body.login, &body.password, origin.ip).await?;
    Ok(Reply::ok(signed_in.into()))
}

web::request! {
    /// A refresh token, to be used once.
    pub(crate) struct Refresh {
        refresh_token: String as String
    }
}

pub(crate) async fn refresh(
    State(app): State<App>,
    origin: Origin,
    idem: Idempotency,
    Json(body): Json<Refresh>,
) -> Result<Reply<SessionView>> {
    let signed_in = session::refresh(&app, &body.refresh_token, origin.ip, &idem).await?;
    Ok(Reply::ok(signed_in.into()))
}

web::request! {
    /// What to end.
    pub(crate) struct LogOut {
        /// All sessions of the account; only this one otherwise.
        everywhere: Option<bool> as bool
    }
}

pub(crate) async fn log_out(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<LogOut>,
) -> Result<StatusCode> {
    session::log_out(&app, &caller, body.everywhere.unwrap_or(false)).await?;
    Ok(StatusCode::NO_CONTENT)
}
