//! Which channels a message goes by: the table of rules, what a person wants and can be reached on, and what takes the
//! place of a message that did not get through.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Channel::{Email, Sms, Whatsapp};
use super::{Channel, Message, MessageKind, MessageState};
use crate::{MessageId, User, Zone};

/// As whom somebody is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whom the booking is for, or whose account or phone it is.
    #[default]
    Customer,
    /// Who booked it for somebody else.
    Booker,
}

impl Audience {
    /// Every audience.
    pub const ALL: [Self; 2] = [Self::Customer, Self::Booker];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(super) const fn is_customer(&self) -> bool {
        matches!(self, Self::Customer)
    }
}

/// The rules: by which chains of channels this is told to this audience. Each chain tells it once, by its first channel
/// that the recipient wants and that gets it through.
///
/// What comes with a calendar entry goes by mail in any case, since no phone takes the entry; the phone is told beside.
/// A chain is known by its last channel, which no other chain of the same row has: see [`super::Due::message`].
pub const fn chains(kind: MessageKind, audience: Audience) -> &'static [&'static [Channel]] {
    use MessageKind::{
        Alert, Campaign, Cancelled, Changed, Code, Confirmed, OutOfService, PasswordReset, Reminder,
        SessionCancelled, SessionCompleted, SessionConfirmed, SessionLost, StayCancelled, StayConfirmed,
    };
    match (kind, audience) {
        (Confirmed | Changed | Cancelled, Audience::Customer) => &[&[Email], &[Whatsapp, Sms]],
        (Reminder | OutOfService, Audience::Customer) => &[&[Whatsapp, Sms, Email]],
        (OutOfService, Audience::Booker)
        | (PasswordReset | StayConfirmed | StayCancelled | Alert, Audience::Customer) => &[&[Email]],
        // What was paid is told in writing in any case, and beside that where it is seen at once.
        (SessionConfirmed | SessionCancelled | SessionLost, Audience::Customer) => {
            &[&[Email], &[Whatsapp, Sms]]
        }
        // A recording has an address, which is opened where there is a screen for it.
        (SessionCompleted, Audience::Customer) => &[&[Email, Whatsapp, Sms]],
        // Its text is approved for one channel.
        (Campaign, Audience::Customer) => &[&[Email], &[Sms], &[Whatsapp]],
        (Code, Audience::Customer) => &[&[Sms, Whatsapp], &[Email]],
        (_, Audience::Booker) => &[],
    }
}

/// A set of channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Channels {
    /// E-mail.
    pub email: bool,
    /// SMS.
    pub sms: bool,
    /// WhatsApp.
    pub whatsapp: bool,
}

impl Channels {
    /// All of them.
    pub const ALL: Self = Self { email: true, sms: true, whatsapp: true };

    /// Whether the channel is one of them.
    pub const fn has(self, channel: Channel) -> bool {
        match channel {
            Email => self.email,
            Sms => self.sms,
            Whatsapp => self.whatsapp,
        }
    }
}

/// Whether the recipient can be reached there and wants to be, for this. What was asked for at this moment is sent
/// whatever the preferences say.
pub fn reaches(channel: Channel, kind: MessageKind, recipient: &User) -> bool {
    let preferences = &recipient.preferences;
    let wanted = match channel {
        Email => preferences.email,
        Sms => preferences.sms,
        Whatsapp => preferences.whatsapp,
    };
    let wanted = wanted
        && !preferences.opted_out
        && (kind != MessageKind::Reminder || preferences.reminder_minutes.is_some())
        && (kind != MessageKind::Campaign || preferences.promotions);
    let reachable = if channel.rings() { recipient.phone.is_some() } else { recipient.email.is_some() };
    recipient.active && reachable && (wanted || kind.is_urgent())
}

impl Message {
    /// The chain that this message belongs to.
    fn chain(&self) -> &'static [Channel] {
        chains(self.kind, self.audience)
            .iter()
            .find(|chain| chain.contains(&self.channel))
            .copied()
            .unwrap_or_default()
    }

    /// The next channel of its chain that is `usable`.
    pub fn next_channel(&self, usable: impl Fn(Channel) -> bool) -> Option<Channel> {
        let mut rest = self.chain().iter().skip_while(|channel| **channel != self.channel).skip(1).copied();
        rest.find(|channel| usable(*channel))
    }

    /// Whether the news must go by the next channel, if there is one: it did not get through here, and nothing took its
    /// place so far.
    pub fn leaves_news_untold(&self) -> bool {
        let lost = match self.state {
            MessageState::Dead => true,
            MessageState::Skipped => self.skipped.is_some_and(super::Skip::is_of_the_channel),
            _ => false,
        };
        lost && self.followed_by.is_none()
    }

    /// This message, and the one on the next channel that takes its place: write both or neither. The new one's id
    /// derives from this one's, so that it is made once.
    #[must_use]
    pub fn followed(
        mut self,
        channel: Channel,
        now: Timestamp,
        digest: impl FnOnce(&[u8]) -> [u8; 16],
    ) -> (Self, Self) {
        let told = format!("message {} then {}", self.id, channel.as_str());
        let next = Self {
            id: MessageId::derived(digest(told.as_bytes())),
            channel,
            due_at: now,
            state: MessageState::Scheduled,
            wake_at: Some(now),
            attempts: 0,
            last_error: None,
            skipped: None,
            provider: None,
            provider_id: None,
            sent_at: None,
            delivered_at: None,
            follows: Some(self.id),
            followed_by: None,
            created_at: now,
            updated_at: now,
            version: 1,
            last_request: None,
            ..self.clone()
        };
        self.followed_by = Some(next.id);
        (self, next)
    }

    /// Until when it must wait for the recipient's quiet hours to end, on their clock or else on that of `zone`.
    pub fn quiet_until(&self, recipient: &User, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        if self.kind.is_urgent() || !self.channel.rings() {
            return None;
        }
        let preferences = &recipient.preferences;
        preferences.quiet_hours?.end(preferences.zone.as_ref().unwrap_or(zone), now)
    }
}

#[cfg(test)]
mod tests;
