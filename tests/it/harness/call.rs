//! A request to the installation, and its answer.

use std::sync::OnceLock;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::Person;
use crate::schema::Contract;

/// A request that is being put together.
pub(crate) struct Call<'a> {
    pub(super) request: reqwest::RequestBuilder,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) api: &'a web::Api,
}

/// An answer, already checked against the description of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Call<'_> {
    /// As somebody.
    pub(crate) fn by(mut self, person: &Person) -> Self {
        self.request = self.request.bearer_auth(&person.token);
        self
    }

    /// With an `Idempotency-Key`.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is sent is mostly made where it is sent")]
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.request = self.request.json(&body);
        self
    }

    /// A body whose type is among the headers.
    pub(crate) fn raw_body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    pub(crate) fn raw(mut self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", kind).body(body);
        self
    }

    /// Sends it, and checks the answer against the description of the API.
    pub(crate) async fn send(self) -> Answer {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        let (method, path, api) = (self.method.clone(), self.path.clone(), self.api);
        let answer = self.unchecked().await;
        CONTRACT.get_or_init(|| Contract::of(api)).check(&method, &path, &answer);
        answer
    }

    /// Sends it where the answer may be the gateway's own, which nobody describes.
    pub(crate) async fn unchecked(self) -> Answer {
        let response = self.request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, body, text }
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The problem's code, if the answer has this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        let told = answer.body.get("code").or_else(|| answer.body.get("error_code"));
        assert_eq!(told.and_then(Value::as_str), Some(code), "{}", answer.text);
        answer
    }

    /// `data` of a v2 answer.
    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// A text in `data`.
    #[track_caller]
    pub(crate) fn text_of(&self, field: &str) -> String {
        self.data()[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.text)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Pointers and codes of the field errors.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let errors = self.body.get("errors").or_else(|| self.body.pointer("/details/errors"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let field = |error: &Value| (text(&error["pointer"]), text(&error["code"]));
        errors.and_then(Value::as_array).map(|errors| errors.iter().map(field).collect()).unwrap_or_default()
    }

    /// Round trips and write units, from `X-Usage`.
    #[track_caller]
    pub(crate) fn usage(&self) -> (u64, u64) {
        let usage = self.header("x-usage").unwrap();
        let number = |name: &str| {
            let (_, rest) = usage.split_once(&format!("{name}=")).unwrap();
            rest.split([',', '.']).next().unwrap().parse().unwrap()
        };
        (number("trips"), number("writes"))
    }
}
