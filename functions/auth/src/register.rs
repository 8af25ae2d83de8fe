//! Registering: always as a customer.

use domain::text::{Email, Name, UserName};
use domain::{Actor, EventId, Phone, Preferences, Role, Scope, User, UserId};
use errors::Result;
use jiff::Timestamp;
use store::{Account, Tx, account_from};
use web::Idempotency;

use crate::password::{self, Password};
use crate::{App, guesses};

/// What somebody says of themselves.
pub(crate) struct Registration {
    pub(crate) name: Name,
    pub(crate) user_name: UserName,
    pub(crate) email: Email,
    pub(crate) password: Password,
}

/// Makes an account; whether an earlier request with the same key had made it.
///
/// # Errors
/// `rate_limited`; `validation_failed` for a password that is a name; `already_exists`.
pub(crate) async fn register(
    app: &App,
    new: Registration,
    ip: Option<String>,
    idem: &Idempotency,
) -> Result<(User, bool)> {
    guesses::count_registration(app, ip.as_deref()).await?;
    let now = app.clock().now();
    let user = user(idem, now, (new.name, new.user_name), Reached::By(new.email));
    new.password.fits(&user)?;
    let mut account = Account::new(user);
    account.password = Some(password::hash(app, &new.password).await?);
    account.request = idem.request();
    let event = EventId::new(now, env::random());
    let event = account.user.event(event, "account.registered", None, Actor::anonymous(ip));
    let mut tx = Tx::new();
    tx.insert_account(app.store(), &account);
    tx.event(app.store(), &event);
    let (account, replayed) = account_from(app.store().commit(tx).await?, account)?;
    Ok((account.user, replayed))
}

/// How a new account is reached.
pub(crate) enum Reached {
    /// By mail.
    By(Email),
    /// By a phone that its owner proved to be theirs.
    ByProved(Phone),
}

/// A new customer.
pub(crate) fn user(
    idem: &Idempotency,
    now: Timestamp,
    (name, user_name): (Name, UserName),
    reached: Reached,
) -> User {
    let (email, phone) = match reached {
        Reached::By(email) => (Some(email), None),
        Reached::ByProved(phone) => (None, Some(phone)),
    };
    let id = match idem.digest() {
        Some(digest) => UserId::derived(digest),
        None => UserId::new(now, env::random()),
    };
    User {
        id,
        user_name,
        email,
        phone_proved: phone.is_some(),
        phone,
        name,
        role: Role::Customer,
        scope: Scope::All,
        active: true,
        preferences: Preferences::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
