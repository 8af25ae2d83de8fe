//! Campaigns: one text to everybody of an audience who wants such texts, at a rate, until it is called off.
//!
//! ```text
//! scheduled ── begin ──► gathering ── the audience ends ──► sending ── nothing is due ──► finished
//!     └──────────────────────┴────────── cancel ───────────────┴──► cancelled
//! ```
//!
//! While it gathers, a worker reads its audience page after page; each page is one transaction of the messages that it makes and of
//! the campaign, which knows where to go on. So whoever takes over goes on exactly there, and two at once cannot make a page
//! twice. A message's id derives from campaign and recipient. Its time follows from the rate, and before it goes it asks
//! whether its campaign still runs.

mod audience;
mod text;

use errors::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use audience::{Filter, MOST_DAYS, MOST_PHONES, Source};
pub use text::{CampaignText, MOST_VALUES, fill};

use crate::event::{Actor, Event};
use crate::message::{Audience, Channel, Due, Message, Subject};
use crate::text::Name;
use crate::{CampaignId, EventId, MessageKind, Requests, UserId, Zone};

/// The highest rate, in messages a minute: what one sweep a minute puts on the queue, and to spare.
pub const MOST_PER_MINUTE: u32 = 600;
/// People whom one campaign writes to at most.
pub const MOST_RECIPIENTS: u64 = 10_000;
/// Records of the audience that one campaign looks at; what lies beyond is told by [`Campaign::cut`].
pub const MOST_SEEN: u64 = 100_000;
/// How far ahead one is planned.
pub const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A worker that gathers is taken for lost after this long.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Whether all has gone is looked at so often once the last message is due.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// Where a campaign stands. Text forms are stored: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignState {
    /// Waits for its time.
    Scheduled,
    /// Its audience is being read, and messages are made and sent.
    Gathering,
    /// All its messages are made, and go out at its rate.
    Sending,
    /// None of its messages waits any more.
    Finished,
    /// Called off: what has not gone stays.
    Cancelled,
}

/// What can happen to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A page of its audience is read, and there are more.
    Gather,
    /// The last page is read.
    End,
    /// Nothing of it waits any more.
    Finish,
    /// Somebody calls it off.
    Cancel,
}

impl CampaignState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Scheduled, Self::Gathering, Self::Sending, Self::Finished, Self::Cancelled];

    /// The table of transitions: where the step leads, or `None` where it is not possible.
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Scheduled | Self::Gathering, Step::Gather) => Some(Self::Gathering),
            (Self::Scheduled | Self::Gathering, Step::End) => Some(Self::Sending),
            (Self::Sending, Step::Finish) => Some(Self::Finished),
            (Self::Scheduled | Self::Gathering | Self::Sending, Step::Cancel) => Some(Self::Cancelled),
            _ => None,
        }
    }

    /// Whether its messages may go.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Gathering | Self::Sending | Self::Finished)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Gathering => "gathering",
            Self::Sending => "sending",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One text to many people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Unique.
    pub id: CampaignId,
    /// As shown to those who run it.
    pub name: Name,
    /// How it is sent.
    pub channel: Channel,
    /// What it says.
    pub text: CampaignText,
    /// To whom.
    pub filter: Filter,
    /// Messages a minute at most.
    pub per_minute: u32,
    /// When it begins.
    pub starts_at: Timestamp,
    /// Whose clock counts for quiet hours where a recipient has none.
    pub zone: Zone,
    /// Where it stands.
    pub state: CampaignState,
    /// Records of its audience that were looked at.
    pub seen: u64,
    /// People a message was made for.
    pub recipients: u64,
    /// Its audience goes on beyond what one campaign takes.
    #[serde(default)]
    pub cut: bool,
    /// When the next message that is made is due.
    pub next_at: Timestamp,
    /// Where in its audience it goes on, as the store says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Value>,
    /// When a sweep must look at it if nothing happens; `None` once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// Who made it.
    pub made_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes, from 1.
    pub version: u64,
    /// Hash of the request that made it; compared when its key comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The keyed requests that changed it last.
    #[serde(default, skip_serializing_if = "Requests::is_empty")]
    pub requests: Requests,
}

/// What a worker does about a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reads the next page of its audience.
    Gather,
    /// Looks whether anything of it still waits.
    Look,
    /// Nothing: it is not time, or it is over.
    Nothing,
}

