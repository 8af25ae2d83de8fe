//! What a campaign says: an approved template with numbered variables, and what is put in.

use errors::FieldError;
use serde::{Deserialize, Serialize};

use crate::message::Channel;
use crate::text::Line;

/// Variables of one text.
pub const MOST_VALUES: usize = 10;
/// The longest text to a phone, in characters: what Meta takes.
const PHONE_CHARS: usize = 1_024;
/// The longest text of an SMS: what most phones show as one.
const SMS_CHARS: usize = 480;
/// The longest mail.
const MAIL_CHARS: usize = 10_000;
/// What stands for the recipient's name in a value.
const NAME: &str = "{name}";

/// A text with variables `{{1}}`, `{{2}}`, … as it is approved, by the channel's provider where that wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignText {
    /// The provider's own name of the approved template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Line>,
    /// The subject, of a mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Line>,
    /// What is read, with the variables.
    pub body: String,
    /// What is put in for them, from the first; `{name}` in it is the recipient's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Line>,
}

impl CampaignText {
    /// The text as it is kept: trimmed.
    ///
    /// # Errors
    /// All that is wrong with it for this channel, with pointers relative to the text.
    pub fn checked(self, channel: Channel) -> Result<Self, Vec<FieldError>> {
        let body = self.body.trim();
        let mut wrong = Vec::new();
        let mut refuse = |pointer: &str, code, message: String| {
            wrong.push(FieldError::new(pointer, code, message));
        };
        let most = match channel {
            Channel::Email => MAIL_CHARS,
            Channel::Sms => SMS_CHARS,
            Channel::Whatsapp => PHONE_CHARS,
        };
        if body.is_empty() {
            refuse("/body", "required", "must not be empty".to_owned());
        }
        if body.chars().count() > most {
            refuse("/body", "too_long", format!("must have at most {most} characters"));
        }
        let control = |c: char| c.is_control() && !(matches!(c, '\n' | '\t') && channel != Channel::Sms);
        if body.chars().any(control) {
            refuse("/body", "invalid_characters", "must not contain control characters".to_owned());
        }
        if channel.rings() && (body.starts_with("{{") || body.ends_with("}}")) {
            let message = "must not begin or end with a variable: no provider takes that".to_owned();
            refuse("/body", "invalid_format", message);
        }
        if self.values.len() > MOST_VALUES {
            refuse("/values", "too_many", format!("must be at most {MOST_VALUES}"));
        }
        let empty: Vec<String> = self.values.iter().map(|_| String::new()).collect();
        match fill(body, &empty) {
            None => refuse("/body", "invalid_format", "has a variable without a value".to_owned()),
            Some(_) if (1..=self.values.len()).any(|n| !body.contains(&format!("{{{{{n}}}}}"))) => {
                refuse("/values", "unexpected", "has a value without a variable".to_owned());
            }
            Some(_) => {}
        }
        match (channel, &self.subject) {
            (Channel::Email, None) => refuse("/subject", "required", "is required for a mail".to_owned()),
            (Channel::Sms | Channel::Whatsapp, Some(_)) => {
                refuse("/subject", "unexpected", "only mail has a subject".to_owned());
            }
            _ => {}
        }
        if channel == Channel::Whatsapp && self.template.is_none() {
            let message = "WhatsApp takes approved templates only".to_owned();
            refuse("/template", "required", message);
        }
        if wrong.is_empty() { Ok(Self { body: body.to_owned(), ..self }) } else { Err(wrong) }
    }

    /// The values for one recipient.
    pub fn values_for(&self, name: &str) -> Vec<String> {
        self.values.iter().map(|value| value.as_str().replace(NAME, name)).collect()
    }
}

/// A template with its variables filled in; `None` where one has no value or no end.
pub fn fill(template: &str, values: &[String]) -> Option<String> {
    let mut body = String::new();
    let mut rest = template.trim();
    while let Some((before, after)) = rest.split_once("{{") {
        let (number, after) = after.split_once("}}")?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        body.push_str(before);
        body.push_str(values.get(index)?);
        rest = after;
    }
    body.push_str(rest);
    Some(body)
}
