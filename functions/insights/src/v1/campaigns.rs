//! Version 1: sending a template to many numbers at once, as the old puja shop had it. There the request itself sent, one number
//! after the other, whether or not anybody wanted it; here it makes a campaign and answers.

use domain::Phone;
use domain::campaign::{CampaignText, Filter, MOST_PHONES};
use domain::message::Channel;
use domain::text::{Line, Name};
use errors::{Error, FieldError};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Asked, Idempotency, IfMatch, Json, ReplyV1, Result, Signed, State, StatusCode};

use crate::App;
use crate::campaigns::{self, Draft};

/// Messages a minute.
const PER_MINUTE: u32 = 60;

web::request! {
    /// A template and the numbers that it goes to.
    pub(crate) struct BulkSend {
        /// At most 500, in any usual form. Those of nobody who wants such texts are left out.
        phone_numbers: Vec<String> as Vec<String>,
        /// The name of the approved template at Meta or Twilio.
        template: Line as String,
        /// What is put in for its variables, at most 10.
        parameters: Option<Vec<Line>> as Vec<String>,
    }
}

/// A campaign was made of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BulkSent {
    message: &'static str,
    campaign_id: String,
    /// Numbers that it goes to, if they are of somebody who wants it.
    total: usize,
}

pub(crate) async fn send(
    State(app): State<App>,
    Signed(caller): Signed,
    idem: Idempotency,
    Json(body): Json<BulkSend>,
) -> Result<ReplyV1<BulkSent>> {
    let phones = phones(&app, &body.phone_numbers)?;
    let total = phones.len();
    let values = body.parameters.unwrap_or_default();
    let variables: Vec<String> = (1..=values.len()).map(|number| format!(" {{{{{number}}}}},")).collect();
    let draft = Draft {
        name: body
            .template
            .as_str()
            .chars()
            .take(100)
            .collect::<String>()
            .parse::<Name>()
            .map_err(Error::internal)?,
        channel: Channel::Whatsapp,
        text: CampaignText {
            // What is read is known to the provider alone.
            body: format!("Template {}:{} as approved.", body.template, variables.concat()),
            template: Some(body.template),
            subject: None,
            values,
        },
        filter: Filter { phones, ..Filter::default() },
        per_minute: PER_MINUTE,
        starts_at: None,
    };
    let asked = Asked { caller, if_match: IfMatch(None), idem };
    let done = campaigns::make(&app, &asked, draft).await?;
    let message = "the messages are on their way";
    let sent = BulkSent { message, campaign_id: done.record.id.to_string(), total };
    Ok(ReplyV1(StatusCode::ACCEPTED, sent))
}

fn phones(app: &App, numbers: &[String]) -> Result<Vec<Phone>, Error> {
    let (mut phones, mut wrong) = (Vec::new(), Vec::new());
    if numbers.is_empty() {
        wrong.push(FieldError::new("/phone_numbers", "required", "must not be empty"));
    }
    if numbers.len() > MOST_PHONES {
        let message = format!("must be at most {MOST_PHONES}");
        return Err(Error::field("/phone_numbers", "too_many", message));
    }
    for (index, number) in numbers.iter().enumerate() {
        match Phone::read(number, &app.country) {
            Ok(phone) => phones.push(phone),
            Err(error) => {
                let pointer = format!("/phone_numbers/{index}");
                wrong.push(FieldError::new(pointer, error.code, error.to_string()));
            }
        }
    }
    phones.sort();
    phones.dedup();
    if wrong.is_empty() { Ok(phones) } else { Err(Error::fields(wrong)) }
}
