//! Passwords: what a new one must be, and how one is kept and checked.
//!
//! Kept as argon2id with the parameters that OWASP's Password Storage Cheat Sheet recommends first: 19 MiB, two passes, one
//! lane. Hashing runs beside the server's own work, a few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params};
use domain::User;
use errors::{Error, Result};
use serde::Deserialize;

use crate::App;
use crate::common::COMMON;

const LEAST_CHARACTERS: usize = 10;
/// No more is hashed, so that nobody has us hash a book.
const MOST_BYTES: usize = 256;

/// A new password that follows the rules.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Password(String);

/// A password as somebody claims it to be.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Claimed(String);

impl TryFrom<String> for Password {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, &'static str> {
        if text.chars().count() < LEAST_CHARACTERS {
            return Err("must have at least 10 characters");
        }
        if text.len() > MOST_BYTES {
            return Err("must have at most 256 bytes");
        }
        let folded = text.to_lowercase();
        let mut characters = folded.chars();
        let first = characters.next();
        if COMMON.contains(&folded.as_str()) || characters.all(|next| Some(next) == first) {
            return Err("is one of the first that anybody would try");
        }
        Ok(Self(text))
    }
}

impl From<String> for Claimed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl std::fmt::Debug for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claimed")
    }
}

impl Password {
    /// Refuses a password that is the name or the address it protects.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(crate) fn fits(&self, user: &User) -> Result<()> {
        let folded = self.0.to_lowercase();
        let email = user.email.as_ref().map_or("", |email| email.as_str());
        let (local, _) = email.split_once('@').unwrap_or_default();
        let names = [user.user_name.as_str(), email, local, &user.name.folded()];
        if names.contains(&folded.as_str()) {
            return Err(Error::field("/password", "invalid_value", "must not be your name or address"));
        }
        Ok(())
    }
}

/// The password's hash in PHC form, with a salt of its own.
pub(crate) async fn hash(app: &App, password: &Password) -> Result<String> {
    let password = password.0.clone();
    let salt: [u8; 16] = env::random();
    beside(app, move || {
        let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(error.to_string()))
    })
    .await
}

/// Whether the password is the one that was kept. Where none was, the same work is done and the answer is no.
pub(crate) async fn verify(app: &App, claimed: &Claimed, kept: Option<&str>) -> Result<bool> {
    let claimed = claimed.0.clone();
    let kept = kept.map(str::to_owned);
    beside(app, move || {
        let claimed = if claimed.len() > MOST_BYTES { "" } else { claimed.as_str() };
        let Some(kept) = kept else {
            let work = hasher()?.hash_password_with_salt(claimed.as_bytes(), &[0; 16]);
            return work.map(|_| false).map_err(|error| Error::internal(error.to_string()));
        };
        let kept = PasswordHash::new(&kept).map_err(|error| Error::internal(error.to_string()))?;
        Ok(hasher()?.verify_password(claimed.as_bytes(), &kept).is_ok())
    })
    .await
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1_024, 2, 1, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params))
}

async fn beside<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let _permit = app.hashing.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<&'static str> {
        Password::try_from(text.to_owned()).err()
    }

    #[test]
    fn a_new_password_is_long_enough_bounded_and_not_the_first_guess() {
        assert_eq!(refusal("correct horse"), None);
        assert_eq!(refusal("пароль-мой"), None);
        assert!(refusal("short-one").unwrap().contains("at least 10"));
        assert!(refusal(&"long".repeat(65)).unwrap().contains("at most 256"));
        for common in ["Password123", "1234567890", "QWERTYUIOP", "zzzzzzzzzzzz"] {
            assert!(refusal(common).unwrap().contains("first"), "{common}");
        }
    }

    #[test]
    fn the_list_holds_what_the_length_alone_would_let_in() {
        for common in COMMON {
            assert!(common.chars().count() >= LEAST_CHARACTERS, "{common} is too short anyway");
            assert_eq!(common.to_lowercase(), *common);
        }
    }

    #[test]
    fn a_password_does_not_show_in_debug_output() {
        let password = Password::try_from("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{password:?} {:?}", Claimed::from("x".to_owned())), "Password Claimed");
    }
}
