//! The texts of messages: templates as data, by language and kind, under `templates/`.
//!
//! A text is made of three templates: `<kind>.subject`, `<kind>.txt` and `<kind>.html`. Those about a booking show the
//! language's `details`, and all HTML sits in one `layout.html` without anything from outside. A word that a template
//! uses and nobody gives is an error, not a gap.

use domain::{MessageKind, Span, Zone};
use errors::{Error, Result};
use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};

use crate::when::{moment, until};

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// `en`, and whatever has no texts.
    #[serde(rename = "en")]
    English,
    /// `de`.
    #[serde(rename = "de")]
    German,
    /// `hi`.
    #[serde(rename = "hi")]
    Hindi,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Hindi];

    /// The language of a BCP 47 tag such as `de-AT`; English when there are no texts in it.
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let known = Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.as_str()));
        known.unwrap_or(Self::English)
    }

    /// The tag.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Hindi => "hi",
        }
    }
}

/// What a message can say. No `Debug`: it may be a link or a code.
#[derive(Clone)]
pub struct Facts {
    /// The recipient's name.
    pub name: String,
    /// The recipient's own zone, if set.
    pub zone: Option<Zone>,
    /// Where to do something about it.
    pub link: Option<String>,
    /// What it is about.
    pub about: About,
}

/// What a message is about.
#[derive(Clone)]
pub enum About {
    /// A booking.
    Booking {
        /// Name of the room.
        room: String,
        /// Name and address of the place.
        place: String,
        /// The place's zone.
        zone: Zone,
        /// When.
        span: Span,
        /// What for.
        title: Option<String>,
        /// Why it was cancelled, or why the room cannot be used.
        reason: Option<String>,
    },
    /// Seats of a session.
    Session {
        /// What is sold.
        title: String,
        /// Name and address of the place.
        place: String,
        /// The place's zone.
        zone: Zone,
        /// When.
        span: Span,
        /// What it costs, or what goes back, with its currency.
        amount: Option<String>,
        /// Where a recording is.
        recording: Option<String>,
    },
    /// Nights of rooms.
    Stay {
        /// The number that the guest names it by.
        confirmation: String,
        /// What each room is.
        rooms: Vec<String>,
        /// Name and address of the place.
        place: String,
        /// The place's zone.
        zone: Zone,
        /// From when the rooms are ready until they are left.
        span: Span,
        /// What it costs, or what goes back, with its currency.
        amount: String,
        /// What is still to be paid, if anything.
        due: Option<String>,
    },
    /// The link to set a new password, which works until then.
    PasswordReset {
        /// Until when.
        until: Timestamp,
    },
    /// A code to sign in with.
    Code {
        /// Its digits.
        code: String,
    },
}

/// A text, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For readers of text.
    pub text: String,
    /// For readers of HTML: a whole document.
    pub html: String,
}

/// Writes the message of this kind in this language.
///
/// # Errors
/// `internal` when the facts are not those of the kind, or a password link is missing.
pub fn render(kind: MessageKind, language: Language, facts: &Facts) -> Result<Rendered> {
    let no_mail = || Error::internal("no mail of this kind");
    let texts = Texts::of(language, kind).ok_or_else(no_mail)?;
    let shared = context! { language => language.as_str(), name => &facts.name, link => &facts.link };
    let context = match &facts.about {
        About::Code { code } => context! { code => code, ..shared },
        About::PasswordReset { until: end } => {
            if facts.link.is_none() {
                return Err(Error::internal("a password message needs its link"));
            }
            let zone = facts.zone.clone().unwrap_or_else(Zone::utc);
            context! { until => until(*end, &zone, language), ..shared }
        }
        About::Session { title, place, zone, span, amount, recording } => {
            let there = moment(span, zone, language);
            let here = facts.zone.as_ref().map(|own| moment(span, own, language));
            context! {
                title => title, place => place, amount => amount, recording => recording,
                day => there.day, start => there.start, when => there.whole,
                your_when => here.filter(|_| elsewhere(facts, zone, span)).map(|here| here.whole),
                ..shared
            }
        }
        About::Stay { confirmation, rooms, place, zone, span, amount, due } => {
            let left = Span::new(span.end(), span.end().saturating_add(span.length()).unwrap_or(span.end()));
            let (arrives, leaves) =
                (moment(span, zone, language), left.map(|left| moment(&left, zone, language)));
            let leaves = leaves.ok_or_else(|| Error::internal("a stay beyond the calendar"))?;
            context! {
                confirmation => confirmation, rooms => rooms, place => place, amount => amount, due => due,
                arrival => arrives.day, from => arrives.start, departure => leaves.day, until => leaves.start,
                ..shared
            }
        }
        About::Booking { room, place, zone, span, title, reason } => {
            let there = moment(span, zone, language);
            let here = facts.zone.as_ref().map(|own| moment(span, own, language));
            context! {
                room => room, place => place, title => title, reason => reason,
                day => there.day, start => there.start, when => there.whole,
                your_when => here.filter(|_| elsewhere(facts, zone, span)).map(|here| here.whole),
                ..shared
            }
        }
    };
    let engine = engine().map_err(Error::internal)?;
    let fill = |name: &str, source: &str, context: &Value| {
        let filled = engine.render_named_str(name, source, context).map_err(Error::internal)?;
        Ok::<_, Error>(filled.trim().to_owned())
    };
    let with_details = |name: &str, source: &str| match facts.about {
        About::PasswordReset { .. } | About::Code { .. } => Ok(context.clone()),
        About::Booking { .. } | About::Session { .. } | About::Stay { .. } => {
            let details = Value::from_safe_string(fill(name, source, &context)?);
            Ok::<_, Error>(context! { details, ..context.clone() })
        }
    };
    let subject = fill("subject", texts.subject, &context)?;
    let text = fill("text", texts.text, &with_details("details", texts.details_text)?)?;
    let body = fill("body.html", texts.html, &with_details("details.html", texts.details_html)?)?;
    let page = context! { language => language.as_str(), subject => &subject, body => Value::from_safe_string(body) };
    let html = fill("layout.html", LAYOUT, &page)?;
    Ok(Rendered { subject, text: text + "\n", html: html + "\n" })
}

