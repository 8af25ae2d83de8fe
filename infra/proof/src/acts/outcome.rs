//! How an act ended.

use errors::{Code, Error};

/// How an act ended, in the words of the domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is written.
    Done,
    /// It was written before, under the same key.
    Replayed,
    /// The time is taken.
    Taken,
    /// Too few units are left.
    SoldOut,
    /// More is sold than is to be offered.
    BelowSold,
    /// The hold had run out.
    Expired,
    /// Not possible in the state that the record is in.
    Wrong,
    /// The record changed meanwhile.
    Changed,
    /// There is nothing to be changed in this way.
    Missing,
    /// Nobody knows.
    Unavailable,
    /// What must not happen.
    Broken(String),
}

impl Outcome {
    /// Whether it is so from then on, written now or before.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done | Self::Replayed)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Replayed => "replayed",
            Self::Taken => "taken",
            Self::SoldOut => "sold out",
            Self::BelowSold => "below sold",
            Self::Expired => "expired",
            Self::Wrong => "wrong state",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Unavailable => "unavailable",
            Self::Broken(_) => "broken",
        }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        match error.code() {
            Code::SlotTaken => Self::Taken,
            Code::SoldOut => Self::SoldOut,
            Code::BelowSold => Self::BelowSold,
            Code::HoldExpired => Self::Expired,
            Code::WrongState => Self::Wrong,
            Code::Changed => Self::Changed,
            Code::NotFound => Self::Missing,
            Code::Unavailable => Self::Unavailable,
            _ => Self::Broken(format!("{}: {}", error.code(), error.chain())),
        }
    }
}
