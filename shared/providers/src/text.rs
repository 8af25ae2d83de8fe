//! One text to one phone, by SMS or WhatsApp: what is sent, by whom, and how a sending can end.
//!
//! A text is an approved template with numbered variables (`{{1}}`), as carriers and Meta want it: `templates/<language>/
//! <kind>.text` is what the operator has approved, [`Text::body`] is what the person reads, [`Text::values`] what is put in.

use std::collections::BTreeMap;
use std::pin::Pin;

use domain::campaign::fill;
use domain::message::Channel;
use domain::{MessageId, MessageKind, Phone};
use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::Refused;
use crate::templates::{About, Language};
use crate::when::moment;

/// The longest value of a variable, in characters.
const VALUE_CHARS: usize = 60;
/// The longest address in one.
const LINK_CHARS: usize = 120;

/// One text. It may carry a one-time code, so its `Debug` tells neither body nor values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The message that it carries.
    pub id: MessageId,
    /// When the message was due.
    pub date: Timestamp,
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// Who gets it.
    pub to: Phone,
    /// Which template.
    pub kind: MessageKind,
    /// The provider's own name of the template, where it is none of those that are known by kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// In which language.
    pub language: Language,
    /// The template's variables, from 1.
    pub values: Vec<String>,
    /// The template with them.
    pub body: String,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// How a sending failed, which says what may be done about it.
#[derive(Debug)]
pub enum Failure {
    /// This text will never be taken.
    Refused(Error),
    /// It was not taken, and may be later.
    NotTaken(Error),
    /// Nobody knows: it may have been taken. Sending it again may double it.
    Unclear(Error),
}

impl From<Error> for Failure {
    /// What the end of a call ([`crate::Call`]) means to a text. Whatever failed without a word of refusal may have been
    /// done.
    fn from(error: Error) -> Self {
        let refused = Refused::of(&error).map(|refused| refused.status);
        match error.code() {
            Code::BadRequest => Self::Refused(error),
            Code::UpstreamFailed if !matches!(refused, Some(401 | 403)) => Self::Unclear(error),
            _ => Self::NotTaken(error),
        }
    }
}

/// The providers' names of templates, by kind or by kind and language: `confirmed=HX1,confirmed.hi=HX2`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates(BTreeMap<String, String>);

impl Templates {
    /// The template of a text: the one that it names, or that of its language, or else of its kind.
    ///
    /// # Errors
    /// `bad_request` when there is none: this provider cannot send it.
    pub fn of(&self, text: &Text) -> Result<String> {
        if let Some(named) = &text.template {
            return Ok(named.clone());
        }
        let kind = text.kind.as_str();
        let own = self.0.get(&format!("{kind}.{}", text.language.as_str())).or_else(|| self.0.get(kind));
        let missing = || Error::new(Code::BadRequest, format!("the provider has no template for {kind}"));
        own.cloned().ok_or_else(missing)
    }
}

impl std::str::FromStr for Templates {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (kind, id) = pair.split_once('=').unwrap_or_default();
            let known = kind.split('.').next().unwrap_or_default();
            let fits = MessageKind::ALL.iter().any(|kind| kind.as_str() == known) && !id.trim().is_empty();
            let wrong = || Error::internal("templates are kind=id,kind=id");
            fits.then(|| (kind.to_owned(), id.trim().to_owned())).ok_or_else(wrong)
        };
        pairs.map(read).collect::<Result<_>>().map(Self)
    }
}

/// The future of one sending: the provider's own id of the text, if it gives one.
pub type Texting<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, Failure>> + Send + 'a>>;

/// Sends texts. No sending takes longer than [`crate::TIMEOUT_SECONDS`].
pub trait Texts: Send + Sync {
    /// The provider's name, as kept with the message.
    fn name(&self) -> &'static str;

    /// Sends it, or learns that it cannot be sent.
    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a>;
}

/// The variables of a text about this, in their order.
pub fn values(about: &About, language: Language) -> Vec<String> {
    let values = match about {
        About::Booking { room, place, zone, span, .. } => {
            let there = moment(span, zone, language);
            vec![room.clone(), place.clone(), there.day, there.start]
        }
        About::Session { title, place, zone, span, amount, recording } => {
            let there = moment(span, zone, language);
            let told =
                [title.clone(), place.clone(), there.day, there.start].into_iter().chain(amount.clone());
            return told
                .map(|value| variable(&value))
                .chain(recording.as_ref().filter(|_| amount.is_none()).map(|at| link(at, language)))
                .collect();
        }
        About::Code { code } => vec![code.clone()],
        About::PasswordReset { .. } | About::Stay { .. } => Vec::new(),
    };
    values.iter().map(|value| variable(value)).collect()
}

/// Whether a value is an address, of which a part is of no use.
pub(crate) fn is_link(value: &str) -> bool {
    value.starts_with("https://") && !value.contains(char::is_whitespace)
}

/// An address as a value: all of it, or where it is too long for a phone, the words for where it is found.
fn link(address: &str, language: Language) -> String {
    if is_link(address) && address.chars().count() <= LINK_CHARS {
        return address.to_owned();
    }
    let elsewhere = match language {
        Language::English => "with your order",
        Language::German => "bei Ihrer Bestellung",
        Language::Hindi => "आपके ऑर्डर के साथ",
    };
    elsewhere.to_owned()
}

/// The text of this kind with its variables.
///
/// # Errors
/// `internal` when there is no such text, or a variable is missing.
pub fn body(kind: MessageKind, language: Language, values: &[String]) -> Result<String> {
    let template =
        template(kind, language).ok_or_else(|| Error::internal("no text of this kind for a phone"))?;
    fill(template, values).ok_or_else(|| Error::internal("a variable of a text has no value"))
}

