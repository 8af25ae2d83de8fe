//! Version 2: others' accounts.

use domain::text::{Email, Name, UserName};
use domain::{Role, Scope, UserId};
use web::{Fields, Idempotency, IfMatch, Json, Listed, PageQuery, Path, Reply, Result, Signed, State};

use super::given;
use super::views::{AccountView, HistoryView, ScopeView, SentView};
use crate::manage::{self, Changes};
use crate::{App, link};

pub(crate) async fn list(State(app): State<App>, page: PageQuery) -> Result<Listed<AccountView>> {
    let accounts = app.store().accounts(page.limit, page.after.clone()).await?;
    Ok(page.reply(accounts.map(|account| account.user.into())))
}

web::request! {
    /// An account for somebody else, who is sent a link to set a password.
    pub(crate) struct NewAccount {
        /// The name to show.
        name: Name as String,
        /// The name to sign in with.
        user_name: UserName as String,
        email: Email as String,
        /// `admin`, `manager`, `staff`, `moderator`, `auditor`, `service`, `merchant` or `customer`.
        role: Role as String,
        /// Required for `manager`, `staff` and `merchant`; everywhere for all others.
        scope: Option<Scope> as ScopeView
    }
}

pub(crate) async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<NewAccount>,
) -> Result<Reply<AccountView>> {
    let NewAccount { name, user_name, email, role, scope } = body;
    let new = manage::NewAccount { name, user_name, email, role, scope };
    let (user, replayed) = manage::create(&app, &caller, new, &idem).await?;
    let (path, version) = (format!("/accounts/{}", user.id), user.version);
    Ok(Reply::created(user.into(), path).version(version).replayed(replayed))
}

pub(crate) async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<UserId>,
) -> Result<Reply<AccountView>> {
    let user = manage::read(&app, &caller, id).await?;
    let version = user.version;
    let own = caller.is(user.id);
    let view = if own { AccountView::own(user) } else { user.into() };
    Ok(Reply::ok(view).version(version))
}

web::request! {
    /// What to change of an account.
    pub(crate) struct ChangeAccount {
        name: Patch<Name> as String,
        user_name: Patch<UserName> as String,
        email: Patch<Email> as String,
        role: Patch<Role> as String,
        /// Stays as it is, for a role with a scope, unless it is given.
        scope: Patch<Scope> as ScopeView,
        /// `false` deactivates: every session ends, and nobody can sign in. `true` reactivates.
        active: Patch<bool> as bool
    }
}

pub(crate) async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    if_match: IfMatch,
    Path(id): Path<UserId>,
    Json(body): Json<ChangeAccount>,
) -> Result<Reply<AccountView>> {
    let mut fields = Fields::new();
    let changes = Changes {
        name: given(body.name, "/name", &mut fields),
        user_name: given(body.user_name, "/user_name", &mut fields),
        email: given(body.email, "/email", &mut fields),
        role: given(body.role, "/role", &mut fields),
        scope: given(body.scope, "/scope", &mut fields),
        active: given(body.active, "/active", &mut fields),
    };
    fields.check()?;
    let account = app.store().account(id).await?;
    let user = manage::change(&app, &caller, account, changes, if_match).await?;
    let version = user.version;
    Ok(Reply::ok(user.into()).version(version))
}

pub(crate) async fn reset_password(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Path(id): Path<UserId>,
) -> Result<Reply<SentView>> {
    let account = app.store().account(id).await?;
    let (_, replayed) = link::reset_password(&app, &caller, account, &idem).await?;
    Ok(Reply::accepted(SentView::new("a link is on its way to the owner")).replayed(replayed))
}

pub(crate) async fn bookings(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<UserId>,
    page: PageQuery,
) -> Result<Listed<HistoryView>> {
    let now = app.clock().now();
    let bookings = manage::booking_history(&app, &caller, id, page.limit, page.after.clone()).await?;
    Ok(page.reply(bookings.map(|booking| HistoryView::of(booking, now))))
}
