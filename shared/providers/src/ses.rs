//! Mail by Amazon SES.
//!
//! SES gives each mail a Message-ID of its own, so a receiver cannot tell a repetition there; what keeps a mail single is
//! that this client never repeats a call by itself and that a message is claimed before it is sent.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Region};
use aws_sdk_sesv2::error::{DisplayErrorContext, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use errors::{Code, Error, Result};

use crate::{Email, Mail, Sending, TIMEOUT_SECONDS};

/// Amazon SES in one region.
#[derive(Debug, Clone)]
pub struct Ses(Client);

impl Ses {
    /// From what Lambda sets (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`) and
    /// `HOLDFAST_SES_ENDPOINT`, if it is another than the region's own. Connects on first use.
    ///
    /// # Errors
    /// `internal` when a variable is missing.
    pub fn from_env() -> Result<Self> {
        Ok(Self::new(
            env::required("AWS_REGION")?,
            aws::credentials()?,
            env::optional("HOLDFAST_SES_ENDPOINT"),
        ))
    }

    fn new(region: String, credentials: Credentials, endpoint: Option<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(aws::CONNECT_TIMEOUT)
            .operation_timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build();
        let mut builder = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(credentials)
            .http_client(aws::http(endpoint.as_deref()))
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled());
        builder.set_endpoint_url(endpoint);
        Self(Client::from_conf(builder.build()))
    }

    async fn deliver(&self, email: &Email) -> Result<Option<String>> {
        let mime = RawMessage::builder().data(Blob::new(email.mime()?.formatted())).build();
        let content = EmailContent::builder().raw(mime.map_err(Error::internal)?).build();
        let sent = self
            .0
            .send_email()
            .from_email_address(email.from.address.as_str())
            .destination(Destination::builder().to_addresses(email.to.address.as_str()).build())
            .content(content)
            .send()
            .await
            .map_err(|error| meaning(&error))?;
        Ok(sent.message_id)
    }
}

impl Mail for Ses {
    fn name(&self) -> &'static str {
        "ses"
    }

    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a> {
        Box::pin(self.deliver(email))
    }
}

/// What an error of SES means to a message: a mail that is refused stays refused; a limit, an account that is paused, a
/// domain that is not verified yet, and everything on the way may pass.
fn meaning(error: &SdkError<SendEmailError>) -> Error {
    let told = match error.as_service_error() {
        Some(SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_)) => {
            Error::new(Code::BadRequest, "SES refused the mail")
        }
        Some(SendEmailError::TooManyRequestsException(_) | SendEmailError::LimitExceededException(_)) => {
            Error::new(Code::Unavailable, "SES asks to slow down").with_retry_after(1)
        }
        Some(_) => Error::new(Code::UpstreamFailed, "SES did not take the mail"),
        None => Error::new(Code::UpstreamFailed, "SES could not be spoken to"),
    };
    told.with_source(DisplayErrorContext(error).to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;
    use crate::email::tests::email;

    /// A server for one request, which it gives back with its body.
    fn server(
        status: &'static str,
        kind: &'static str,
        body: &'static str,
    ) -> (Ses, JoinHandle<(String, String)>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let told = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut answer = stream.try_clone().unwrap();
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut request = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut request).unwrap();
            let head_out = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-amzn-errortype: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            answer.write_all(format!("{head_out}{body}").as_bytes()).unwrap();
            (head, String::from_utf8(request).unwrap())
        });
        let credentials = Credentials::new("key", "secret", None, None, "test");
        (Ses::new("eu-central-1".to_owned(), credentials, Some(endpoint)), told)
    }

    #[tokio::test]
    async fn a_mail_is_sent_raw_and_its_id_is_kept() {
        let (ses, told) = server("200 OK", "", r#"{"MessageId":"0102-7"}"#);
        assert_eq!(ses.send(&email()).await.unwrap().as_deref(), Some("0102-7"));
        let (head, body) = told.join().unwrap();
        assert!(head.starts_with("POST /v2/email/outbound-emails "), "{head}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["FromEmailAddress"], "rooms@holdfast.example");
        assert_eq!(body["Destination"]["ToAddresses"][0], "asha@example.com");
        let mime = decoded(&body["Content"]["Raw"]["Data"]);
        assert_eq!(mime, email().mime().unwrap().formatted());
    }

    /// Base 64 by hand, which is shorter than a dependency.
    fn decoded(value: &serde_json::Value) -> Vec<u8> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digits: Vec<u32> = value
            .as_str()
            .unwrap()
            .bytes()
            .filter(|b| *b != b'=')
            .map(|b| u32::try_from(alphabet.iter().position(|a| *a == b).unwrap()).unwrap())
            .collect();
        digits
            .chunks(4)
            .flat_map(|four| {
                let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
                bits.to_be_bytes()[1..four.len()].to_vec()
            })
            .collect()
    }

    #[tokio::test]
    async fn a_refusal_is_final_and_a_limit_or_an_outage_passes() {
        for (status, kind, transient) in [
            ("400 Bad Request", "MessageRejected", false),
            ("400 Bad Request", "BadRequestException", false),
            ("429 Too Many Requests", "TooManyRequestsException", true),
            ("400 Bad Request", "MailFromDomainNotVerifiedException", true),
            ("400 Bad Request", "SendingPausedException", true),
            ("403 Forbidden", "AccessDeniedException", true),
            ("500 Internal Server Error", "", true),
        ] {
            let (ses, _told) = server(status, kind, r#"{"message":"no"}"#);
            let error = ses.send(&email()).await.unwrap_err();
            assert_eq!(error.is_transient(), transient, "{kind}: {}", error.chain());
            assert!(!error.to_string().contains("no\""));
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_is_away_is_transient() {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let ses = Ses::new("eu-central-1".to_owned(), credentials, Some("http://127.0.0.1:1".to_owned()));
        assert!(ses.send(&email()).await.unwrap_err().is_transient());
    }
}
