//! How often somebody may guess, register or ask for a link.
//!
//! A guess is counted before the password is looked at, so that a thousand at once get no further than ten; a right one
//! forgets those before it. What cannot be counted is refused.

use domain::UserId;
use errors::Result;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use store::{Limit, Tx};
use web::network;

use crate::App;

const GUESSES_FROM_HERE: Limit = Limit { most: 10, window: SignedDuration::from_mins(15) };
const GUESSES_FROM_ANYWHERE: Limit = Limit { most: 50, window: SignedDuration::from_mins(15) };
const REGISTRATIONS: Limit = Limit { most: 20, window: SignedDuration::from_hours(1) };
const LINKS_FROM_HERE: Limit = Limit { most: 20, window: SignedDuration::from_hours(1) };
const LINKS_TO_ADDRESS: Limit = Limit { most: 3, window: SignedDuration::from_hours(1) };
const CODES_FROM_HERE: Limit = Limit { most: 20, window: SignedDuration::from_hours(1) };
const CODES_TO_HOLDER: Limit = Limit { most: 5, window: SignedDuration::from_hours(1) };
const CODE_GUESSES_FROM_HERE: Limit = Limit { most: 50, window: SignedDuration::from_mins(15) };
/// A window as long as a code holds: it never begins anew for the same one.
const CODE_GUESSES: Limit = Limit { most: 5, window: SignedDuration::from_mins(10) };

/// From where, as it is counted.
fn here(ip: Option<&str>) -> String {
    ip.map(network).unwrap_or_default()
}

/// One guess at a password, counted.
pub(crate) struct Guess {
    here: String,
    anywhere: String,
}

impl Guess {
    /// Counts a guess at the password of `whom`: an account's id, or the name that no account has.
    ///
    /// # Errors
    /// `rate_limited` after 10 within 15 minutes from one address, or 50 from anywhere.
    pub(crate) async fn count(app: &App, whom: &str, ip: Option<&str>) -> Result<Self> {
        let whom = folded(whom);
        let guess = Self { here: format!("guess#{whom}#{}", here(ip)), anywhere: format!("guess#{whom}") };
        let now = app.clock().now();
        app.store().count(&guess.here, GUESSES_FROM_HERE, now).await?;
        app.store().count(&guess.anywhere, GUESSES_FROM_ANYWHERE, now).await?;
        Ok(guess)
    }

    /// It was right: forgets it and those before it.
    pub(crate) fn right(&self, app: &App, tx: &mut Tx) {
        tx.forget(app.store(), &self.here);
        tx.forget(app.store(), &self.anywhere);
    }
}

/// Counts a registration from an address.
///
/// # Errors
/// `rate_limited` after 20 within an hour.
pub(crate) async fn count_registration(app: &App, ip: Option<&str>) -> Result<()> {
    let what = format!("register#{}", here(ip));
    app.store().count(&what, REGISTRATIONS, app.clock().now()).await
}

/// Counts a request for a link to an e-mail address, known or not.
///
/// # Errors
/// `rate_limited` after 20 within an hour from one address, or 3 to the same.
pub(crate) async fn count_link(app: &App, email: &str, ip: Option<&str>) -> Result<()> {
    let now = app.clock().now();
    app.store().count(&format!("link#from#{}", here(ip)), LINKS_FROM_HERE, now).await?;
    app.store().count(&format!("link#to#{}", folded(email)), LINKS_TO_ADDRESS, now).await
}

/// Counts a request for a code to a phone or an address, whoever has it.
///
/// # Errors
/// `rate_limited` after 20 within an hour from one address, or 5 to the same phone or address.
pub(crate) async fn count_code(app: &App, holder: UserId, ip: Option<&str>) -> Result<()> {
    let now = app.clock().now();
    app.store().count(&format!("code#from#{}", here(ip)), CODES_FROM_HERE, now).await?;
    app.store().count(&format!("code#to#{holder}"), CODES_TO_HOLDER, now).await
}

/// Counts a guess at a code: at one, and from one address.
///
/// # Errors
/// `rate_limited` after 5 at one code, or 50 within 15 minutes from one address.
pub(crate) async fn count_code_guess(app: &App, code: &str, ip: Option<&str>) -> Result<()> {
    let now = app.clock().now();
    app.store().count(&format!("code#guess#{}", here(ip)), CODE_GUESSES_FROM_HERE, now).await?;
    app.store().count(&format!("code#guess#{code}"), CODE_GUESSES, now).await
}

/// Text from outside as part of a key: bounded, and no name or address in a table of counters.
fn folded(text: &str) -> String {
    hex(&Sha256::digest(text.trim().to_lowercase()))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
