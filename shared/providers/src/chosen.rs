//! Who takes SMS and WhatsApp: as `HOLDFAST_SMS` and `HOLDFAST_WHATSAPP` name them, with their settings beside.

use std::sync::Arc;

use errors::{Error, Result};

use crate::meta::{Meta, MetaSettings};
use crate::msg91::{Msg91, Msg91Settings};
use crate::outbox::TextOutbox;
use crate::sns::{Sns, SnsSettings};
use crate::text::{Templates, Texts};
use crate::twilio::{Twilio, TwilioSettings};

/// What the variables say, by their names.
type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Who takes SMS: `twilio`, `msg91`, `sns`, `outbox:DIR`, or nobody without the variable. `public_url` is where callbacks go.
///
/// # Errors
/// `internal`, naming the variable, when one is missing or names nothing known.
pub fn sms_from_env(public_url: &str) -> Result<Option<Arc<dyn Texts>>> {
    sms(public_url, &env::optional)
}

/// Who takes WhatsApp: `meta`, `twilio`, `outbox:DIR`, or nobody without the variable.
///
/// # Errors
/// `internal`, naming the variable, when one is missing or names nothing known.
pub fn whatsapp_from_env(public_url: &str) -> Result<Option<Arc<dyn Texts>>> {
    whatsapp(public_url, &env::optional)
}

fn sms(public_url: &str, read: Read<'_>) -> Result<Option<Arc<dyn Texts>>> {
    let Some(name) = read("HOLDFAST_SMS") else { return Ok(None) };
    let templates = templates(read, "HOLDFAST_SMS_TEMPLATES")?;
    Ok(Some(match name.split_once(':') {
        None if name == "twilio" => Arc::new(twilio("HOLDFAST_TWILIO_FROM", templates, public_url, read)?),
        None if name == "msg91" => Arc::new(Msg91::new(Msg91Settings {
            base: read("HOLDFAST_MSG91_URL"),
            key: needed(read, "HOLDFAST_MSG91_KEY")?,
            sender: needed(read, "HOLDFAST_MSG91_SENDER")?,
            templates,
        })?),
        None if name == "sns" => Arc::new(Sns::new(SnsSettings {
            region: needed(read, "AWS_REGION")?,
            credentials: aws::credentials()?,
            endpoint: read("HOLDFAST_SNS_ENDPOINT"),
            sender: read("HOLDFAST_SNS_SENDER"),
            entity: read("HOLDFAST_SNS_ENTITY"),
            templates,
        })),
        Some(("outbox", directory)) if !directory.is_empty() => {
            Arc::new(TextOutbox::in_directory(directory)?)
        }
        _ => {
            return Err(Error::internal(
                "environment variable HOLDFAST_SMS is not twilio, msg91, sns or outbox:DIR",
            ));
        }
    }))
}

fn whatsapp(public_url: &str, read: Read<'_>) -> Result<Option<Arc<dyn Texts>>> {
    let Some(name) = read("HOLDFAST_WHATSAPP") else { return Ok(None) };
    let templates = templates(read, "HOLDFAST_WHATSAPP_TEMPLATES")?;
    Ok(Some(match name.split_once(':') {
        None if name == "meta" => Arc::new(Meta::new(MetaSettings {
            base: read("HOLDFAST_META_URL"),
            number: needed(read, "HOLDFAST_META_NUMBER")?,
            token: needed(read, "HOLDFAST_META_TOKEN")?,
            templates,
        })?),
        None if name == "twilio" => {
            Arc::new(twilio("HOLDFAST_TWILIO_WHATSAPP_FROM", templates, public_url, read)?)
        }
        Some(("outbox", directory)) if !directory.is_empty() => {
            Arc::new(TextOutbox::in_directory(directory)?)
        }
        _ => {
            return Err(Error::internal(
                "environment variable HOLDFAST_WHATSAPP is not meta, twilio or outbox:DIR",
            ));
        }
    }))
}

fn twilio(from: &str, templates: Templates, public_url: &str, read: Read<'_>) -> Result<Twilio> {
    Twilio::new(TwilioSettings {
        base: read("HOLDFAST_TWILIO_URL"),
        account: needed(read, "HOLDFAST_TWILIO_ACCOUNT")?,
        token: needed(read, "HOLDFAST_TWILIO_TOKEN")?,
        from: needed(read, from)?,
        templates,
        public_url: public_url.to_owned(),
    })
}

fn needed(read: Read<'_>, name: &str) -> Result<String> {
    read(name).ok_or_else(|| Error::internal(format!("environment variable {name} is not set")))
}

fn templates(read: Read<'_>, name: &str) -> Result<Templates> {
    let text = read(name).unwrap_or_default();
    text.parse().map_err(|_| Error::internal(format!("environment variable {name} is not kind=id,kind=id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_off_without_its_variable_and_its_provider_needs_its_settings() {
        let read = |given: &'static [(&'static str, &'static str)]| {
            move |name: &str| given.iter().find(|(is, _)| *is == name).map(|(_, value)| (*value).to_owned())
        };
        assert!(sms("https://a.example", &read(&[])).unwrap().is_none());
        assert!(whatsapp("https://a.example", &read(&[])).unwrap().is_none());
        let all: &[(&str, &str)] = &[
            ("HOLDFAST_TWILIO_ACCOUNT", "AC1"),
            ("HOLDFAST_TWILIO_TOKEN", "t"),
            ("HOLDFAST_TWILIO_FROM", "+15550100"),
            ("HOLDFAST_TWILIO_WHATSAPP_FROM", "+15550100"),
            ("HOLDFAST_MSG91_KEY", "k"),
            ("HOLDFAST_MSG91_SENDER", "HLDFST"),
            ("HOLDFAST_META_NUMBER", "1"),
            ("HOLDFAST_META_TOKEN", "t"),
            ("HOLDFAST_SMS_TEMPLATES", "confirmed=1,code.hi=2"),
        ];
        assert!(sms("https://a.example", &read(&[("HOLDFAST_SMS", "sns")])).is_err(), "sns without a region");
        for (channel, name) in
            [("SMS", "twilio"), ("SMS", "msg91"), ("WHATSAPP", "twilio"), ("WHATSAPP", "meta")]
        {
            let variable = format!("HOLDFAST_{channel}");
            let choose = if channel == "SMS" { sms } else { whatsapp };
            let named = |is: &str| (is == variable).then(|| name.to_owned());
            let chosen = choose("https://a.example", &|is| named(is).or_else(|| read(all)(is)));
            assert_eq!(chosen.unwrap().unwrap().name(), name);
            assert!(choose("https://a.example", &|is| named(is)).is_err(), "{name} without its settings");
            assert!(
                choose("https://a.example", &|is| (is == variable).then(|| "pigeon".to_owned())).is_err()
            );
        }
    }
}
