//! The only reads of the environment, the clock and chance.
//!
//! Everything else takes the time and random bytes as parameters, so that holds, expiry, tokens and limits
//! are tested in microseconds.

mod clock;

pub use clock::Clock;
use errors::{Error, Result};

/// The variable's value, or `None` when it is unset or empty.
pub fn optional(name: &str) -> Option<String> {
    read(name).filter(|value| !value.is_empty())
}

/// The variable's value.
///
/// # Errors
/// `internal`, naming the variable, when it is unset or empty.
pub fn required(name: &str) -> Result<String> {
    optional(name).ok_or_else(|| Error::internal(format!("environment variable {name} is not set")))
}

/// The variable's value parsed, or `default` when it is unset.
///
/// # Errors
/// `internal`, naming the variable, when it does not parse.
pub fn parsed<T: std::str::FromStr>(name: &str, default: T) -> Result<T> {
    match optional(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| Error::internal(format!("environment variable {name} has an invalid value"))),
    }
}

/// Random bytes from the operating system, fit for keys and tokens.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be done without it.
#[expect(clippy::expect_used, reason = "without randomness every token would be guessable")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
