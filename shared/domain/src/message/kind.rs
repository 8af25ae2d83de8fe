//! The closed lists of messages: kinds, channels, what they ask of a calendar, why they are skipped. Text forms are
//! stored: append only.

use serde::{Deserialize, Serialize};

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Your booking stands.
    Confirmed,
    /// Your booking has moved in time or place.
    Changed,
    /// Your booking is given back.
    Cancelled,
    /// Your booking begins soon.
    Reminder,
    /// Here is a link to set a new password.
    PasswordReset,
    /// Your room cannot be used at that time: move or book another.
    OutOfService,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Confirmed,
        Self::Changed,
        Self::Cancelled,
        Self::Reminder,
        Self::PasswordReset,
        Self::OutOfService,
    ];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Changed => "changed",
            Self::Cancelled => "cancelled",
            Self::Reminder => "reminder",
            Self::PasswordReset => "password_reset",
            Self::OutOfService => "out_of_service",
        }
    }

    /// What the recipient's calendar is to do, for those that come with a calendar file.
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Confirmed | Self::Changed => Some(Method::Request),
            Self::Cancelled => Some(Method::Cancel),
            Self::Reminder | Self::PasswordReset | Self::OutOfService => None,
        }
    }
}

/// How a message reaches its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
}

impl Channel {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }
}

/// What a calendar is asked to do with an entry (METHOD, RFC 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Show it.
    Publish,
    /// Put it in, or bring it up to date.
    Request,
    /// Take it out.
    Cancel,
}

impl Method {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
        }
    }
}

/// Why a message is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// A later message tells what is true now.
    Superseded,
    /// The booking is at another time or place, or no longer stands.
    NoLongerTrue,
    /// It would come too late to be of use.
    TooLate,
    /// The recipient does not want it, or has no active account.
    Unwanted,
    /// The booking or the account is gone.
    Gone,
}

impl Skip {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::NoLongerTrue => "no_longer_true",
            Self::TooLate => "too_late",
            Self::Unwanted => "unwanted",
            Self::Gone => "gone",
        }
    }
}
