//! Logging in, staying logged in, logging out.

use domain::text::{Email, UserName};
use domain::{Actor, Caller, EventId, Session, SessionId, User, UserId};
use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{Account, Tx};
use web::{AccessToken, Idempotency};

use crate::App;
use crate::guesses::{Guess, hex};
use crate::password::{self, Claimed};
use crate::save::Change;

/// A session ends this long after its last refresh.
const IDLE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Attempts to end a session that somebody goes on refreshing.
const ATTEMPTS: u32 = 5;

/// What somebody who is signed in holds.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) access_token: String,
    /// Seconds that the access token holds.
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: String,
}

/// Begins a session. Does the same work, and answers the same, whether or not there is such an account.
///
/// # Errors
/// `invalid_credentials`; `rate_limited` after too many of them.
pub(crate) async fn log_in(
    app: &App,
    login: &str,
    claimed: &Claimed,
    ip: Option<String>,
) -> Result<SignedIn> {
    let account = named(app, login).await?;
    let whom = account.as_ref().map_or_else(|| login.to_owned(), |account| account.user.id.to_string());
    let guess = Guess::count(app, &whom, ip.as_deref()).await?;
    let kept = account.as_ref().and_then(|account| account.password.as_deref());
    let right = password::verify(app, claimed, kept).await?;
    let known = account.as_ref().map(|account| account.user.id);
    let Some(account) = account.filter(|account| right && account.user.active) else {
        tracing::warn!(account = ?known, ip, "log-in failed");
        return Err(Error::new(Code::InvalidCredentials, "the name or the password is wrong"));
    };
    let actor = actor(&account.user, ip);
    let mut tx = Tx::new();
    guess.right(app, &mut tx);
    begin(app, account, actor, tx).await
}

/// Begins a session of somebody who has just proved who they are, together with what is in `tx`.
///
/// # Errors
/// What `tx` says.
pub(crate) async fn begin(app: &App, account: Account, actor: Actor, mut tx: Tx) -> Result<SignedIn> {
    let now = app.clock().now();
    let id = SessionId::new(now, env::random());
    let refresh_token = app.keys().refresh(account.user.id, id, &nonce());
    let session = Session {
        id,
        user: account.user.id,
        token: digest(&refresh_token),
        generation: account.generation,
        revoked: false,
        expires_at: now + IDLE,
        created_at: now,
        version: 1,
    };
    tx.insert_session(app.store(), &session);
    tx.event(app.store(), &session.event(EventId::new(now, env::random()), "session.began", now, actor));
    app.store().commit(tx).await?;
    signed_in(app, account.user, id, refresh_token, now)
}

/// Takes a refresh token for the next one. A retry with the same `Idempotency-Key` gets the token that it missed.
///
/// # Errors
/// `unauthenticated` for what is no token of a session that holds; `token_reused`, and the session ends, for a token
/// that was used before.
pub(crate) async fn refresh(
    app: &App,
    token: &str,
    ip: Option<String>,
    idem: &Idempotency,
) -> Result<SignedIn> {
    let ended = || Error::new(Code::Unauthenticated, "this session has ended; log in again");
    let (user, id) = app.keys().read_refresh(token).ok_or_else(ended)?;
    let now = app.clock().now();
    let (user, session) = app
        .store()
        .signed_in(user, id)
        .await?
        .filter(|(user, session)| user.active && !session.revoked && now < session.expires_at)
        .ok_or_else(ended)?;
    let next = app.keys().refresh(user.id, id, &idem.request().unwrap_or_else(nonce));
    if session.token == digest(&next) {
        return signed_in(app, user, id, next, now);
    }
    if session.token != digest(token) {
        revoke(app, user.id, id, "session.reuse_detected", &Actor::anonymous(ip)).await?;
        return Err(Error::new(
            Code::TokenReused,
            "this refresh token was used before; the session is ended, log in again",
        ));
    }
    let rotated =
        Session { token: digest(&next), expires_at: now + IDLE, version: session.version + 1, ..session };
    let mut tx = Tx::new();
    tx.update_session(app.store(), &rotated);
    app.store().commit(tx).await?;
    signed_in(app, user, id, next, now)
}

/// Ends the caller's session, or all of the account's.
///
/// # Errors
/// `changed` when the account changes meanwhile.
pub(crate) async fn log_out(app: &App, caller: &Caller, everywhere: bool) -> Result<()> {
    if everywhere {
        let before = app.store().account(caller.user).await?;
        let mut after = before.clone();
        after.generation += 1;
        Change::new("account.signed_out", caller.actor(), &before).save(app, after).await?;
    } else {
        revoke(app, caller.user, caller.session, "session.ended", &caller.actor()).await?;
    }
    app.core.forget(caller.session);
    Ok(())
}

/// The session goes on with the account's next generation, in which no other does.
pub(crate) async fn carry_over(app: &App, caller: &Caller, generation: u64, tx: &mut Tx) -> Result<()> {
    let session = app.store().session(caller.user, caller.session).await?;
    let version = session.version + 1;
    tx.update_session(app.store(), &Session { generation, version, ..session });
    Ok(())
}

/// Ends a session for good, also while it is being refreshed.
async fn revoke(app: &App, user: UserId, id: SessionId, kind: &str, actor: &Actor) -> Result<()> {
    for attempt in 1.. {
        let session = app.store().session(user, id).await?;
        if session.revoked {
            break;
        }
        let now = app.clock().now();
        let ended = Session { revoked: true, version: session.version + 1, ..session };
        let mut tx = Tx::new();
        tx.update_session(app.store(), &ended);
        tx.event(app.store(), &ended.event(EventId::new(now, env::random()), kind, now, actor.clone()));
        match app.store().commit(tx).await {
            Ok(_) => break,
            Err(error) if error.code() == Code::Changed && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
    app.core.forget(id);
    Ok(())
}

/// The account that signs in under a user name or an address, after as many reads as if there were none.
async fn named(app: &App, login: &str) -> Result<Option<Account>> {
    let account = if login.contains('@') {
        match login.parse::<Email>() {
            Ok(email) => app.store().account_with_email(&email).await?,
            Err(_) => None,
        }
    } else {
        match login.parse::<UserName>() {
            Ok(name) => app.store().account_named(&name).await?,
            Err(_) => None,
        }
    };
    if account.is_none() {
        drop(app.store().account(UserId::derived([0; 16])).await);
    }
    Ok(account)
}

fn signed_in(
    app: &App,
    user: User,
    session: SessionId,
    refresh_token: String,
    now: Timestamp,
) -> Result<SignedIn> {
    let (access_token, expires_in) = app.keys().issue(AccessToken { user: user.id, session }, now)?;
    Ok(SignedIn { user, access_token, expires_in, refresh_token })
}

/// Somebody who has just proved who they are.
pub(crate) fn actor(user: &User, ip: Option<String>) -> Actor {
    Actor { user: Some(user.id), role: user.role.as_str().to_owned(), ip, request: None }
}

/// Random text for a token.
pub(crate) fn nonce() -> String {
    hex(&env::random::<16>())
}

/// What is kept of a refresh token.
fn digest(token: &str) -> String {
    hex(&Sha256::digest(token))
}
