//! Version 1: what administrators do.

use domain::text::{Email, Name, UserName};
use domain::{Role, Scope, User};
use web::{Idempotency, IfMatch, Json, Path, Query, ReplyV1, Result, Signed, State};

use super::shapes::{Ended, History, One, Page, RoleV1, UserV1, Users};
use super::{AT_ONCE, first};
use crate::manage::{self, Changes, NewAccount};
use crate::{App, link};

pub(crate) async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<ReplyV1<Users>> {
    let all = first(|after| app.store().accounts(AT_ONCE, after)).await?;
    let users = all.into_iter().map(|account| account.user).collect();
    Ok(ReplyV1::ok(Users::cut(users, &page)?))
}

pub(crate) async fn show(State(app): State<App>, Path(username): Path<String>) -> Result<ReplyV1<UserV1>> {
    Ok(ReplyV1::ok(manage::named(&app, &username).await?.user.into()))
}

web::request! {
    /// An account for somebody else. A `password` is ignored: its owner sets it by a link.
    pub(crate) struct Add {
        /// The name to show.
        user_name: Name as String,
        /// The name to sign in with.
        username: UserName as String,
        email: Email as String,
        /// `regular user` by default.
        user_role: Option<RoleV1> as RoleV1
    }
}

pub(crate) async fn add(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<Add>,
) -> Result<ReplyV1<One>> {
    let role = body.user_role.map_or(Role::Customer, Role::from);
    let (name, user_name, email) = (body.user_name, body.username, body.email);
    // The source has no scopes.
    let new = NewAccount { name, user_name, email, role, scope: Some(Scope::All) };
    let (user, _) = manage::create(&app, &caller, new, &idem).await?;
    Ok(ReplyV1::created(One { message: "User added; a link to set a password was sent", user: user.into() }))
}

web::request! {
    /// What to change of an account.
    pub(crate) struct Update {
        /// Whose account.
        username_old: String as String,
        user_name: Option<Name> as String,
        username: Option<UserName> as String,
        email: Option<Email> as String,
        user_role: Option<RoleV1> as RoleV1
    }
}

pub(crate) async fn update(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<Update>,
) -> Result<ReplyV1<UserV1>> {
    let account = manage::named(&app, &body.username_old).await?;
    let (role, scope) = new_role(&account.user, body.user_role);
    let changes = Changes {
        name: body.user_name,
        user_name: body.username,
        email: body.email,
        role,
        scope,
        active: None,
    };
    let user = manage::change(&app, &caller, account, changes, IfMatch(None)).await?;
    Ok(ReplyV1::ok(user.into()))
}

web::request! {
    /// A new role.
    pub(crate) struct UpdateRole {
        username: String as String,
        user_role: RoleV1 as RoleV1
    }
}

pub(crate) async fn update_role(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<UpdateRole>,
) -> Result<ReplyV1<UserV1>> {
    let account = manage::named(&app, &body.username).await?;
    let (role, scope) = new_role(&account.user, Some(body.user_role));
    let changes = Changes { role, scope, ..Changes::default() };
    let user = manage::change(&app, &caller, account, changes, IfMatch(None)).await?;
    Ok(ReplyV1::ok(user.into()))
}

pub(crate) async fn deactivate(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(username): Path<String>,
) -> Result<ReplyV1<Ended>> {
    let account = manage::named(&app, &username).await?;
    let changes = Changes { active: Some(false), ..Changes::default() };
    let user = manage::change(&app, &caller, account, changes, IfMatch(None)).await?;
    Ok(ReplyV1::ok(Ended { message: "User deactivated", username: user.user_name.into() }))
}

web::request! {
    /// Whose password. A `new_password` is ignored: nobody but its owner sets a password.
    pub(crate) struct ResetPassword {
        username: String as String
    }
}

pub(crate) async fn reset_password(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<ResetPassword>,
) -> Result<ReplyV1<One>> {
    let account = manage::named(&app, &body.username).await?;
    let (user, _) = link::reset_password(&app, &caller, account, &idem).await?;
    let message = "A one-time link was sent to the user; the password stays as it is until the link is used";
    Ok(ReplyV1::ok(One { message, user: user.into() }))
}

pub(crate) async fn history(
    State(app): State<App>,
    Path(username): Path<String>,
) -> Result<ReplyV1<History>> {
    let user = manage::named(&app, &username).await?.user;
    let bookings = first(|after| app.store().bookings_of(user.id, AT_ONCE, after)).await?;
    Ok(ReplyV1::ok(History::of(&user, &bookings, app.clock().now())))
}

/// Role and scope after a change. The source has no scopes and fewer roles: one that it calls the same stays as it is, with
/// its scope, and a new manager manages everywhere.
fn new_role(user: &User, asked: Option<RoleV1>) -> (Option<Role>, Option<Scope>) {
    match asked {
        Some(asked) if asked != RoleV1::from(user.role) => (Some(asked.into()), Some(Scope::All)),
        _ => (None, None),
    }
}
