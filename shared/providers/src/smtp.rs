//! Mail over SMTP (RFC 5321), by any server that takes submissions.

use std::time::Duration;

use errors::{Code, Error, Result};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::response::Response;
use lettre::{AsyncTransport, Tokio1Executor};

use crate::{Email, Mail, Sending, TIMEOUT_SECONDS};

/// What is kept of the server's last word, in characters.
const RECEIPT_CHARS: usize = 200;

/// A server to submit mail to. It connects anew for each mail: a frozen environment keeps no connection alive.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
}

impl Smtp {
    /// A server by its URL: `smtps://user:password@host` with TLS from the start (port 465), `smtp://user:password@host`
    /// with TLS by STARTTLS (port 587), never without. Only a server on this machine (`smtp://localhost:1025`, port 25
    /// if none is given) is spoken to in plain text. User and password are percent-encoded.
    ///
    /// # Errors
    /// `internal` when the URL is not one of these.
    pub fn at(url: &str) -> Result<Self> {
        Self::within(url, Duration::from_secs(TIMEOUT_SECONDS))
    }

    pub(crate) fn within(url: &str, timeout: Duration) -> Result<Self> {
        // The URL may have a password in it: it goes into no message and no source.
        let refused = || Error::internal("the SMTP server's URL is not smtp://host or smtps://host");
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        if !query.is_empty() {
            return Err(refused());
        }
        let url = match address.split_once("://") {
            Some(("smtps", _)) => address.to_owned(),
            Some(("smtp", server)) if is_here(server) => address.to_owned(),
            Some(("smtp", _)) => format!("{address}?tls=required"),
            _ => return Err(refused()),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| refused())?;
        Ok(Self { transport: transport.timeout(Some(timeout)).build(), timeout })
    }
}

impl Mail for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send<'a>(&'a self, email: &'a Email) -> Sending<'a> {
        Box::pin(async move {
            let mail = email.mime()?;
            // The transport's own limit is for each step of the dialogue; this one is for all of it.
            match tokio::time::timeout(self.timeout, self.transport.send(mail)).await {
                Ok(Ok(answer)) => Ok(receipt(&answer)),
                Ok(Err(error)) => Err(meaning(error)),
                Err(elapsed) => Err(failed("the mail server did not answer in time").with_source(elapsed)),
            }
        })
    }
}

/// Whether the server part of a URL is this machine.
pub(crate) fn is_here(server: &str) -> bool {
    let authority = server.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn receipt(answer: &Response) -> Option<String> {
    answer.first_line().map(|line| line.chars().take(RECEIPT_CHARS).collect())
}

/// What an SMTP error means to a message: 5xx refuses this mail for good, unless it is about our own log-in, which the
/// operator can put right; all else may pass.
fn meaning(error: lettre::transport::smtp::Error) -> Error {
    let status = error.status().map(u16::from);
    let ours = matches!(status, Some(530 | 534 | 535 | 538));
    let told = match status {
        Some(status) if error.is_permanent() && !ours => {
            Error::new(Code::BadRequest, format!("the mail server refused the mail: {status}"))
        }
        Some(status) => failed(format!("the mail server did not take the mail: {status}")),
        None if error.is_client() => Error::new(Code::BadRequest, "the mail server cannot take such a mail"),
        None => failed("the mail server could not be spoken to"),
    };
    told.with_source(error)
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::UpstreamFailed, message)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;
    use crate::email::tests::email;

    /// A server for one dialogue that answers `recipient` to RCPT and `data` to the mail; gives what it was told.
    fn server(recipient: &'static str, data: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let told = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut answer = stream.try_clone().unwrap();
            let mut say = move |text: &str| answer.write_all(format!("{text}\r\n").as_bytes());
            say("220 here").unwrap();
            let (mut told, mut in_data) = (String::new(), false);
            for line in BufReader::new(stream).lines().map_while(std::result::Result::ok) {
                told.push_str(&line);
                told.push('\n');
                let reply = match line.get(..4) {
                    _ if in_data && line == "." => {
                        in_data = false;
                        data
                    }
                    _ if in_data => continue,
                    Some("RCPT") => recipient,
                    Some("DATA") => {
                        in_data = true;
                        "354 go on"
                    }
                    _ => "250 fine",
                };
                if say(reply).is_err() {
                    break;
                }
            }
            told
        });
        (url, told)
    }

    async fn sent(url: &str) -> Result<Option<String>> {
        Smtp::within(url, Duration::from_secs(5)).unwrap().send(&email()).await
    }

    #[tokio::test]
    async fn a_mail_reaches_the_server_as_it_is() {
        let (url, told) = server("250 yes", "250 2.0.0 queued as 7");
        assert_eq!(sent(&url).await.unwrap().as_deref(), Some("2.0.0 queued as 7"));
        let told = told.join().unwrap();
        assert!(told.contains("MAIL FROM:<rooms@holdfast.example>"), "{told}");
        assert!(told.contains("RCPT TO:<asha@example.com>"), "{told}");
        let mime = String::from_utf8(email().mime().unwrap().formatted()).unwrap().replace("\r\n", "\n");
        assert!(told.contains(mime.trim_end()), "{told}");
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_and_a_refusal_is_final() {
        for (recipient, data, transient) in [
            ("451 later", "250 ok", true),
            ("250 ok", "452 full", true),
            ("550 nobody", "250 ok", false),
            ("250 ok", "554 spam", false),
            ("535 log in", "250 ok", true),
        ] {
            let (url, _told) = server(recipient, data);
            let error = sent(&url).await.unwrap_err();
            assert_eq!(error.is_transient(), transient, "{recipient}, {data}: {}", error.chain());
        }
    }

    #[tokio::test]
    async fn a_server_that_is_silent_or_away_is_transient() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://127.0.0.1:{}", silent.local_addr().unwrap().port());
        let hasty = Smtp::within(&url, Duration::from_millis(50)).unwrap();
        assert!(hasty.send(&email()).await.unwrap_err().is_transient());
        drop(silent);
        assert!(sent(&url).await.unwrap_err().is_transient());
    }

    #[test]
    fn plain_text_is_for_this_machine_only() {
        for here in ["localhost", "localhost:1025", "127.0.0.1:25/helo", "[::1]:25", "u:p@127.0.0.2"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in
            ["mail.example", "localhost@mail.example", "localhost.mail.example", "10.0.0.1", "[::2]"]
        {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn urls_that_are_none_are_refused_without_telling_them() {
        for bad in ["smtp", "http://mail.example", "smtp://", "smtp://u:secret@mail.example?tls=none"] {
            let Err(error) = Smtp::at(bad) else { panic!("{bad}") };
            assert!(!error.chain().contains("secret"));
        }
        assert!(Smtp::at("smtps://u:p%40@mail.example").is_ok());
        assert!(Smtp::at("smtp://u:p@mail.example:2525").is_ok());
    }
}
