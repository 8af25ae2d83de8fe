//! The closed list of error codes: name, HTTP status, title, what it means, what to do, and whether a retry can help.
//!
//! What a code means is its doc comment, so that the page that documents the codes says what this file says.
//!
//! `docs/api.md` documents each; a test holds the two to each other.

macro_rules! codes {
    ($(#[doc = $meaning:literal] $name:ident = $text:literal, $status:literal, $title:literal, $advice:literal;)*) => {
        /// A stable error code. Clients may rely on the text form; it never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $meaning] $name,)* }

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

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning.trim_ascii(),)* }
            }

            /// What a client does about it, in a sentence.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON at all, or not the JSON that was announced.
    MalformedBody = "malformed_body", 400, "The request body could not be read",
        "Send one JSON object; the detail names line and column.";
    /// A header, query parameter or path segment is not valid.
    BadRequest = "bad_request", 400, "The request is not valid",
        "Correct what `errors` or the detail name.";
    /// A version of the API that does not exist was asked for.
    UnsupportedVersion = "unsupported_version", 400, "There is no such API version",
        "Ask for one of the versions in `details.supported`.";
    /// A page cursor was made up, belongs to another query, or to somebody else.
    InvalidCursor = "invalid_cursor", 400, "The cursor is not valid here",
        "Begin the list again without a cursor.";
    /// A write that moves capacity came without an `Idempotency-Key`.
    IdempotencyKeyRequired = "idempotency_key_required", 400, "This request needs an Idempotency-Key",
        "Make up a key, send it with the request and with every retry of it.";
    /// No credentials, or credentials that do not hold.
    Unauthenticated = "unauthenticated", 401, "Sign in first",
        "Sign in or refresh the session, and send `Authorization: Bearer <access token>`.";
    /// Wrong name or password.
    InvalidCredentials = "invalid_credentials", 401, "Name or password is wrong",
        "Correct name or password, or ask for a link to set a new one.";
    /// A refresh token that was used before: the session is revoked.
    TokenReused = "token_reused", 401, "This refresh token was used before",
        "Sign in again; if it was not you, change the password.";
    /// It is sold once it is paid for.
    PaymentRequired = "payment_required", 402, "Pay first",
        "Begin a payment of the order; it is confirmed by being paid.";
    /// The caller is known and may not do this.
    Forbidden = "forbidden", 403, "You may not do this",
        "Ask somebody whose role allows it.";
    /// No such record, or none that the caller may know of.
    NotFound = "not_found", 404, "There is no such thing",
        "Check the id or the path; a record of somebody else looks the same.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This path has no such method",
        "Use a method that the description lists for this path.";
    /// The time asked for is taken; `details` say which window and what is free nearby.
    SlotTaken = "slot_taken", 409, "This time is taken",
        "Take one of the free times in `details`, or another room.";
    /// Fewer units are left than asked for; `details` say of what, how many, and when there are enough.
    SoldOut = "sold_out", 409, "Not enough is left",
        "Take fewer, or one of the alternatives in `details`.";
    /// A promo code has been used as often as it may be; `details.reason` says whether by all or by this customer.
    PromoUsedUp = "promo_used_up", 409, "This promo code is used up",
        "Order without it, or with another one.";
    /// More is sold than the capacity asked for would allow; `details` say where.
    BelowSold = "below_sold", 409, "More is sold than that",
        "Move or cancel what `details.cells` name first, or send `below_sold: queue` and resolve it afterwards.";
    /// A unique name or address is in use.
    AlreadyExists = "already_exists", 409, "This name is in use",
        "Choose another name or address.";
    /// The record is in a state from which this is not possible.
    WrongState = "wrong_state", 409, "Not possible in this state",
        "Read the record: `details.state` says where it stands.";
    /// The record changed while the request was under way.
    Changed = "changed", 409, "The record has changed meanwhile",
        "Read the record again and decide anew.";
    /// A hold has run out before it was confirmed.
    HoldExpired = "hold_expired", 410, "The hold has expired",
        "Hold or book the time again, if it is still free.";
    /// A one-time link or feed that was used or revoked.
    Gone = "gone", 410, "This is no longer available",
        "Ask for a new link.";
    /// `If-Match` names an older version.
    PreconditionFailed = "precondition_failed", 412, "The record has a newer version",
        "Read the record again, and send its new `ETag` if the change still makes sense.";
    /// The body is larger than the limit.
    TooLarge = "too_large", 413, "The request is too large",
        "Send less: a body has at most 1 MB, one command at most 100 writes.";
    /// The body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", 415, "Send application/json",
        "Send the body as JSON with `Content-Type: application/json`.";
    /// Fields of the body are not valid; `errors` lists all of them.
    ValidationFailed = "validation_failed", 422, "Some fields are not valid",
        "Correct the fields that `errors` points at, all at once.";
    /// The same `Idempotency-Key` came with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "This Idempotency-Key belongs to another request",
        "Use a new key for a new request.";
    /// What a gateway is said to have taken is not what was to be paid, or the proof of it is not the gateway's.
    PaymentMismatch = "payment_mismatch", 422, "This does not prove the payment",
        "Send order, payment and signature exactly as the gateway's checkout gave them, for the order that they belong to.";
    /// A rule of the resource refuses this time; `details.reasons` say which.
    NotBookable = "not_bookable", 422, "This time cannot be booked",
        "Choose a time or length that the rules in `details.reasons` allow.";
    /// The local time does not exist: clocks are put forward over it.
    NonexistentLocalTime = "nonexistent_local_time", 422, "This local time does not exist",
        "Choose a time before or after the gap, or send an instant with its offset.";
    /// The local time exists twice: clocks are put back over it; send `fold`.
    AmbiguousLocalTime = "ambiguous_local_time", 422, "This local time exists twice",
        "Send `fold` 0 for the first one or 1 for the second, or an instant with its offset.";
    /// `If-Match` is missing where it is required.
    PreconditionRequired = "precondition_required", 428, "Send If-Match",
        "Read the record and send its `ETag` in `If-Match`.";
    /// Too many requests.
    RateLimited = "rate_limited", 429, "Too many requests",
        "Wait as long as `Retry-After` says.";
    /// A defect on our side.
    Internal = "internal", 500, "Something went wrong on our side",
        "Tell us the `request_id`; nothing is half done.";
    /// A provider that we depend on failed.
    UpstreamFailed = "upstream_failed", 502, "A provider failed",
        "Try again in a moment.";
    /// A dependency is busy or away.
    Unavailable = "unavailable", 503, "The service is busy",
        "Try again as `Retry-After` says, with the same `Idempotency-Key`.";
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_it_means_and_what_to_do_in_sentences() {
        for code in Code::ALL {
            for text in [code.meaning(), code.advice()] {
                let begins = text.starts_with(|c: char| c.is_uppercase() || c == '`');
                assert!(begins && text.ends_with('.') && !text.starts_with(' '), "{code}: {text}");
            }
        }
    }
}
