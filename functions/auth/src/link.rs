//! One-time links: the only way to a password other than knowing the old one.
//!
//! The event that a link was asked for carries its nonce; `notify` derives the token from it and writes the message. An
//! account has one link at most: a new one takes the place of the last, and the transaction that uses it takes it away.

use domain::text::Email;
use domain::{Actor, Caller, User, UserId};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use store::{Account, Link, Tx};
use web::Idempotency;

use crate::password::{self, Password};
use crate::save::Change;
use crate::session::{actor, nonce};
use crate::{App, guesses};

/// A link that somebody asked for holds this long.
const RESET: SignedDuration = SignedDuration::from_mins(30);
/// A link to an account's first password holds this long.
const INVITATION: SignedDuration = SignedDuration::from_hours(24);

/// A new link for an account, and the kind of event that tells of it.
pub(crate) fn link_for(account: &Account, now: Timestamp) -> (Link, &'static str) {
    let (holds, kind) = match account.password {
        Some(_) => (RESET, "account.password_reset_requested"),
        None => (INVITATION, "account.invited"),
    };
    (Link { nonce: nonce(), expires_at: now + holds }, kind)
}

/// Sends a link to an address, if it is an account's. Does as much, and answers the same, if it is not.
///
/// # Errors
/// `rate_limited`.
pub(crate) async fn ask_for_link(app: &App, email: &Email, ip: Option<String>) -> Result<()> {
    guesses::count_link(app, email.as_str(), ip.as_deref()).await?;
    let account = app.store().account_with_email(email).await?.filter(|account| account.user.active);
    if let Some(account) = account {
        return send_link(app, &account, Actor::anonymous(ip), None).await;
    }
    drop(app.store().account(UserId::derived([0; 16])).await);
    let mut tx = Tx::new();
    tx.pretend(app.store(), email.as_str(), app.clock().now());
    app.store().commit(tx).await.map(drop)
}

/// Sends a link to somebody on an administrator's word; whether an earlier request with the same key had sent it.
///
/// # Errors
/// `not_found`; `wrong_state` for a deactivated account.
pub(crate) async fn reset_password(
    app: &App,
    caller: &Caller,
    account: Account,
    idem: &Idempotency,
) -> Result<(User, bool)> {
    if idem.is(account.last_request.as_deref()) {
        return Ok((account.user, true));
    }
    if !account.user.active {
        return Err(Error::new(Code::WrongState, "the account is deactivated"));
    }
    send_link(app, &account, caller.actor(), idem.request()).await?;
    Ok((account.user, false))
}

async fn send_link(app: &App, before: &Account, actor: Actor, request: Option<String>) -> Result<()> {
    let (link, kind) = link_for(before, app.clock().now());
    let mut change = Change::new(kind, actor, before);
    change.link = Some(link.clone());
    let mut after = before.clone();
    after.link = Some(link);
    after.last_request = request.or(after.last_request);
    change.save(app, after).await.map(drop)
}

/// Sets a password by a link. Every session ends.
///
/// # Errors
/// `validation_failed` for a token that was made up or a password against the rules; `gone` for a link that was used,
/// replaced or has run out.
pub(crate) async fn use_link(
    app: &App,
    token: &str,
    new: &Password,
    ip: Option<String>,
    idem: &Idempotency,
) -> Result<bool> {
    let (user, nonce) = app
        .keys()
        .read_one_time(token)
        .ok_or_else(|| Error::field("/token", "invalid_value", "is not the token of a link"))?;
    let gone = || Error::new(Code::Gone, "this link was used, replaced or has run out; ask for a new one");
    let before = app.store().account(user).await?;
    if idem.is(before.last_request.as_deref()) {
        return Ok(true);
    }
    let now = app.clock().now();
    let link = before.link.as_ref().filter(|link| link.nonce == nonce && now < link.expires_at);
    if link.is_none() || !before.user.active {
        return Err(gone());
    }
    new.fits(&before.user)?;
    let mut after = before.clone();
    after.password = Some(password::hash(app, new).await?);
    after.link = None;
    after.generation += 1;
    after.last_request = idem.request().or(after.last_request);
    let change = Change::new("account.password_changed", actor(&before.user, ip), &before);
    match change.save(app, after).await {
        // Somebody else was faster: with this link, or with a newer one.
        Err(error) if error.code() == Code::Changed => Err(gone()),
        other => other.map(|_| false),
    }
}
