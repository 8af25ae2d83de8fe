//! SMS by Amazon SNS: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>.
//!
//! SNS takes no idempotency key and tells of deliveries in `CloudWatch`'s log alone: a text is known as sent and no further, and one
//! whose answer got lost is sent again, as no report of it can come.
//! India's carriers want the registered entity and template beside the text
//! (<https://docs.aws.amazon.com/sms-voice/latest/userguide/registrations-sms-senderid-india.html>).

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sns::Client;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::config::{BehaviorVersion, Region};
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::MessageKind;
use errors::{Code, Error, Result};

use crate::TIMEOUT_SECONDS;
use crate::text::{Failure, Templates, Text, Texting, Texts};

/// How to speak to SNS.
pub struct SnsSettings {
    /// Where.
    pub region: String,
    /// As whom.
    pub credentials: Credentials,
    /// Its address, if not the region's own.
    pub endpoint: Option<String>,
    /// The sender's id, where the recipient's country knows them.
    pub sender: Option<String>,
    /// The entity that is registered with India's carriers.
    pub entity: Option<String>,
    /// The templates that are registered with them, by kind.
    pub templates: Templates,
}

/// Amazon SNS in one region.
pub struct Sns {
    client: Client,
    sender: Option<String>,
    entity: Option<String>,
    templates: Templates,
}

impl Sns {
    /// For these settings. Connects on first use.
    pub fn new(is: SnsSettings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(aws::CONNECT_TIMEOUT)
            .operation_timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build();
        let mut builder = aws_sdk_sns::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(is.region))
            .credentials_provider(is.credentials)
            .http_client(aws::http(is.endpoint.as_deref()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        builder.set_endpoint_url(is.endpoint);
        let client = Client::from_conf(builder.build());
        Self { client, sender: is.sender, entity: is.entity, templates: is.templates }
    }

    async fn deliver(&self, text: &Text) -> Result<Option<String>, Failure> {
        let promotional = text.kind == MessageKind::Campaign;
        let kind = if promotional { "Promotional" } else { "Transactional" };
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", kind.to_owned())];
        attributes.extend(self.sender.clone().map(|sender| ("AWS.SNS.SMS.SenderID", sender)));
        if let Some(entity) = &self.entity {
            let template = self.templates.of(text).map_err(Failure::Refused)?;
            attributes.extend([("AWS.MM.SMS.EntityId", entity.clone()), ("AWS.MM.SMS.TemplateId", template)]);
        }
        let mut request = self.client.publish().phone_number(text.to.as_str()).message(&text.body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            request = request.message_attributes(name, value.map_err(Error::internal)?);
        }
        let sent = request.send().await.map_err(|error| meaning(&error))?;
        Ok(sent.message_id)
    }
}

/// What an error of SNS means to a text. Whatever failed without a word of refusal may have been done. The words of SNS stay
/// here: they name the number.
fn meaning(error: &SdkError<PublishError>) -> Failure {
    let status = error.raw_response().map_or(0, |answer| answer.status().as_u16());
    let code = error.code().unwrap_or("no answer");
    let failed =
        |means, message: &'static str| Error::new(means, message).with_source(format!("{code} ({status})"));
    match (code, status) {
        (code, _) if code.starts_with("Throttl") => {
            Failure::NotTaken(failed(Code::Unavailable, "SNS asks to slow down").with_retry_after(1))
        }
        ("InvalidParameter" | "ParameterValueInvalid" | "ValidationException", _) => {
            Failure::Refused(failed(Code::BadRequest, "SNS refused the text"))
        }
        // Rights, a sandbox, a quota, a number that opted out at SNS: the operator can put that right.
        (_, 400..=499) => Failure::NotTaken(failed(Code::UpstreamFailed, "SNS did not take the text")),
        _ => Failure::Unclear(failed(Code::UpstreamFailed, "SNS could not be spoken to")),
    }
}

impl Texts for Sns {
    fn name(&self) -> &'static str {
        "sns"
    }

    fn send<'a>(&'a self, text: &'a Text) -> Texting<'a> {
        Box::pin(self.deliver(text))
    }
}
