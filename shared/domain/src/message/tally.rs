//! How messages of a campaign are counted: each under one heading, and moved to another in the write that changes it.

use super::{Message, MessageState, Subject};
use crate::CampaignId;

/// The heading of what has neither gone nor been given up.
pub const DUE: &str = "due";

/// A message of a campaign that comes under another heading than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The campaign.
    pub campaign: CampaignId,
    /// The heading before, if it was counted.
    pub from: Option<String>,
    /// The heading now.
    pub to: String,
}

impl Message {
    /// Notes the heading under which it comes now; what has to be counted for that, if anything.
    pub fn recount(&mut self) -> Option<Moved> {
        let Subject::Campaign { id } = self.subject else { return None };
        let to = self.heading();
        if self.counted.as_ref() == Some(&to) {
            return None;
        }
        let from = self.counted.replace(to.clone());
        Some(Moved { campaign: id, from, to })
    }

    /// `due`, `sent`, `delivered`, `failed`, or `skipped_` and why.
    fn heading(&self) -> String {
        match self.state {
            MessageState::Scheduled | MessageState::Queued | MessageState::Sending | MessageState::Failed => {
                DUE.to_owned()
            }
            MessageState::Sent => "sent".to_owned(),
            MessageState::Delivered | MessageState::Read => "delivered".to_owned(),
            MessageState::Dead => "failed".to_owned(),
            MessageState::Skipped => {
                format!("skipped_{}", self.skipped.map_or("unwanted", super::Skip::as_str))
            }
        }
    }
}
