//! What senders and workers agree on.

use domain::{CampaignId, Event, EventId, GuestId, HotelRoomId, MessageId, OrderId};
use errors::{Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest body that is sent, in bytes. SQS takes more; a job that names its subject never needs it.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// One piece of work.
///
/// Jobs written before a deployment are read after it. A variant therefore never changes its meaning: new fields have
/// defaults, anything else is a new variant, and an old one goes when no queue can hold it any more (14 days).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Something happened that people are told about: decide whom, write the messages, deliver them.
    Notify(NotifyJob),
    /// A message is due: a reminder, a later attempt, a replay.
    Deliver {
        /// The message.
        message: MessageId,
    },
    /// A campaign is to be gone on with.
    Campaign {
        /// Which.
        campaign: CampaignId,
    },
    /// A counted hold has run out: give its units back. In the queue of tasks, the others in that of `notify`.
    Release {
        /// The order that holds them.
        order: OrderId,
        /// The request that brought it about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
    /// A guest has another name, or turned out to be another one: tell it in their stays. In the queue of tasks.
    RenameGuest {
        /// Who.
        guest: GuestId,
        /// The place to which an earlier job came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A room of the house has another number: tell it in the stays that are put into it. In the queue of tasks.
    RenumberRoom {
        /// Which.
        room: HotelRoomId,
    },
    /// Something may follow from what is known of an order's payments. In the queue of payments.
    Settle {
        /// The order.
        order: OrderId,
        /// The request that brought it about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
    /// A gateway has told something. In the queue of payments.
    Webhook {
        /// Under which name it is kept.
        id: String,
        /// The request that brought it about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<String>,
    },
}

/// The event to tell people about: its identity, without its data, which may be large and private.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyJob {
    /// The event; what is made once per event is keyed by it.
    pub event: EventId,
    /// What happened, e.g. `booking.confirmed`.
    pub kind: String,
    /// Id of the record it is about.
    pub subject: String,
    /// The record's version after it: a worker that reads an older one is too early and tries again.
    pub sequence: u64,
    /// When it happened.
    pub at: Timestamp,
}

impl From<&Event> for NotifyJob {
    fn from(event: &Event) -> Self {
        Self {
            event: event.id,
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            sequence: event.sequence,
            at: event.at,
        }
    }
}

impl Job {
    /// What kind of work it is.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Notify(_) => "notify",
            Self::Deliver { .. } => "deliver",
            Self::Campaign { .. } => "campaign",
            Self::Release { .. } => "release",
            Self::RenameGuest { .. } => "rename_guest",
            Self::RenumberRoom { .. } => "renumber_room",
            Self::Settle { .. } => "settle",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// The request that brought it about, as its answer and its events name it, where the job says so.
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::Release { request, .. } | Self::Settle { request, .. } | Self::Webhook { request, .. } => {
                request.as_deref()
            }
            _ => None,
        }
    }

    /// The job as the body of a message.
    pub(crate) fn to_body(&self) -> Result<String> {
        let body = serde_json::to_string(self).map_err(Error::internal)?;
        if body.len() > MAX_BODY {
            return Err(Error::internal(format!("a job of {} bytes is too long for a message", body.len())));
        }
        Ok(body)
    }

    /// The job in the body of a message.
    pub(crate) fn from_body(body: &str) -> Result<Self> {
        serde_json::from_str(body).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_that_wait_in_a_queue_since_the_first_release_are_read() {
        let id = MessageId::derived([0; 16]);
        let deliver = r#"{"job":"deliver","message":"msg_00000000000000000000000000"}"#;
        assert_eq!(Job::from_body(deliver).unwrap(), Job::Deliver { message: id });

        let campaign = r#"{"job":"campaign","campaign":"cmp_00000000000000000000000000"}"#;
        let id = CampaignId::derived([0; 16]);
        assert_eq!(Job::from_body(campaign).unwrap(), Job::Campaign { campaign: id });

        let order = OrderId::derived([0; 16]);
        let release = r#"{"job":"release","order":"ord_00000000000000000000000000"}"#;
        assert_eq!(Job::from_body(release).unwrap(), Job::Release { order, request: None });

        let notify = r#"{"job":"notify","event":"evt_00000000000000000000000000","kind":"booking.confirmed","subject":"bkg_00000000000000000000000000","sequence":3,"at":"2026-03-29T01:00:00Z"}"#;
        let job = Job::Notify(NotifyJob {
            event: EventId::derived([0; 16]),
            kind: "booking.confirmed".to_owned(),
            subject: "bkg_00000000000000000000000000".to_owned(),
            sequence: 3,
            at: "2026-03-29T01:00:00Z".parse().unwrap(),
        });
        assert_eq!(Job::from_body(notify).unwrap(), job);
        assert_eq!(job.to_body().unwrap(), notify);
    }

    #[test]
    fn a_job_says_which_request_brought_it_about() {
        let job = Job::Webhook { id: "one".to_owned(), request: Some("req_1".to_owned()) };
        let body = job.to_body().unwrap();
        assert_eq!(body, r#"{"job":"webhook","id":"one","request":"req_1"}"#);
        assert_eq!(Job::from_body(&body).unwrap().request(), Some("req_1"));
    }

    #[test]
    fn an_unknown_job_is_an_error_and_not_another_job() {
        for body in ["", "{}", "[]", r#"{"job":"launch"}"#, r#"{"job":"deliver","message":"bkg_0"}"#] {
            assert!(Job::from_body(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_job_too_long_for_a_message_is_refused_before_it_is_sent() {
        let job = Job::Notify(NotifyJob {
            event: EventId::derived([0; 16]),
            kind: "k".repeat(MAX_BODY),
            subject: String::new(),
            sequence: 1,
            at: Timestamp::UNIX_EPOCH,
        });
        assert!(job.to_body().is_err());
    }
}
