//! What a provider tells of a message afterwards: late, twice, in any order.

use jiff::Timestamp;

use super::{ERROR_CHARS, Message, MessageState, Step};

/// What became of a message, as its provider tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The provider has it.
    Sent,
    /// It reached the recipient's device.
    Delivered,
    /// The recipient has seen it.
    Read,
    /// It will not arrive, for this reason.
    Failed(String),
}

impl Message {
    /// Whether a report comes too early to be believed, and must be told again: a failure while a later attempt is being
    /// sent may be of the one before.
    pub fn must_hear_again(&self, report: &Report) -> bool {
        matches!(report, Report::Failed(_)) && self.state == MessageState::Sending && self.attempts > 1
    }

    /// The message after a report, or `None` if it tells nothing new.
    ///
    /// Reports lead upwards: sent, delivered, read. What arrived is not lost by a failure that is told later. A failure
    /// counts for the attempt that it is about: of a message that was sent under another `provider_id` it says nothing,
    /// and of one that was not heard back from it says how that ended. A message that failed is looked at once more
    /// ([`Message::claim`]), for what takes its place.
    pub fn report(self, report: &Report, provider_id: Option<&str>, now: Timestamp) -> Option<Self> {
        let same = match (&self.provider_id, provider_id) {
            (Some(known), Some(told)) => known == told,
            _ => true,
        };
        let step = match report {
            Report::Sent => Step::Deliver,
            Report::Delivered => Step::Arrive,
            Report::Read => Step::Open,
            Report::Failed(_) if same && self.state == MessageState::Sent => Step::Bounce,
            Report::Failed(_) if same && self.state == MessageState::Failed => Step::Bury,
            // The provider is faster than whoever sends it: there was no other attempt.
            Report::Failed(_) if self.state == MessageState::Sending && self.attempts <= 1 => Step::Bury,
            Report::Failed(_) => return None,
        };
        // Whoever is sending it right now will note what the provider answered.
        if *report == Report::Sent && self.state == MessageState::Sending {
            return None;
        }
        let mut next = self.step(step, now).ok()?;
        next.wake_at = None;
        next.provider_id = provider_id.map(str::to_owned).or(next.provider_id);
        match report {
            Report::Failed(reason) => {
                next.last_error =
                    Some(format!("told by the provider: {reason}").chars().take(ERROR_CHARS).collect());
                next.wake_at = Some(now);
            }
            Report::Sent => next.sent_at = next.sent_at.or(Some(now)),
            Report::Delivered | Report::Read => {
                next.sent_at = next.sent_at.or(Some(now));
                next.delivered_at = next.delivered_at.or(Some(now));
            }
        }
        Some(next)
    }
}
