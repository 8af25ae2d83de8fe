//! What is reached outside: mail, through the provider that `HOLDFAST_MAIL` names, SMS and WhatsApp, what they say, and payments.
//!
//! [`render`] makes the text, an [`Email`] holds what is sent, and a [`Mail`] sends it: [`Ses`] on AWS, [`Smtp`]
//! anywhere, an [`Outbox`] on a laptop. All three send the same MIME bytes under the same Message-ID, which is derived
//! from the message's own id, so that a receiver can tell a repetition.

mod chosen;
mod email;
mod http;
mod meta;
mod msg91;
mod outbox;
pub mod razorpay;
mod ses;
mod smtp;
mod sns;
mod templates;
mod text;
mod twilio;
mod when;

use std::pin::Pin;
use std::sync::Arc;

pub use chosen::{sms_from_env, whatsapp_from_env};
pub use email::{Email, Invitation, Mailbox};
use errors::{Error, Result};
pub use http::{Call, Http, Refused};
pub use meta::{Meta, MetaSettings};
pub use msg91::{Msg91, Msg91Settings};
pub use outbox::{Keep, Kept, Outbox, TextOutbox};
pub use razorpay::Razorpay;
pub use ses::Ses;
pub use smtp::Smtp;
pub use sns::{Sns, SnsSettings};
pub use templates::{About, Facts, Language, Rendered, render, written};
pub use text::{Failure, Templates, Text, Texting, Texts, body, values};
pub use twilio::{Twilio, TwilioSettings};
pub use when::{Moment, moment, until};

/// The future of one sending: the provider's own id of the mail, if it gives one.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Option<String>>> + Send + 'a>>;

/// Sends mail.
///
/// Errors are `unavailable` or `upstream_failed` when the same mail may get through later, and `bad_request` when it
/// will not: the address or the content is refused. No sending takes longer than [`TIMEOUT_SECONDS`].
pub trait Mail: Send + Sync {
    /// The provider's name, as kept with the message.
    fn name(&self) -> &'static str;

    /// Sends it, or learns that it cannot be sent.
    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a>;
}

/// The longest that a sending may take; a lease on a message must be longer.
pub const TIMEOUT_SECONDS: u64 = 10;

/// The provider that `HOLDFAST_MAIL` names: `ses`, `smtp://…` or `smtps://…` (see [`Smtp`]), `outbox:DIR`.
///
/// # Errors
/// `internal`, naming the variable, when it is unset or names nothing known.
pub fn mail_from_env() -> Result<Arc<dyn Mail>> {
    chosen(&env::required("HOLDFAST_MAIL")?)
}

fn chosen(name: &str) -> Result<Arc<dyn Mail>> {
    Ok(match name.split_once(':') {
        None if name == "ses" => Arc::new(Ses::from_env()?),
        Some(("smtp" | "smtps", _)) => Arc::new(Smtp::at(name)?),
        Some(("outbox", directory)) if !directory.is_empty() => Arc::new(Outbox::in_directory(directory)?),
        _ => {
            return Err(Error::internal(
                "environment variable HOLDFAST_MAIL is not ses, smtp://… or outbox:DIR",
            ));
        }
    })
}

/// The sender that `HOLDFAST_MAIL_FROM` names, e.g. `Front desk <rooms@example.org>`.
///
/// # Errors
/// `internal`, naming the variable, when it is unset or no mailbox.
pub fn sender_from_env() -> Result<Mailbox> {
    let text = env::required("HOLDFAST_MAIL_FROM")?;
    text.parse().map_err(|_| Error::internal("environment variable HOLDFAST_MAIL_FROM is not a mailbox"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_chosen_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let outbox = format!("outbox:{}", directory.path().join("sent").display());
        for (name, provider) in [(outbox.as_str(), "outbox"), ("smtps://u:p@mail.example", "smtp")] {
            assert_eq!(chosen(name).unwrap().name(), provider);
        }
        for bad in ["", "outbox", "outbox:", "pigeon", "ses:x", "smtp:", "http://mail.example"] {
            assert!(chosen(bad).is_err(), "{bad}");
        }
    }
}
