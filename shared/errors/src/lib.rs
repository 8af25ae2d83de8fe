//! What can go wrong, said once: a closed list of codes, and an error that knows no transport.
//!
//! `Display` is the public message. Whatever is private (a database's words, a path, a key) travels in
//! [`std::error::Error::source`] and is logged once at the edge. `web` turns an [`Error`] into a problem
//! document, `queue` asks [`Error::is_transient`] whether to try again.

mod code;

use std::borrow::Cow;

pub use code::Code;
use serde_json::{Map, Value};

/// The result of everything fallible in this project.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error with a stable [`Code`], a public message, and data that a client can act on.
///
/// The private cause is boxed away so that an `Error` stays small in every `Result`.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    details: Map<String, Value>,
    retry_after: Option<u32>,
    source: Option<Source>,
}

/// Both, or what is wrong with either: field errors of both at once.
///
/// # Errors
/// What either says.
pub fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) if !one.field_errors().is_empty() && !other.field_errors().is_empty() => {
            Err(Error::fields([one.field_errors(), other.field_errors()].concat()))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// One invalid field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field in the request body, or `/query/<name>` and `/path/<name>`.
    pub pointer: String,
    /// Stable code of the rule that was broken, e.g. `too_long`.
    pub code: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl FieldError {
    /// A field error at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }
}

impl Error {
    /// An error of this code with a message that may be shown to anybody.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            fields: Vec::new(),
            details: Map::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// Every invalid field of a request at once.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(Code::ValidationFailed, "some fields are not valid");
        error.0.fields = fields;
        error
    }

    /// Every invalid query parameter at once.
    pub fn invalid_query(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(Code::BadRequest, "some query parameters are not valid");
        error.0.fields = fields;
        error
    }

    /// One invalid field; see [`Error::fields`].
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(pointer, code, message)])
    }

    /// The record does not exist, or the caller may not know that it does.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no such {what}"))
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// A defect or a broken dependency: the public text says nothing, `source` is logged.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(Code::Internal, "something went wrong on our side").with_source(source)
    }

    /// A dependency is away for the moment; the same request may succeed in a second.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::new(Code::Unavailable, "the service is busy, try again in a moment")
            .with_source(source)
            .with_retry_after(1)
    }

    /// Adds the private cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds data that a client can act on, e.g. the window that collides.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(name.to_owned(), value.into());
        self
    }

    /// Says in how many seconds it is worth trying again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The invalid fields, if any.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// Data for the client.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Seconds until a retry is worth it.
    pub fn retry_after(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// The private cause, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Whether doing exactly the same again may succeed.
    pub fn is_transient(&self) -> bool {
        self.0.code.retryable()
    }

    /// The message and every cause behind it, for the log and never for a client.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next: Option<&dyn std::error::Error> = self.cause().map(|cause| cause as _);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_never_shows_the_source() {
        let error = Error::internal("table Holdfast-Secret is missing");
        assert_eq!(error.to_string(), "something went wrong on our side");
        assert!(error.chain().contains("Holdfast-Secret"));
    }

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
