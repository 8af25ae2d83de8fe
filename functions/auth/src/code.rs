//! Signing in by a code that a phone is sent: no password, and a new customer with nothing but a name.
//!
//! A code has six digits, holds ten minutes, can be guessed five times and used once; a phone has one at a time. Asking
//! for one reads no account, so that its answer and its time are the same for everybody. Whoever has the phone's code has
//! the account whose phone it is, if its owner proved that it is theirs; a number that somebody merely wrote into their
//! profile opens nothing.

use domain::message::Channel;
use domain::text::Name;
use domain::{Actor, Caller, CodeId, Event, EventId, Phone, Preferences, Role, Scope, User, UserId};
use errors::{Code, Error, Result};
use jiff::SignedDuration;
use serde_json::json;
use store::{Account, PhoneCode, Tx};

use crate::password::Claimed;
use crate::save::Change;
use crate::session::{SignedIn, actor, nonce};
use crate::{App, guesses, profile, session};

/// A code holds this long.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// Sends a code to a phone, whoever has it.
///
/// # Errors
/// `rate_limited`.
pub(crate) async fn ask_for_code(
    app: &App,
    phone: Phone,
    channel: Channel,
    ip: Option<String>,
) -> Result<()> {
    let holder = app.keys().holder(phone.as_str());
    guesses::count_code(app, holder, ip.as_deref()).await?;
    let now = app.clock().now();
    let code = PhoneCode {
        id: CodeId::new(now, env::random()),
        holder,
        phone,
        channel,
        nonce: nonce(),
        used: false,
        expires_at: now + HOLDS,
        version: u64::try_from(now.as_millisecond()).unwrap_or(1),
    };
    let event = Event {
        id: EventId::new(now, env::random()),
        kind: "code.requested".to_owned(),
        subject: code.id.to_string(),
        sequence: 1,
        at: now,
        actor: Actor::anonymous(ip),
        data: json!({ "after": { "holder": holder, "channel": channel, "expires_at": code.expires_at } }),
    };
    app.store().put_code(&code, &event).await
}

/// Begins a session by a code; with a name, for a phone that nobody signs in with yet, of a new customer.
///
/// # Errors
/// `invalid_credentials` for a code that is wrong, used, replaced or has run out; `rate_limited` after five guesses;
/// `validation_failed` when a new customer gives no name.
pub(crate) async fn log_in(
    app: &App,
    phone: &Phone,
    digits: &str,
    name: Option<Name>,
    ip: Option<String>,
) -> Result<SignedIn> {
    let mut tx = Tx::new();
    use_code(app, phone, digits, ip.as_deref(), &mut tx).await?;
    let account = match app.store().account_with_phone(phone).await? {
        Some(account) if account.user.active => account,
        Some(_) => return Err(wrong()),
        None => register(app, phone, name, ip.clone(), &mut tx).await?,
    };
    let actor = actor(&account.user, ip);
    session::begin(app, account, actor, tx).await
}

/// Proves that a phone is the caller's own, so that they can sign in with it.
///
/// # Errors
/// As [`log_in`]; `already_exists` when it is somebody else's; `validation_failed` without the password of whoever has one.
pub(crate) async fn prove_phone(
    app: &App,
    caller: &Caller,
    phone: Phone,
    digits: &str,
    claimed: Option<&Claimed>,
) -> Result<User> {
    let before = app.store().account(caller.user).await?;
    let mut change = Change::new("account.updated", caller.actor(), &before);
    if before.password.is_some() {
        let missing =
            || Error::field("/current_password", "required", "is required to sign in by a new phone");
        let claimed = claimed.ok_or_else(missing)?;
        profile::prove(app, caller, &before, claimed, &mut change.tx).await?;
    }
    use_code(app, &phone, digits, caller.ip.as_deref(), &mut change.tx).await?;
    let mut after = before.clone();
    after.user.phone = Some(phone);
    after.user.phone_proved = true;
    Ok(change.save(app, after).await?.user)
}

/// Counts a guess, and uses the code up if it is right; nothing is written before the transaction is.
async fn use_code(app: &App, phone: &Phone, digits: &str, ip: Option<&str>, tx: &mut Tx) -> Result<()> {
    let holder = app.keys().holder(phone.as_str());
    let code = app.store().code(holder).await?;
    let which = code.as_ref().map_or_else(|| holder.to_string(), |code| code.id.to_string());
    guesses::count_code_guess(app, &which, ip).await?;
    let now = app.clock().now();
    let right = |code: &PhoneCode| {
        let open = !code.used && now < code.expires_at;
        app.keys().is_code(holder, &code.nonce, digits) && open
    };
    let Some(code) = code.filter(right) else {
        tracing::warn!(code = %which, ip, "a wrong code");
        return Err(wrong());
    };
    tx.use_code(app.store(), &PhoneCode { used: true, version: code.version + 1, ..code });
    Ok(())
}

fn wrong() -> Error {
    Error::new(Code::InvalidCredentials, "the code is wrong or has run out; ask for a new one")
}

/// A new customer, always as one.
async fn register(
    app: &App,
    phone: &Phone,
    name: Option<Name>,
    ip: Option<String>,
    tx: &mut Tx,
) -> Result<Account> {
    let name = name.ok_or_else(|| Error::field("/name", "required", "is needed for a new account"))?;
    guesses::count_registration(app, ip.as_deref()).await?;
    let now = app.clock().now();
    let user_name = format!("phone-{}", nonce().get(..16).unwrap_or_default());
    let user = User {
        id: UserId::new(now, env::random()),
        user_name: user_name.parse().map_err(Error::internal)?,
        email: None,
        phone: Some(phone.clone()),
        phone_proved: true,
        name,
        role: Role::Customer,
        scope: Scope::All,
        active: true,
        preferences: Preferences::default(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let account = Account::new(user);
    let event = EventId::new(now, env::random());
    let event = account.user.event(event, "account.registered", None, Actor::anonymous(ip));
    tx.insert_account(app.store(), &account);
    tx.event(app.store(), &event);
    Ok(account)
}
