//! One mail, and its form on the wire (RFC 5322, MIME): made once, the same bytes for every provider and every attempt.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use domain::MessageId;
use domain::message::Method;
use domain::text::Email as EmailAddress;
use errors::{Code, Error, Result};
use jiff::Timestamp;
use lettre::message::header::{self, ContentType};
use lettre::message::{Attachment, MultiPart, SinglePart};
use serde::{Deserialize, Serialize};

/// One mail to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// The message that it carries; its Message-ID derives from this.
    pub id: MessageId,
    /// When the message was due, as its Date.
    pub date: Timestamp,
    /// Who sends it.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Mailbox,
    /// The subject; line breaks and other control characters become spaces.
    pub subject: String,
    /// The text for readers of text.
    pub text: String,
    /// The same for readers of HTML.
    pub html: String,
    /// What it says to the recipient's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
}

/// A name, if there is one, and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// A calendar file (RFC 5546) that travels with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// What the calendar is to do; the METHOD that the file names.
    pub method: Method,
    /// The file.
    pub ics: String,
}

impl Mailbox {
    /// Somebody with a name.
    pub fn new(name: impl Into<String>, address: EmailAddress) -> Self {
        Self { name: Some(name.into()), address }
    }

    /// The part of the address after the `@`.
    pub fn domain(&self) -> &str {
        self.address.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }

    fn wire(&self) -> Result<lettre::message::Mailbox> {
        let refused = |error| {
            Error::new(Code::BadRequest, "the address cannot be written to")
                .with_source(format!("{}: {error}", self.address))
        };
        let address =
            self.address.as_str().parse().map_err(|error: lettre::address::AddressError| refused(error))?;
        let name = self.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        Ok(lettre::message::Mailbox::new(name, address))
    }
}

impl FromStr for Mailbox {
    type Err = domain::text::InvalidText;

    /// Reads `a@b.example` or `Name <a@b.example>`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            None => Ok(Self { name: None, address: text.parse()? }),
            Some((name, address)) => {
                let name = name.trim().trim_matches('"').trim();
                Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address: address.parse()? })
            }
        }
    }
}

impl Email {
    /// The Message-ID, with its angle brackets: the message's own id at the sender's domain.
    pub fn message_id(&self) -> String {
        format!("<{}@{}>", self.id, self.from.domain())
    }

    /// Its form on the wire, with the envelope.
    ///
    /// # Errors
    /// `bad_request` when an address is not one that mail can be sent to.
    pub fn mime(&self) -> Result<lettre::Message> {
        // Boundaries are named after the message rather than by chance: what is sent again is the same to the byte.
        let mut readings = MultiPart::alternative()
            .boundary(format!("{}-readings", self.id))
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let mut attached = None;
        if let Some(Invitation { method, ics }) = &self.invitation {
            let calendar =
                content_type(&format!("text/calendar; charset=utf-8; method={}", method.as_str()))?;
            // Calendars read the alternative part; people save the attachment.
            readings = readings.singlepart(SinglePart::builder().header(calendar).body(ics.clone()));
            attached = Some(
                Attachment::new("booking.ics".to_owned()).body(ics.clone(), content_type("application/ics")?),
            );
        }
        let millis = u64::try_from(self.date.as_millisecond()).unwrap_or(0);
        let message = lettre::Message::builder()
            .message_id(Some(self.message_id()))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
            .from(self.from.wire()?)
            .to(self.to.wire()?)
            .subject(one_line(&self.subject))
            .header(AutoSubmitted);
        let built = match attached {
            None => message.multipart(readings),
            Some(file) => message.multipart(
                MultiPart::mixed()
                    .boundary(format!("{}-parts", self.id))
                    .multipart(readings)
                    .singlepart(file),
            ),
        };
        built.map_err(|error| Error::new(Code::BadRequest, "the mail cannot be built").with_source(error))
    }
}

/// RFC 3834: says that no person wrote it, so that out-of-office replies stay away.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn content_type(text: &str) -> Result<ContentType> {
    ContentType::parse(text).map_err(Error::internal)
}

/// Text for a header: control characters, line breaks first of all, become spaces.
fn one_line(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn email() -> Email {
        Email {
            id: MessageId::derived([1; 16]),
            date: "2027-03-01T08:00:00Z".parse().unwrap(),
            from: "Front desk <rooms@holdfast.example>".parse().unwrap(),
            to: Mailbox::new("Asha Rao", "asha@example.com".parse().unwrap()),
            subject: "Booked: Blue room".to_owned(),
            text: "It is yours.\n".to_owned(),
            html: "<p>It is yours.</p>\n".to_owned(),
            invitation: Some(Invitation {
                method: Method::Request,
                ics: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned(),
            }),
        }
    }

    fn wire(email: &Email) -> String {
        String::from_utf8(email.mime().unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_is_the_same_to_the_byte_each_time_it_is_made() {
        assert_eq!(wire(&email()), wire(&email()));
        insta::assert_snapshot!(wire(&email()).replace('\r', ""), @r#"
        Message-ID: <msg_01040g2081040g2081040g2081@holdfast.example>
        Date: Mon, 01 Mar 2027 08:00:00 +0000
        From: "Front desk" <rooms@holdfast.example>
        To: "Asha Rao" <asha@example.com>
        Subject: Booked: Blue room
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: multipart/mixed;
         boundary="msg_01040g2081040g2081040g2081-parts"

        --msg_01040g2081040g2081040g2081-parts
        Content-Type: multipart/alternative;
         boundary="msg_01040g2081040g2081040g2081-readings"

        --msg_01040g2081040g2081040g2081-readings
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 7bit

        It is yours.

        --msg_01040g2081040g2081040g2081-readings
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: 7bit

        <p>It is yours.</p>

        --msg_01040g2081040g2081040g2081-readings
        Content-Type: text/calendar; charset=utf-8; method=REQUEST
        Content-Transfer-Encoding: 7bit

        BEGIN:VCALENDAR
        END:VCALENDAR

        --msg_01040g2081040g2081040g2081-readings--
        --msg_01040g2081040g2081040g2081-parts
        Content-Disposition: attachment; filename="booking.ics"
        Content-Type: application/ics
        Content-Transfer-Encoding: 7bit

        BEGIN:VCALENDAR
        END:VCALENDAR

        --msg_01040g2081040g2081040g2081-parts--
        "#);
    }

    #[test]
    fn a_mailbox_reads_with_and_without_a_name() {
        let plain: Mailbox = "a@b.example".parse().unwrap();
        assert_eq!((plain.name.as_deref(), plain.domain()), (None, "b.example"));
        let named: Mailbox = "\"Desk, front\" <a@b.example>".parse().unwrap();
        assert_eq!(named.name.as_deref(), Some("Desk, front"));
        for bad in ["", "<>", "Desk <a>", "a@b.example>"] {
            assert!(bad.parse::<Mailbox>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_name_or_subject_adds_a_header(
            name in "(\\PC|[\r\n\t\u{0}\u{85}\u{2028}]|Bcc: x@y\\.z){0,40}",
            subject in "(\\PC|[\r\n\t\u{0}\u{85}\u{2028}]|\r\nBcc: x@y\\.z){0,40}",
        ) {
            let mail = Email { to: Mailbox { name: Some(name), ..email().to }, subject, ..email() };
            let wire = wire(&mail);
            let head = wire.split("\r\n\r\n").next().unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            let known = ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"];
            prop_assert_eq!(names, known);
            prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n', '\0']));
        }
    }
}