impl Campaign {
    /// What is to be done about it now.
    pub fn work(&self, now: Timestamp) -> Work {
        match self.state {
            CampaignState::Scheduled if now < self.starts_at => Work::Nothing,
            CampaignState::Scheduled | CampaignState::Gathering => Work::Gather,
            CampaignState::Sending if self.wake_at.is_some_and(|at| at <= now) => Work::Look,
            CampaignState::Sending | CampaignState::Finished | CampaignState::Cancelled => Work::Nothing,
        }
    }

    /// How many more people it may write to.
    pub fn room(&self) -> usize {
        usize::try_from(MOST_RECIPIENTS.saturating_sub(self.recipients)).unwrap_or(usize::MAX)
    }

    /// The campaign after a page of which `seen` records were looked at, and what is due to those of them that it writes to.
    /// `place` is where to go on, nowhere at the end. What is made late is not sent faster for it.
    ///
    /// # Errors
    /// `wrong_state` unless it gathers.
    pub fn page(
        self,
        seen: usize,
        recipients: &[UserId],
        place: Option<Value>,
        now: Timestamp,
    ) -> Result<(Self, Vec<Due>)> {
        let seen = self.seen + u64::try_from(seen).unwrap_or(u64::MAX);
        let made = self.recipients + u64::try_from(recipients.len()).unwrap_or(u64::MAX);
        let full = made >= MOST_RECIPIENTS || seen >= MOST_SEEN;
        let ends = place.is_none() || full;
        let cut = full && place.is_some();
        let mut next = self.step(if ends { Step::End } else { Step::Gather }, now)?;
        let mut at = next.next_at.max(now);
        let due = recipients.iter().map(|recipient| {
            let due = next.due(*recipient, at);
            at = later(at, next.interval());
            due
        });
        let due = due.collect();
        (next.seen, next.recipients, next.cut, next.next_at) = (seen, made, cut, at);
        next.place = place.filter(|_| !ends);
        next.wake_at = Some(later(if ends { at } else { now }, LEASE));
        Ok((next, due))
    }

    /// The campaign after a look at whether any of its messages still waits.
    ///
    /// # Errors
    /// `wrong_state` unless all its messages are made.
    pub fn looked(self, waiting: u64, now: Timestamp) -> Result<Self> {
        if waiting > 0 {
            let mut next = self.touched(now);
            next.wake_at = Some(later(now, LOOK_AGAIN));
            return Ok(next);
        }
        let mut next = self.step(Step::Finish, now)?;
        next.wake_at = None;
        Ok(next)
    }

    /// Calls it off: none of its messages goes from now on.
    ///
    /// # Errors
    /// `wrong_state` once it is over.
    pub fn cancel(self, now: Timestamp) -> Result<Self> {
        let mut next = self.step(Step::Cancel, now)?;
        (next.wake_at, next.place) = (None, None);
        Ok(next)
    }

    /// How far apart two messages are due.
    pub fn interval(&self) -> SignedDuration {
        // Rounded up, so that no minute has one too many.
        let nanos = 60_000_000_000_u64.div_ceil(u64::from(self.per_minute.max(1)));
        SignedDuration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The message to one of its audience.
    pub fn due(&self, recipient: UserId, at: Timestamp) -> Due {
        Due {
            kind: MessageKind::Campaign,
            channel: self.channel,
            recipient,
            audience: Audience::Customer,
            subject: Subject::Campaign { id: self.id },
            location: self.filter.location,
            at,
            expires_at: None,
        }
    }

    /// The message that is due, under the id that derives from the campaign and its recipient.
    pub fn message(&self, due: Due, now: Timestamp, digest: impl FnOnce(&[u8]) -> [u8; 16]) -> Message {
        due.message(EventId::derived(self.id.bits().to_be_bytes()), self.version, now, digest)
    }

    /// The event that tells of the change from `before` (nothing, for a new one) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        // Numbers of phones stay out of the trail.
        json!({
            "name": self.name, "channel": self.channel, "text": self.text, "state": self.state,
            "location": self.filter.location, "offering": self.filter.offering, "phones": self.filter.phones.len(),
            "per_minute": self.per_minute, "starts_at": self.starts_at, "recipients": self.recipients,
        })
    }

    fn step(mut self, step: Step, now: Timestamp) -> Result<Self> {
        let state = self.state;
        self.state = state.after(step).ok_or_else(|| {
            Error::new(Code::WrongState, format!("not possible for a campaign that is {}", state.as_str()))
                .with_detail("state", state.as_str())
        })?;
        Ok(self.touched(now))
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests;
