//! WhatsApp by Meta's Cloud API: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>.
//!
//! Outside of a conversation Meta takes approved templates alone, with numbered variables. It takes no idempotency key,
//! but gives `biz_opaque_callback_data` back with every status: a text whose answer got lost rests until then.

use domain::MessageKind;
use errors::{Code, Error, Result};
use serde_json::{Value, json};

use crate::http::{Http, Refused};
use crate::text::{Failure, Templates, Text, Texting, Texts};

/// Where Meta is, and the version that is spoken.
const URL: &str = "https://graph.facebook.com/v23.0";
/// Codes of refusals that pass: of the rate for the number, the pair, the account.
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>.
const PASSING: [&str; 5] = ["4", "80007", "130429", "131048", "131056"];

/// How to speak to Meta.
#[derive(Clone)]
pub struct MetaSettings {
    /// Its address with the version, if not Meta's own.
    pub base: Option<String>,
    /// The id of the sending number, not the number.
    pub number: String,
    /// The access token.
    pub token: String,
    /// Names of templates by kind; `holdfast_<kind>` for those that have none.
    pub templates: Templates,
}

/// Meta, for one sending number.
pub struct Meta {
    http: Http,
    is: MetaSettings,
}

impl Meta {
    /// For these settings.
    ///
    /// # Errors
    /// `internal` when the address is none.
    pub fn new(is: MetaSettings) -> Result<Self> {
        Ok(Self { http: Http::new(is.base.as_deref().unwrap_or(URL))?, is })
    }

    async fn deliver(&self, text: &Text) -> Result<Option<String>, Failure> {
        let template =
            self.is.templates.of(text).unwrap_or_else(|_| format!("holdfast_{}", text.kind.as_str()));
        let parameters: Vec<Value> =
            text.values.iter().map(|value| json!({ "type": "text", "text": value })).collect();
        let mut components = vec![json!({ "type": "body", "parameters": parameters })];
        if text.kind == MessageKind::Code {
            // A template for codes has a button that copies it.
            components
                .push(json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": parameters }));
        }
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": text.to.digits(),
            "type": "template",
            "template": {
                "name": template,
                "language": { "code": text.language.as_str() },
                "components": components,
            },
            "biz_opaque_callback_data": text.id.to_string(),
        });
        let path = format!("/{}/messages", self.is.number);
        let answer = self.http.post(&path).bearer(&self.is.token).json(&body).await.map_err(meaning)?;
        let id = answer.pointer("/messages/0/id").and_then(Value::as_str);
        let unread = || Failure::Unclear(Error::new(Code::UpstreamFailed, "Meta's answer names no message"));
        id.map(|id| Some(id.to_owned())).ok_or_else(unread)
    }
}

fn meaning(error: Error) -> Failure {
    let code = Refused::of(&error).and_then(|refused| refused.code.as_deref());
    if code.is_some_and(|code| PASSING.contains(&code)) {
        return Failure::NotTaken(Error::unavailable(error));
    }
    error.into()
}

impl Texts for Meta {
    fn name(&self) -> &'static str {
        "meta"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(self.deliver(text))
    }
}
