//! SMS and WhatsApp by Twilio: <https://www.twilio.com/docs/messaging/api/message-resource>.
//!
//! Twilio's message resource takes no idempotency key. A text whose answer got lost rests until Twilio's callback, whose
//! address names our message, must have come; only where that is lost too is it sent again.

use domain::message::Channel;
use errors::{Code, Error, Result};
use serde_json::{Map, Value};

use crate::http::Http;
use crate::text::{Failure, Templates, Text, Texting, Texts};

/// Where Twilio is.
const URL: &str = "https://api.twilio.com";

/// How to speak to Twilio.
#[derive(Clone)]
pub struct TwilioSettings {
    /// Its address, if not Twilio's own.
    pub base: Option<String>,
    /// The account: `AC…`.
    pub account: String,
    /// The account's token; it signs callbacks, too.
    pub token: String,
    /// The sender: a number in E.164, or a messaging service `MG…`.
    pub from: String,
    /// Content templates (`HX…`) by kind, for WhatsApp.
    pub templates: Templates,
    /// What our own addresses begin with, for callbacks.
    pub public_url: String,
}

/// Twilio, for one account and sender.
pub struct Twilio {
    http: Http,
    is: TwilioSettings,
}

impl Twilio {
    /// For these settings.
    ///
    /// # Errors
    /// `internal` when the address is none.
    pub fn new(is: TwilioSettings) -> Result<Self> {
        Ok(Self { http: Http::new(is.base.as_deref().unwrap_or(URL))?, is })
    }

    async fn deliver(&self, text: &Text) -> Result<Option<String>, Failure> {
        let callback = format!("{}/v2/webhooks/twilio?message={}", self.is.public_url, text.id);
        let whatsapp = text.channel == Channel::Whatsapp;
        let address = |number: &str| if whatsapp { format!("whatsapp:{number}") } else { number.to_owned() };
        let (to, from) = (address(text.to.as_str()), address(&self.is.from));
        let from = if self.is.from.starts_with("MG") {
            ("MessagingServiceSid", self.is.from.as_str())
        } else {
            ("From", from.as_str())
        };
        let mut fields = vec![("To", to.as_str()), from, ("StatusCallback", callback.as_str())];
        let (template, variables);
        if whatsapp {
            template = self.is.templates.of(text).map_err(Failure::Refused)?;
            variables = numbered(&text.values);
            fields.extend([("ContentSid", template.as_str()), ("ContentVariables", variables.as_str())]);
        } else {
            fields.push(("Body", text.body.as_str()));
        }
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", self.is.account);
        let answer = self.http.post(&path).basic(&self.is.account, &self.is.token).form(&fields).await?;
        let id = answer.get("sid").and_then(Value::as_str);
        let unread =
            || Failure::Unclear(Error::new(Code::UpstreamFailed, "Twilio's answer names no message"));
        id.map(|id| Some(id.to_owned())).ok_or_else(unread)
    }
}

/// `{"1": …, "2": …}`, as Twilio numbers a template's variables.
fn numbered(values: &[String]) -> String {
    let pairs =
        values.iter().enumerate().map(|(index, value)| ((index + 1).to_string(), value.clone().into()));
    Value::Object(pairs.collect::<Map<String, Value>>()).to_string()
}

impl Texts for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(self.deliver(text))
    }
}