/// A mail that says what somebody wrote: paragraphs with empty lines between them.
///
/// # Errors
/// `internal` when it cannot be laid out.
pub fn written(subject: &str, body: &str, language: Language) -> Result<Rendered> {
    let engine = engine().map_err(Error::internal)?;
    let paragraphs = body.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let paragraphs: Vec<String> = paragraphs.map(str::to_owned).collect();
    let lay = |name: &str, source: &str, context: Value| {
        engine.render_named_str(name, source, context).map_err(Error::internal)
    };
    let body = lay("body.html", PARAGRAPHS, context! { paragraphs => &paragraphs })?;
    let page = context! { language => language.as_str(), subject, body => Value::from_safe_string(body) };
    let html = lay("layout.html", LAYOUT, page)?;
    Ok(Rendered { subject: subject.to_owned(), text: paragraphs.join("\n\n") + "\n", html: html + "\n" })
}

/// Whether the recipient's clock differs from that of the place. The same clocks under another name are not worth a line.
fn elsewhere(facts: &Facts, zone: &Zone, span: &Span) -> bool {
    let clocks = |zone: &Zone| [span.start(), span.end()].map(|at| zone.local(at).offset());
    facts.zone.as_ref().is_some_and(|own| clocks(own) != clocks(zone))
}

fn engine() -> std::result::Result<Environment<'static>, minijinja::Error> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // A tag that has a line to itself leaves no empty line.
    engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    Ok(engine)
}

struct Texts {
    subject: &'static str,
    text: &'static str,
    html: &'static str,
    details_text: &'static str,
    details_html: &'static str,
}

const PARAGRAPHS: &str = "{% for text in paragraphs %}\n<p>{{ text }}</p>\n{% endfor %}";
const LAYOUT: &str = include_str!("../templates/layout.html");

macro_rules! texts {
    ($language:literal, $kind:expr) => {
        match $kind {
            MessageKind::Confirmed => Some(texts!($language / "confirmed")),
            MessageKind::Changed => Some(texts!($language / "changed")),
            MessageKind::Cancelled => Some(texts!($language / "cancelled")),
            MessageKind::Reminder => Some(texts!($language / "reminder")),
            MessageKind::PasswordReset => Some(texts!($language / "password_reset")),
            MessageKind::OutOfService => Some(texts!($language / "out_of_service")),
            MessageKind::SessionConfirmed => Some(texts!($language / "session_confirmed", "session")),
            MessageKind::SessionCancelled => Some(texts!($language / "session_cancelled", "session")),
            MessageKind::SessionLost => Some(texts!($language / "session_lost", "session")),
            MessageKind::SessionCompleted => Some(texts!($language / "session_completed", "session")),
            MessageKind::Code => Some(texts!($language / "code")),
            MessageKind::StayConfirmed => Some(texts!($language / "stay_confirmed", "stay")),
            MessageKind::StayCancelled => Some(texts!($language / "stay_cancelled", "stay")),
            MessageKind::Campaign | MessageKind::Alert => None,
        }
    };
    ($language:literal / $name:literal) => {
        texts!($language / $name, "details")
    };
    ($language:literal / $name:literal, $details:literal) => {
        Texts {
            subject: include_str!(concat!("../templates/", $language, "/", $name, ".subject")),
            text: include_str!(concat!("../templates/", $language, "/", $name, ".txt")),
            html: include_str!(concat!("../templates/", $language, "/", $name, ".html")),
            details_text: include_str!(concat!("../templates/", $language, "/", $details, ".txt")),
            details_html: include_str!(concat!("../templates/", $language, "/", $details, ".html")),
        }
    };
}

impl Texts {
    fn of(language: Language, kind: MessageKind) -> Option<Self> {
        match language {
            Language::English => texts!("en", kind),
            Language::German => texts!("de", kind),
            Language::Hindi => texts!("hi", kind),
        }
    }
}

#[cfg(test)]
mod tests;
