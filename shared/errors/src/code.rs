//! The closed list of error codes: name, HTTP status, title and whether a retry can help.
//!
//! `docs/api.md` documents each; a test holds the two to each other.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// A stable error code. Clients may rely on the text form; it never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text form: `snake_case`, part of the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it (RFC 9110).
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title of the problem type (RFC 9457).
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON at all, or not the JSON that was announced.
    MalformedBody = "malformed_body", 400, "The request body could not be read";
    /// A header, query parameter or path segment is not valid.
    BadRequest = "bad_request", 400, "The request is not valid";
    /// A version of the API that does not exist was asked for.
    UnsupportedVersion = "unsupported_version", 400, "There is no such API version";
    /// A page cursor was made up, belongs to another query, or to somebody else.
    InvalidCursor = "invalid_cursor", 400, "The cursor is not valid here";
    /// A write that moves capacity came without an `Idempotency-Key`.
    IdempotencyKeyRequired = "idempotency_key_required", 400, "This request needs an Idempotency-Key";
    /// No credentials, or credentials that do not hold.
    Unauthenticated = "unauthenticated", 401, "Sign in first";
    /// Wrong name or password.
    InvalidCredentials = "invalid_credentials", 401, "Name or password is wrong";
    /// A refresh token that was used before: the session is revoked.
    TokenReused = "token_reused", 401, "This refresh token was used before";
    /// The caller is known and may not do this.
    Forbidden = "forbidden", 403, "You may not do this";
    /// No such record, or none that the caller may know of.
    NotFound = "not_found", 404, "There is no such thing";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This path has no such method";
    /// The time asked for is taken; `details` say which window and what is free nearby.
    SlotTaken = "slot_taken", 409, "This time is taken";
    /// A unique name or address is in use.
    AlreadyExists = "already_exists", 409, "This name is in use";
    /// The record is in a state from which this is not possible.
    WrongState = "wrong_state", 409, "Not possible in this state";
    /// The record changed while the request was under way.
    Changed = "changed", 409, "The record has changed meanwhile";
    /// A hold has run out before it was confirmed.
    HoldExpired = "hold_expired", 410, "The hold has expired";
    /// A one-time link or feed that was used or revoked.
    Gone = "gone", 410, "This is no longer available";
    /// `If-Match` names an older version.
    PreconditionFailed = "precondition_failed", 412, "The record has a newer version";
    /// The body is larger than the limit.
    TooLarge = "too_large", 413, "The request is too large";
    /// The body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", 415, "Send application/json";
    /// Fields of the body are not valid; `errors` lists all of them.
    ValidationFailed = "validation_failed", 422, "Some fields are not valid";
    /// The same `Idempotency-Key` came with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This Idempotency-Key belongs to another request";
    /// A rule of the resource refuses this time; `details.reasons` say which.
    NotBookable = "not_bookable", 422, "This time cannot be booked";
    /// The local time does not exist: clocks are put forward over it.
    NonexistentLocalTime = "nonexistent_local_time", 422, "This local time does not exist";
    /// The local time exists twice: clocks are put back over it; send `fold`.
    AmbiguousLocalTime = "ambiguous_local_time", 422, "This local time exists twice";
    /// `If-Match` is missing where it is required.
    PreconditionRequired = "precondition_required", 428, "Send If-Match";
    /// Too many requests.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// A defect on our side.
    Internal = "internal", 500, "Something went wrong on our side";
    /// A provider that we depend on failed.
    UpstreamFailed = "upstream_failed", 502, "A provider failed";
    /// A dependency is busy or away.
    Unavailable = "unavailable", 503, "The service is busy";
}

impl Code {
    /// Whether doing exactly the same again may succeed without anybody changing anything.
    pub const fn retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::UpstreamFailed | Self::Unavailable | Self::Changed)
    }

    /// The URI of the problem type, relative to the server: the page that documents the code.
    pub fn type_uri(self) -> String {
        format!("/docs/errors#{}", self.as_str())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
