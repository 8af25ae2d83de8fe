//! What people change about themselves: profile and password.

use domain::text::{Email, Name, UserName};
use domain::{Caller, Phone, Preferences, User};
use errors::{Error, Result};
use store::{Account, Tx};
use web::{Idempotency, IfMatch, Patch};

use crate::guesses::Guess;
use crate::password::{self, Claimed, Password};
use crate::save::Change;
use crate::{App, session};

/// What is to change of a profile.
#[derive(Default)]
pub(crate) struct Profile {
    pub(crate) name: Option<Name>,
    pub(crate) user_name: Option<UserName>,
    pub(crate) email: Option<Email>,
    /// A new number, or none any more.
    pub(crate) phone: Patch<Phone>,
    pub(crate) preferences: Option<Box<dyn FnOnce(Preferences) -> Preferences + Send>>,
    pub(crate) password: Option<Password>,
    /// Needed for a new password, and for a new e-mail address: whoever has the address can set a password.
    pub(crate) current_password: Option<Claimed>,
}

/// Changes the caller's own profile, and with a new password ends every other session.
///
/// # Errors
/// `precondition_failed`, `already_exists`; `validation_failed` for a new address or password without the current password,
/// or a new password that is a name; `rate_limited` after too many guesses.
pub(crate) async fn change_profile(
    app: &App,
    caller: &Caller,
    profile: Profile,
    if_match: IfMatch,
) -> Result<User> {
    let before = app.store().account(caller.user).await?;
    if_match.check(before.user.version)?;
    change(app, caller, &before, profile, None).await
}

/// Changes the caller's own password. Every other session ends.
///
/// # Errors
/// As [`change_profile`].
pub(crate) async fn change_password(
    app: &App,
    caller: &Caller,
    current: Claimed,
    new: Password,
    idem: &Idempotency,
) -> Result<(User, bool)> {
    let before = app.store().account(caller.user).await?;
    if idem.is(before.last_request.as_deref()) {
        return Ok((before.user, true));
    }
    let profile = Profile { password: Some(new), current_password: Some(current), ..Profile::default() };
    let user = change(app, caller, &before, profile, idem.request()).await?;
    Ok((user, false))
}

async fn change(
    app: &App,
    caller: &Caller,
    before: &Account,
    profile: Profile,
    request: Option<String>,
) -> Result<User> {
    let mut after = before.clone();
    let user = &mut after.user;
    user.name = profile.name.unwrap_or_else(|| user.name.clone());
    user.user_name = profile.user_name.unwrap_or_else(|| user.user_name.clone());
    user.email = profile.email.or_else(|| user.email.clone());
    user.phone = profile.phone.applied_to(user.phone.clone());
    user.phone_proved &= user.phone == before.user.phone;
    if let Some(change) = profile.preferences {
        user.preferences = change(user.preferences.clone());
    }
    let mut change = Change::new("account.updated", caller.actor(), before);
    // Whoever registered by phone has no password to prove it by, and sets the first one by a link.
    let proves = before.password.is_some() || before.user.proved_phone().is_none();
    if profile.password.is_some() || (after.user.email != before.user.email && proves) {
        let claimed = profile.current_password.as_ref().ok_or_else(|| {
            let message = "is required for a new password or e-mail address";
            Error::field("/current_password", "required", message)
        })?;
        prove(app, caller, before, claimed, &mut change.tx).await?;
    } else if after == *before {
        return Ok(after.user);
    }
    if let Some(new) = &profile.password {
        new.fits(&after.user)?;
        change.kind = "account.password_changed";
        after.password = Some(password::hash(app, new).await?);
        after.link = None;
        after.generation += 1;
        session::carry_over(app, caller, after.generation, &mut change.tx).await?;
    }
    after.last_request = request.or(after.last_request);
    Ok(change.save(app, after).await?.user)
}

/// Makes sure that it is the owner who is signed in here.
pub(crate) async fn prove(
    app: &App,
    caller: &Caller,
    account: &Account,
    claimed: &Claimed,
    tx: &mut Tx,
) -> Result<()> {
    let guess = Guess::count(app, &account.user.id.to_string(), caller.ip.as_deref()).await?;
    if !password::verify(app, claimed, account.password.as_deref()).await? {
        return Err(Error::field("/current_password", "wrong_password", "is not your current password"));
    }
    guess.right(app, tx);
    Ok(())
}
