//! What a function has of AWS: one HTTP client for all its services and whom it trusts, who we are there, and the log.

mod http;
mod log;

use std::time::Duration;

use aws_credential_types::Credentials;
use errors::Result;

pub use http::{ROOTS, http, is_amazon};
pub use log::{log, log_to};

/// How long a connection may take to come about. It is the same for all services, since the client keeps connections and trust
/// apart for each value.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// What Lambda sets: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
///
/// # Errors
/// `internal` when a variable is missing.
pub fn credentials() -> Result<Credentials> {
    Ok(Credentials::new(
        env::required("AWS_ACCESS_KEY_ID")?,
        env::required("AWS_SECRET_ACCESS_KEY")?,
        env::optional("AWS_SESSION_TOKEN"),
        None,
        "environment",
    ))
}
