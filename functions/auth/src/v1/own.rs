//! Version 1: registering, logging in, one's own account.

use domain::text::{Email, Name, UserName};
use domain::{Caller, Role, User};
use errors::Error;
use web::{Idempotency, IfMatch, Json, Origin, Path, ReplyV1, Result, Signed, State};

use super::shapes::{History, LoggedIn, One, Tokens, UserV1};
use super::{AT_ONCE, first};
use crate::password::{Claimed, Password};
use crate::profile::Profile;
use crate::register::Registration;
use crate::{App, manage, profile, register, session};

web::request! {
    /// A new account. A `user_role` is ignored.
    pub(crate) struct Register {
        /// The name to show.
        user_name: Name as String,
        /// The name to sign in with.
        username: UserName as String,
        email: Email as String,
        password: Password as String
    }
}

pub(crate) async fn register(
    State(app): State<App>,
    origin: Origin,
    idem: Idempotency,
    Json(body): Json<Register>,
) -> Result<ReplyV1<One>> {
    let Register { user_name, username, email, password } = body;
    let new = Registration { name: user_name, user_name: username, email, password };
    let (user, _) = register::register(&app, new, origin.ip, &idem).await?;
    Ok(ReplyV1::created(One { message: "User registered", user: user.into() }))
}

web::request! {
    /// Who somebody says they are.
    pub(crate) struct LogIn {
        /// User name or e-mail address.
        username: String as String,
        password: Claimed as String
    }
}

pub(crate) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Json(body): Json<LogIn>,
) -> Result<ReplyV1<LoggedIn>> {
    let signed_in = session::log_in(&app, &body.username, &body.password, origin.ip).await?;
    Ok(ReplyV1::ok(signed_in.into()))
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
) -> Result<ReplyV1<Tokens>> {
    let signed_in = session::refresh(&app, &body.refresh_token, origin.ip, &idem).await?;
    Ok(ReplyV1::ok(signed_in.into()))
}

pub(crate) async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(username): Path<String>,
) -> Result<ReplyV1<UserV1>> {
    Ok(ReplyV1::ok(own(&app, &caller, &username).await?.into()))
}

pub(crate) async fn show_manager(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(username): Path<String>,
) -> Result<ReplyV1<UserV1>> {
    manager(&caller)?;
    Ok(ReplyV1::ok(own(&app, &caller, &username).await?.into()))
}

pub(crate) async fn history(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(username): Path<String>,
) -> Result<ReplyV1<History>> {
    let user = own(&app, &caller, &username).await?;
    let bookings = first(|after| app.store().bookings_of(user.id, AT_ONCE, after)).await?;
    Ok(ReplyV1::ok(History::of(&user, &bookings, app.clock().now())))
}

web::request! {
    /// What to change of one's own account.
    pub(crate) struct Update {
        /// Who you are; it does not change.
        username: String as String,
        /// The name to show.
        user_name: Option<Name> as String,
        email: Option<Email> as String,
        /// A new password.
        password: Option<Password> as String,
        /// Needed for a new password or a new address.
        current_password: Option<Claimed> as String
    }
}

pub(crate) async fn update(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<Update>,
) -> Result<ReplyV1<UserV1>> {
    own(&app, &caller, &body.username).await?;
    let Update { user_name: name, email, password, current_password, .. } = body;
    let profile = Profile { name, email, password, current_password, ..Profile::default() };
    let user = profile::change_profile(&app, &caller, profile, IfMatch(None)).await?;
    Ok(ReplyV1::ok(user.into()))
}

pub(crate) async fn update_manager(
    state: State<App>,
    Signed(caller): Signed,
    body: Json<Update>,
) -> Result<ReplyV1<UserV1>> {
    manager(&caller)?;
    update(state, Signed(caller), body).await
}

/// The caller's own account, if that is the one asked for; whether there is another is nobody's business.
async fn own(app: &App, caller: &Caller, username: &str) -> errors::Result<User> {
    let user = manage::read(app, caller, caller.user).await?;
    if username.parse() == Ok(user.user_name.clone()) {
        Ok(user)
    } else {
        Err(Error::forbidden("this account is not yours"))
    }
}

fn manager(caller: &Caller) -> errors::Result<()> {
    if caller.role == Role::Manager {
        Ok(())
    } else {
        Err(Error::forbidden("this is for facility managers").with_detail("role", caller.role.as_str()))
    }
}
