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
    /// Here is a code to sign in with.
    Code,
    /// Your seat is booked, and paid as far as it has to be.
    SessionConfirmed,
    /// Your seat is given back, and so much goes back to you.
    SessionCancelled,
    /// Your payment came after the seat had gone: all of it goes back.
    SessionLost,
    /// It took place, and here is a recording of it.
    SessionCompleted,
    /// What a campaign says.
    Campaign,
    /// Your stay is booked.
    StayConfirmed,
    /// Your stay is given back, and so much goes back to you.
    StayCancelled,
    /// The installation works badly, or well again.
    Alert,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Confirmed,
        Self::Changed,
        Self::Cancelled,
        Self::Reminder,
        Self::PasswordReset,
        Self::OutOfService,
        Self::Code,
        Self::SessionConfirmed,
        Self::SessionCancelled,
        Self::SessionLost,
        Self::SessionCompleted,
        Self::Campaign,
        Self::StayConfirmed,
        Self::StayCancelled,
        Self::Alert,
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
            Self::Code => "code",
            Self::SessionConfirmed => "session_confirmed",
            Self::SessionCancelled => "session_cancelled",
            Self::SessionLost => "session_lost",
            Self::SessionCompleted => "session_completed",
            Self::Campaign => "campaign",
            Self::StayConfirmed => "stay_confirmed",
            Self::StayCancelled => "stay_cancelled",
            Self::Alert => "alert",
        }
    }

    /// Whether somebody waits for it at this very moment: it respects no quiet hours and no wish to be left alone.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::PasswordReset | Self::Code)
    }

    /// What the recipient's calendar is to do, for those that come with a calendar file.
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Confirmed | Self::Changed => Some(Method::Request),
            Self::Cancelled => Some(Method::Cancel),
            Self::Reminder
            | Self::PasswordReset
            | Self::OutOfService
            | Self::Code
            | Self::SessionConfirmed
            | Self::SessionCancelled
            | Self::SessionLost
            | Self::SessionCompleted
            | Self::Campaign
            | Self::StayConfirmed
            | Self::StayCancelled
            | Self::Alert => None,
        }
    }
}

/// How a message reaches its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// A text message to a phone.
    Sms,
    /// WhatsApp.
    Whatsapp,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Whatsapp];

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Whatsapp => "whatsapp",
        }
    }

    /// Whether a phone rings.
    pub const fn rings(self) -> bool {
        !matches!(self, Self::Email)
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
    /// It would have to wait through the quiet hours until it is of no use.
    Quiet,
    /// The channel is switched off, or the recipient has no address on it.
    Unreachable,
    /// The message on the channel before got through after all.
    AlreadyTold,
    /// Its campaign was called off.
    Cancelled,
}

impl Skip {
    /// Whether the news is still worth telling by another channel.
    pub const fn is_of_the_channel(self) -> bool {
        matches!(self, Self::Unwanted | Self::Quiet | Self::Unreachable)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "superseded",
            Self::NoLongerTrue => "no_longer_true",
            Self::TooLate => "too_late",
            Self::Unwanted => "unwanted",
            Self::Gone => "gone",
            Self::Quiet => "quiet",
            Self::Unreachable => "unreachable",
            Self::AlreadyTold => "already_told",
            Self::Cancelled => "cancelled",
        }
    }
}
