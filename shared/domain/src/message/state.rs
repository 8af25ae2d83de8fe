//! Where a message stands, and which steps lead from there.

use serde::{Deserialize, Serialize};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its time.
    Scheduled,
    /// Waits for a worker.
    Queued,
    /// A worker has it, until `wake_at`.
    Sending,
    /// The provider has taken it.
    Sent,
    /// Did not get through; to be tried again at `wake_at`.
    Failed,
    /// Did not get through and will not be tried again by itself.
    Dead,
    /// Not sent, since it was no longer true or wanted.
    Skipped,
    /// It has reached the recipient's device, as the provider says.
    Delivered,
    /// The recipient has seen it, as the provider says.
    Read,
}

/// What can happen to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is put on the queue.
    Queue,
    /// A worker takes it.
    Claim,
    /// The provider takes it.
    Deliver,
    /// The provider does not, for now.
    Fail,
    /// It is given up.
    Bury,
    /// It is no longer true or wanted.
    Skip,
    /// Somebody asks for it to be tried anew.
    Replay,
    /// It is not time yet after all.
    PutOff,
    /// The provider tells that it arrived.
    Arrive,
    /// The provider tells that it was seen.
    Open,
    /// The provider tells that it will not arrive.
    Bounce,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 11] = [
        Self::Queue,
        Self::Claim,
        Self::Deliver,
        Self::Fail,
        Self::Bury,
        Self::Skip,
        Self::Replay,
        Self::PutOff,
        Self::Arrive,
        Self::Open,
        Self::Bounce,
    ];
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Dead,
        Self::Skipped,
        Self::Delivered,
        Self::Read,
    ];

    /// The table of transitions: where the step leads, or `None` where it is not possible.
    ///
    /// A worker may claim what is scheduled (the relay died between queueing and saying so) and what is being sent
    /// (the worker before it died; [`crate::Message::claim`] looks at the lease). What was sent is never sent again.
    ///
    /// What a provider tells comes late, twice and in any order, so its steps only lead upwards: what has arrived stays
    /// arrived, wherever the message stood, since an attempt that nobody heard back from may have done the work.
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Scheduled | Self::Queued | Self::Failed, Step::Queue) => Some(Self::Queued),
            (Self::Scheduled | Self::Queued | Self::Failed | Self::Sending, Step::Claim) => {
                Some(Self::Sending)
            }
            (Self::Sending | Self::Failed, Step::Deliver) => Some(Self::Sent),
            (Self::Sending, Step::Fail) => Some(Self::Failed),
            (Self::Sending | Self::Failed, Step::Bury) | (Self::Sent, Step::Bounce) => Some(Self::Dead),
            (Self::Delivered | Self::Read, Step::Arrive) | (Self::Read, Step::Open) => None,
            (_, Step::Arrive) => Some(Self::Delivered),
            (_, Step::Open) => Some(Self::Read),
            (Self::Scheduled | Self::Queued | Self::Failed | Self::Sending, Step::Skip) => {
                Some(Self::Skipped)
            }
            (Self::Failed | Self::Dead | Self::Skipped, Step::Replay) | (Self::Sending, Step::PutOff) => {
                Some(Self::Scheduled)
            }
            _ => None,
        }
    }

    /// Whether nothing more happens to it by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Sent | Self::Dead | Self::Skipped | Self::Delivered | Self::Read)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}