/// A value as a template takes it: one line, bounded, never empty.
fn variable(value: &str) -> String {
    let line = value.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(VALUE_CHARS).collect();
    if cut.is_empty() { "-".to_owned() } else { cut }
}

macro_rules! texts {
    ($language:literal, $kind:expr) => {
        match $kind {
            MessageKind::Confirmed => Some(texts!($language / "confirmed")),
            MessageKind::Changed => Some(texts!($language / "changed")),
            MessageKind::Cancelled => Some(texts!($language / "cancelled")),
            MessageKind::Reminder => Some(texts!($language / "reminder")),
            MessageKind::OutOfService => Some(texts!($language / "out_of_service")),
            MessageKind::Code => Some(texts!($language / "code")),
            MessageKind::SessionConfirmed => Some(texts!($language / "session_confirmed")),
            MessageKind::SessionCancelled => Some(texts!($language / "session_cancelled")),
            MessageKind::SessionLost => Some(texts!($language / "session_lost")),
            MessageKind::SessionCompleted => Some(texts!($language / "session_completed")),
            MessageKind::PasswordReset
            | MessageKind::Campaign
            | MessageKind::StayConfirmed
            | MessageKind::StayCancelled
            | MessageKind::Alert => None,
        }
    };
    ($language:literal / $name:literal) => {
        include_str!(concat!("../templates/", $language, "/", $name, ".text"))
    };
}

fn template(kind: MessageKind, language: Language) -> Option<&'static str> {
    match language {
        Language::English => texts!("en", kind),
        Language::German => texts!("de", kind),
        Language::Hindi => texts!("hi", kind),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::Span;
    use domain::message::{Audience, chains};

    use super::*;

    pub(crate) fn text(channel: Channel) -> Text {
        let values = ["Blue room", "Harbour", "Monday, 1 March 2027", "09:30"].map(str::to_owned).to_vec();
        Text {
            id: MessageId::derived([1; 16]),
            date: "2027-03-01T08:00:00Z".parse().unwrap(),
            channel,
            to: "+919876543210".parse().unwrap(),
            kind: MessageKind::Confirmed,
            template: None,
            language: Language::English,
            body: body(MessageKind::Confirmed, Language::English, &values).unwrap(),
            values,
        }
    }

    const RECORDING: &str = "https://videos.example/watch/0f0e4d1c";

    fn session(zone: domain::Zone, span: Span, amount: Option<String>) -> About {
        let (title, place) = ("Evening lamp ceremony".to_owned(), "x".repeat(200));
        let recording = amount.is_none().then(|| RECORDING.to_owned());
        About::Session { title, place, zone, span, amount, recording }
    }

    fn about(kind: MessageKind) -> About {
        if kind == MessageKind::Code {
            return About::Code { code: "042137".to_owned() };
        }
        let span =
            Span::new("2027-03-01T08:30:00Z".parse().unwrap(), "2027-03-01T09:00:00Z".parse().unwrap());
        let (zone, span): (domain::Zone, _) = ("Europe/Berlin".to_owned().try_into().unwrap(), span.unwrap());
        let amount = Some("INR 550.00".to_owned());
        match kind {
            MessageKind::SessionConfirmed | MessageKind::SessionCancelled | MessageKind::SessionLost => {
                return session(zone, span, amount);
            }
            MessageKind::SessionCompleted => return session(zone, span, None),
            _ => {}
        }
        About::Booking {
            room: "Blue\nroom".to_owned(),
            place: "x".repeat(200),
            zone,
            span,
            title: None,
            reason: None,
        }
    }

    #[test]
    fn whatever_may_go_to_a_phone_has_a_text_in_every_language_that_meta_and_carriers_take() {
        for kind in MessageKind::ALL {
            let rings = chains(kind, Audience::Customer).iter().flat_map(|chain| chain.iter());
            // A campaign brings its own.
            if kind == MessageKind::Campaign || !rings.clone().any(|channel| channel.rings()) {
                continue;
            }
            for language in Language::ALL {
                let told = body(kind, language, &values(&about(kind), language)).unwrap();
                assert!(!told.contains(['{', '\n']) && told.chars().count() < 320, "{told}");
                // Meta takes no template that begins or ends with a variable.
                let raw = template(kind, language).unwrap().trim();
                assert!(!raw.starts_with("{{") && !raw.ends_with("}}"), "{raw}");
            }
        }
    }

    #[test]
    fn a_text_is_read_as_it_was_approved() {
        assert_eq!(
            text(Channel::Sms).body,
            "Your booking stands: Blue room, Harbour, on Monday, 1 March 2027 at 09:30. We look forward to seeing you."
        );
        let code =
            body(MessageKind::Code, Language::English, &values(&about(MessageKind::Code), Language::English));
        assert_eq!(code.unwrap(), "Your code is 042137. It holds for 10 minutes. Tell it to nobody.");
        assert!(body(MessageKind::Confirmed, Language::English, &[]).is_err());
    }

    #[test]
    fn an_address_is_told_whole_or_not_at_all() {
        let about = about(MessageKind::SessionCompleted);
        let told = |about: &About| values(about, Language::English).pop();
        assert_eq!(told(&about).as_deref(), Some(RECORDING));
        let About::Session { title, place, zone, span, amount, .. } = about else { unreachable!() };
        let recording = Some(format!("https://videos.example/{}", "x".repeat(LINK_CHARS)));
        let long = About::Session { title, place, zone, span, amount, recording };
        assert_eq!(told(&long).as_deref(), Some("with your order"));
    }

    #[test]
    fn neither_body_nor_number_is_told_by_debug() {
        let told = format!("{:?}", text(Channel::Sms));
        assert!(!told.contains("Blue") && !told.contains("9876"), "{told}");
    }
}
