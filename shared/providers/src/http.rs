//! The HTTPS client of every provider that is spoken to in JSON: payments, SMS, chat.
//!
//! It trusts the roots that webpki ships and never reads the platform's, follows no redirect, and connects anew for
//! each call: a frozen environment keeps no connection alive, and a request on a dead one may or may not have arrived.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use ::http::{Method, Request, Response, StatusCode, Uri, request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use errors::{Code, Error, Result};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use rustls::crypto::ring;
use serde::Serialize;
use serde_json::Value;

use crate::TIMEOUT_SECONDS;
use crate::smtp::is_here;

mod refused;

pub use refused::Refused;

/// The longest that connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The most that is read of an answer, in bytes.
const ANSWER_BYTES: usize = 1 << 20;
/// The longest wait that a provider may ask for.
const LONGEST_WAIT_SECONDS: u32 = 3600;

/// A provider's address, and how to call it. A clone is the same client.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    timeout: Duration,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    /// A provider at `https://host/path`. Only one on this machine may be spoken to in plain text, `http://127.0.0.1:1`.
    ///
    /// # Errors
    /// `internal` when the address is not one of these, or has a user, a query or a fragment.
    pub fn new(base: &str) -> Result<Self> {
        Self::within(base, Duration::from_secs(TIMEOUT_SECONDS))
    }

    pub(crate) fn within(base: &str, timeout: Duration) -> Result<Self> {
        // A wrong address may have a secret in it: it goes into no message and no source.
        let refused = || Error::internal("a provider's address is not https://host/path");
        let base = base.trim_end_matches('/');
        let parsed: Uri = base.parse().map_err(|_| refused())?;
        let authority = parsed.authority().ok_or_else(refused)?.as_str();
        let encrypted = match parsed.scheme_str() {
            Some("https") => true,
            Some("http") => is_here(authority),
            _ => false,
        };
        if !encrypted || base.contains(['@', '?', '#']) {
            return Err(refused());
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_webpki_roots()
            .with_no_client_auth();
        Ok(Self { client: client(tls), base: base.to_owned(), timeout })
    }

    /// A GET of this path, which begins with `/` and has its query, if any, percent-encoded.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// A POST to this path, which begins with `/`.
    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "holdfast");
        Call { http: self, request }
    }
}

/// One request, until it is sent.
///
/// What sends it answers with the JSON of the answer, `null` if it is empty, and fails alike:
///
/// * `upstream_failed` when the provider cannot be reached, does not answer in time, answers 5xx, 408 or a redirect, or
///   says what cannot be read. Whether it did the work is then not known.
/// * `upstream_failed`, too, when it does not take our credentials (401, 403): the operator can put that right.
/// * `unavailable`, with its `Retry-After`, when it answers 425 or 429: it did not do the work.
/// * `bad_request` when it answers any other 4xx: it will not do the work.
///
/// An answer that is an error is the cause, a [`Refused`]. Bodies, addresses and credentials are in no message.
#[must_use = "nothing is sent before json, form or send"]
pub struct Call<'a> {
    http: &'a Http,
    request: request::Builder,
}

impl Call<'_> {
    /// With user and password (RFC 7617).
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        self.secret(AUTHORIZATION.as_str(), &format!("Basic {pair}"))
    }

    /// With a token (RFC 6750).
    pub fn bearer(self, token: &str) -> Self {
        self.secret(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// With a header that is secret, such as a provider's own key header.
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.request = match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.request.header(name, value)
            }
            // The builder keeps the failure until the request is sent.
            Err(_) => self.request.header(name, value),
        };
        self
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Sends it with a JSON body.
    ///
    /// # Errors
    /// As [`Call`] says.
    pub async fn json(self, body: &(impl Serialize + Sync)) -> Result<Value> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        self.header(CONTENT_TYPE.as_str(), "application/json").sent(body.into()).await
    }

    /// Sends it with a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// As [`Call`] says.
    pub async fn form(self, fields: &[(&str, &str)]) -> Result<Value> {
        let body = serde_urlencoded::to_string(fields).map_err(Error::internal)?;
        self.header(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded").sent(body.into()).await
    }

    /// Sends it without a body.
    ///
    /// # Errors
    /// As [`Call`] says.
    pub async fn send(self) -> Result<Value> {
        self.sent(Bytes::new()).await
    }

    async fn sent(self, body: Bytes) -> Result<Value> {
        let request = self.request.body(Full::new(body)).map_err(Error::internal)?;
        let answered = async {
            let answer = self.http.client.request(request).await;
            let (head, body) = answer
                .map_err(|error| failed("the provider could not be reached").with_source(error))?
                .into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| failed("the provider's answer broke off").with_source(error))?;
            meaning(&Response::from_parts(head, body.to_bytes()))
        };
        match tokio::time::timeout(self.http.timeout, answered).await {
            Ok(answer) => answer,
            Err(elapsed) => Err(failed("the provider did not answer in time").with_source(elapsed)),
        }
    }
}

fn client(tls: ClientConfig) -> Client<HttpsConnector<HttpConnector>, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https.wrap_connector(connector))
}

fn meaning(answer: &Response<Bytes>) -> Result<Value> {
    let status = answer.status();
    let body = answer.body();
    let read = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    if status.is_success() {
        // What serde says names a place in the answer, not its text.
        return read.map_err(|error| failed("the provider's answer cannot be read").with_source(error));
    }
    let refused = Refused::new(status.as_u16(), &read.unwrap_or(Value::Null));
    let told = match status {
        StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Error::new(Code::Unavailable, "the provider is busy, try again in a moment")
                .with_retry_after(wait(answer))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            failed("the provider did not take our credentials")
        }
        StatusCode::REQUEST_TIMEOUT => failed("the provider did not answer in time"),
        status if status.is_client_error() => {
            Error::new(Code::BadRequest, "the provider refused the request")
        }
        _ => failed("the provider failed"),
    };
    Err(told.with_source(refused))
}

/// The seconds that the answer asks to wait; a date is not understood and means the least.
fn wait(answer: &Response<Bytes>) -> u32 {
    let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    asked.unwrap_or(1).clamp(1, LONGEST_WAIT_SECONDS)
}

fn failed(message: &'static str) -> Error {
    Error::new(Code::UpstreamFailed, message)
}

#[cfg(test)]
pub(crate) mod tests;
