//! SMS by MSG91's flow API: <https://docs.msg91.com/sms/send-sms>.
//!
//! India's carriers pass on only what is registered with them (DLT): the entity is tied to the header (`sender`) at MSG91, which
//! takes it from there, each template to a flow there, whose id we send. Their variables hold at most 30 characters; an address that is
//! longer is not sent in part, and the text is refused.
//!
//! The API takes no idempotency key, but keeps our `CRQID` and tells it in its reports: a text whose answer got lost
//! rests until that report must have come.

use errors::{Code, Error, Result};
use serde_json::{Map, Value, json};

use crate::http::Http;
use crate::text::{Failure, Templates, Text, Texting, Texts, is_link};

/// Where MSG91 is.
const URL: &str = "https://control.msg91.com";
/// The longest value of a variable (TRAI's rules for content templates).
const VALUE_CHARS: usize = 30;

/// How to speak to MSG91.
#[derive(Clone)]
pub struct Msg91Settings {
    /// Its address, if not MSG91's own.
    pub base: Option<String>,
    /// The key of the account.
    pub key: String,
    /// The header that the carriers know: six letters.
    pub sender: String,
    /// Flows by kind; behind a `/` the carriers' own template id, if MSG91 is to check it.
    pub templates: Templates,
}

/// MSG91, for one account.
pub struct Msg91 {
    http: Http,
    is: Msg91Settings,
}

impl Msg91 {
    /// For these settings.
    ///
    /// # Errors
    /// `internal` when the address is none.
    pub fn new(is: Msg91Settings) -> Result<Self> {
        Ok(Self { http: Http::new(is.base.as_deref().unwrap_or(URL))?, is })
    }

    async fn deliver(&self, text: &Text) -> Result<Option<String>, Failure> {
        let template = self.is.templates.of(text).map_err(Failure::Refused)?;
        let (flow, registered) = match template.split_once('/') {
            Some((flow, registered)) => (flow, Some(registered)),
            None => (template.as_str(), None),
        };
        let mut recipient = Map::new();
        recipient.insert("mobiles".to_owned(), text.to.digits().into());
        recipient.insert("CRQID".to_owned(), text.id.to_string().into());
        for (index, value) in text.values.iter().enumerate() {
            if is_link(value) && value.chars().count() > VALUE_CHARS {
                let error = Error::new(Code::BadRequest, "an address is longer than carriers take");
                return Err(Failure::Refused(error));
            }
            let value: String = value.chars().take(VALUE_CHARS).collect();
            recipient.insert(format!("VAR{}", index + 1), value.into());
        }
        let mut body = json!({ "template_id": flow, "sender": self.is.sender, "recipients": [recipient] });
        if let (Some(fields), Some(registered)) = (body.as_object_mut(), registered) {
            fields.insert("DLT_TE_ID".to_owned(), registered.into());
        }
        let answer = self.http.post("/api/v5/flow").secret("authkey", &self.is.key).json(&body).await?;
        meaning(&answer)
    }
}

/// MSG91 tells of failures with status 200.
fn meaning(answer: &Value) -> Result<Option<String>, Failure> {
    match answer.get("type").and_then(Value::as_str) {
        Some("success") => {
            let id = answer.get("request_id").or_else(|| answer.get("message"));
            Ok(id.and_then(Value::as_str).map(str::to_owned))
        }
        Some("error") => Err(Failure::Refused(Error::new(Code::BadRequest, "MSG91 refused the text"))),
        _ => Err(Failure::Unclear(Error::new(Code::UpstreamFailed, "MSG91's answer cannot be read"))),
    }
}

impl Texts for Msg91 {
    fn name(&self) -> &'static str {
        "msg91"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(self.deliver(text))
    }
}
