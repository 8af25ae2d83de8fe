//! Signing in by a code that a phone or a mail address is sent: no password, and a new customer with nothing but a name.
//!
//! A code has six digits, holds ten minutes, can be guessed five times and used once; a phone or an address has one at a time.
//! Asking for one reads no account, so that its answer and its time are the same for everybody. Whoever has the phone's code has
//! the account whose phone it is, if its owner proved that it is theirs; a number that somebody merely wrote into their
//! profile opens nothing. Whoever has the address's code has its account, as with a link to set a password.

use domain::message::Channel;
use domain::text::Name;
use domain::{Actor, Caller, CodeId, Event, EventId, Phone, User};
use errors::{Code, Error, Result};
use jiff::SignedDuration;
use serde_json::json;
use store::{Account, OneTimeCode, SentTo, Tx};
use web::Idempotency;

use crate::password::Claimed;
use crate::register::{self, Reached};
use crate::save::Change;
use crate::session::{SignedIn, actor, nonce};
use crate::{App, guesses, profile, session};

/// A code holds this long.
const HOLDS: SignedDuration = SignedDuration::from_mins(10);

/// Sends a code to a phone or an address, whoever has it.
///
/// # Errors
/// `rate_limited`.
pub(crate) async fn ask_for_code(app: &App, to: SentTo, channel: Channel, ip: Option<String>) -> Result<()> {
    let holder = app.keys().holder(to.as_str());
    guesses::count_code(app, holder, ip.as_deref()).await?;
    let now = app.clock().now();
    let code = OneTimeCode {
        id: CodeId::new(now, env::random()),
        holder,
        to,
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

/// Begins a session by a code; with a name, for a phone or an address that nobody signs in with yet, of a new customer.
///
/// # Errors
/// `invalid_credentials` for a code that is wrong, used, replaced or has run out; `rate_limited` after five guesses;
/// `validation_failed` when a new customer gives no name.
pub(crate) async fn log_in(
    app: &App,
    to: SentTo,
    digits: &str,
    name: Option<Name>,
    ip: Option<String>,
) -> Result<SignedIn> {
    let mut tx = Tx::new();
    use_code(app, &to, digits, ip.as_deref(), &mut tx).await?;
    let known = match &to {
        SentTo::Phone(phone) => app.store().account_with_phone(phone).await?,
        SentTo::Email(email) => app.store().account_with_email(email).await?,
    };
    let account = match known {
        Some(account) if account.user.active => account,
        Some(_) => return Err(wrong()),
        None => register(app, to, name, ip.clone(), &mut tx).await?,
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
    let to = SentTo::Phone(phone.clone());
    use_code(app, &to, digits, caller.ip.as_deref(), &mut change.tx).await?;
    let mut after = before.clone();
    after.user.phone = Some(phone);
    after.user.phone_proved = true;
    Ok(change.save(app, after).await?.user)
}

/// Counts a guess, and uses the code up if it is right; nothing is written before the transaction is.
async fn use_code(app: &App, to: &SentTo, digits: &str, ip: Option<&str>, tx: &mut Tx) -> Result<()> {
    let holder = app.keys().holder(to.as_str());
    let code = app.store().code(holder).await?;
    let which = code.as_ref().map_or_else(|| holder.to_string(), |code| code.id.to_string());
    guesses::count_code_guess(app, &which, ip).await?;
    let now = app.clock().now();
    let right = |code: &OneTimeCode| {
        let open = !code.used && now < code.expires_at;
        app.keys().is_code(holder, &code.nonce, digits) && open
    };
    let Some(code) = code.filter(right) else {
        tracing::warn!(code = %which, ip, "a wrong code");
        return Err(wrong());
    };
    tx.use_code(app.store(), &OneTimeCode { used: true, version: code.version + 1, ..code });
    Ok(())
}

fn wrong() -> Error {
    Error::new(Code::InvalidCredentials, "the code is wrong or has run out; ask for a new one")
}

/// A new customer, always as one.
async fn register(
    app: &App,
    to: SentTo,
    name: Option<Name>,
    ip: Option<String>,
    tx: &mut Tx,
) -> Result<Account> {
    let name = name.ok_or_else(|| Error::field("/name", "required", "is needed for a new account"))?;
    guesses::count_registration(app, ip.as_deref()).await?;
    let now = app.clock().now();
    let (kind, reached) = match to {
        SentTo::Phone(phone) => ("phone", Reached::ByProved(phone)),
        SentTo::Email(email) => ("mail", Reached::By(email)),
    };
    let user_name = format!("{kind}-{}", nonce().get(..16).unwrap_or_default());
    let user_name = user_name.parse().map_err(Error::internal)?;
    let user = register::user(&Idempotency::default(), now, (name, user_name), reached);
    let account = Account::new(user);
    let event = EventId::new(now, env::random());
    let event = account.user.event(event, "account.registered", None, Actor::anonymous(ip));
    tx.insert_account(app.store(), &account);
    tx.event(app.store(), &event);
    Ok(account)
}
