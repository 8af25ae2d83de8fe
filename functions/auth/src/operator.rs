//! What only the operator does, at the command line: there is no route to the first administrator.

use domain::text::{Email, UserName};
use domain::{Actor, EventId, Role, Scope, User};
use errors::{Error, Result};
use store::{Account, Tx};
use web::Idempotency;

use crate::App;
use crate::password::{self, Password};
use crate::register::{self, Reached};
use crate::save::Change;

/// Makes an administrator: a new account, or the one with this address, which gets the role, the password and, if it was
/// deactivated, its life back; all its sessions end. `user_name` is only for a new account.
///
/// # Errors
/// `validation_failed` for a password against the rules; `already_exists` when another account has the user name.
pub async fn make_admin(app: &App, email: Email, user_name: UserName, password: &str) -> Result<User> {
    let password = Password::try_from(password.to_owned())
        .map_err(|message| Error::field("/password", "invalid_value", message))?;
    let now = app.clock().now();
    if let Some(before) = app.store().account_with_email(&email).await? {
        password.fits(&before.user)?;
        let mut after = before.clone();
        after.user.role = Role::Admin;
        after.user.scope = Scope::All;
        after.user.active = true;
        after.password = Some(password::hash(app, &password).await?);
        after.link = None;
        after.generation += 1;
        let change = Change::new("account.role_changed", Actor::system(), &before);
        return Ok(change.save(app, after).await?.user);
    }
    let name = user_name.as_str().parse().map_err(Error::internal)?;
    let mut user = register::user(&Idempotency::default(), now, (name, user_name), Reached::By(email));
    user.role = Role::Admin;
    password.fits(&user)?;
    let mut account = Account::new(user);
    account.password = Some(password::hash(app, &password).await?);
    let event = EventId::new(now, env::random());
    let event = account.user.event(event, "account.created", None, Actor::system());
    let mut tx = Tx::new();
    tx.insert_account(app.store(), &account);
    tx.event(app.store(), &event);
    app.store().commit(tx).await?;
    Ok(account.user)
}
