//! Which messages an event calls for, and whether a message is still worth sending when its time has come.

use jiff::{SignedDuration, Timestamp};

use super::tally::DUE;
use super::{
    Audience, Channel, Channels, Message, MessageKind, MessageState, Skip, Subject, chains, reaches,
};
use crate::{
    Booking, BookingState, Event, EventId, LocationId, MessageId, Order, OrderState, User, UserId, Zone,
};

/// A message that an event calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// What it says.
    pub kind: MessageKind,
    /// How it is sent.
    pub channel: Channel,
    /// To whom.
    pub recipient: UserId,
    /// As whom they are told.
    pub audience: Audience,
    /// What it is about.
    pub subject: Subject,
    /// Where that is.
    pub location: Option<LocationId>,
    /// When to send it.
    pub at: Timestamp,
    /// From when on it is of no use.
    pub expires_at: Option<Timestamp>,
}

impl Due {
    /// The message, made for event `event` with its `sequence`; `digest` is the first 16 bytes of a SHA-256.
    ///
    /// The id stands for what is told to whom by which chain of channels, not by which of them, so that whoever changes
    /// their preferences meanwhile is not told twice, and the same event relayed twice meets the message it made. A
    /// reminder stands for the start it reminds of, not for an event: however often a booking moves away and back,
    /// there is one reminder of one start.
    pub fn message(
        self,
        event: EventId,
        sequence: u64,
        now: Timestamp,
        digest: impl FnOnce(&[u8]) -> [u8; 16],
    ) -> Message {
        let cause = match (self.kind, self.subject) {
            (MessageKind::Reminder, Subject::Booking { span, .. }) => span.start().to_string(),
            _ => event.to_string(),
        };
        let about = match self.subject {
            Subject::Booking { id, .. } => id.to_string(),
            Subject::Order { id } => id.to_string(),
            Subject::Account => String::new(),
            Subject::Code { id } => id.to_string(),
            Subject::Campaign { id } => id.to_string(),
            Subject::Alert { rule } => rule.as_str().to_owned(),
        };
        let chain = chains(self.kind, self.audience).iter().find(|chain| chain.contains(&self.channel));
        let last = chain.and_then(|chain| chain.last()).unwrap_or(&self.channel);
        let (kind, chain) = (self.kind.as_str(), last.as_str());
        let told = format!("message {cause} {kind} {about} {} {chain}", self.recipient);
        Message {
            id: MessageId::derived(digest(told.as_bytes())),
            kind: self.kind,
            channel: self.channel,
            recipient: self.recipient,
            audience: self.audience,
            subject: self.subject,
            location: self.location,
            sequence,
            due_at: self.at,
            expires_at: self.expires_at,
            state: MessageState::Scheduled,
            wake_at: Some(self.at),
            attempts: 0,
            last_error: None,
            skipped: None,
            provider: None,
            provider_id: None,
            sent_at: None,
            delivered_at: None,
            follows: None,
            followed_by: None,
            counted: matches!(self.subject, Subject::Campaign { .. }).then(|| DUE.to_owned()),
            created_at: now,
            updated_at: now,
            version: 1,
            last_request: None,
        }
    }
}

/// The messages that `event` calls for, about `booking` as it stands now, to these people: one for each chain of
/// channels that [`chains`] has for what happened, on its first channel that is switched `on` and that they want.
///
/// A confirmation and a move call for a message now and a reminder, if its time is still to come and it is wanted.
/// Nobody is told of holds, and nobody of a new title. `booking.room_unavailable` is told for each booking that it
/// touches.
pub fn due_messages(
    event: &Event,
    booking: &Booking,
    people: &[(Audience, &User)],
    on: Channels,
    now: Timestamp,
) -> Vec<Due> {
    let mut all = Vec::new();
    for (audience, recipient) in people {
        for (kind, at, expires_at) in news(event, booking, recipient, now) {
            let usable = |channel: &&Channel| on.has(**channel) && reaches(**channel, kind, recipient);
            let first = |chain: &&'static [Channel]| chain.iter().find(usable).copied();
            all.extend(chains(kind, *audience).iter().filter_map(first).map(|channel| Due {
                kind,
                channel,
                recipient: recipient.id,
                audience: *audience,
                subject: Subject::Booking { id: booking.id, resource: booking.resource, span: booking.span },
                location: Some(booking.location),
                at,
                expires_at,
            }));
        }
    }
    all
}

/// What there is to tell of an event, when, and until when it is of use.
fn news(
    event: &Event,
    booking: &Booking,
    recipient: &User,
    now: Timestamp,
) -> Vec<(MessageKind, Timestamp, Option<Timestamp>)> {
    let (start, end) = (booking.span.start(), booking.span.end());
    let confirmed = booking.state == BookingState::Confirmed;
    let was_held = event.data.pointer("/before/state").and_then(|state| state.as_str()) == Some("held");
    let kind = match event.kind.as_str() {
        "booking.confirmed" if confirmed => MessageKind::Confirmed,
        "booking.rescheduled" if confirmed => MessageKind::Changed,
        "booking.cancelled" if !was_held => return vec![(MessageKind::Cancelled, now, None)],
        "booking.room_unavailable" if confirmed => return vec![(MessageKind::OutOfService, now, Some(end))],
        _ => return Vec::new(),
    };
    let minutes = recipient.preferences.reminder_minutes;
    let reminder = minutes
        .and_then(|minutes| start.checked_sub(SignedDuration::from_mins(i64::from(minutes))).ok())
        .filter(|at| now < *at)
        .map(|at| (MessageKind::Reminder, at, Some(start)));
    std::iter::once((kind, now, Some(end))).chain(reminder).collect()
}

/// The messages that `event` calls for, about an `order` of seats or nights as it stands now, to whose it is. Nobody is told of holds, of what
/// has no price, or of a recording that is not there.
pub fn order_messages(
    event: &Event,
    order: &Order,
    recipient: &User,
    on: Channels,
    now: Timestamp,
) -> Vec<Due> {
    let Some(sale) = &order.sale else { return Vec::new() };
    let was_held = event.data.pointer("/before/state").and_then(|state| state.as_str()) == Some("held");
    let recorded = sale.completed.as_ref().is_some_and(|completed| completed.link.is_some());
    let (kind, expires_at) = match event.kind.as_str() {
        // Of use until they leave: whoever walks in at night is told too.
        "order.confirmed" if order.state == OrderState::Confirmed && order.stay.is_some() => {
            let leaves = order.dates().and_then(|dates| Zone::utc().instant(dates.to().into(), None).ok());
            (MessageKind::StayConfirmed, leaves)
        }
        "order.confirmed" if order.state == OrderState::Confirmed => {
            (MessageKind::SessionConfirmed, Some(sale.starts))
        }
        "order.cancelled" if !was_held && order.stay.is_some() => (MessageKind::StayCancelled, None),
        "order.cancelled" if !was_held => (MessageKind::SessionCancelled, None),
        "order.lost" => (MessageKind::SessionLost, None),
        "order.completed" if recorded => (MessageKind::SessionCompleted, None),
        _ => return Vec::new(),
    };
    let audience = Audience::Customer;
    let usable = |channel: &&Channel| on.has(**channel) && reaches(**channel, kind, recipient);
    let first = |chain: &&'static [Channel]| chain.iter().find(usable).copied();
    let due = |channel| Due {
        kind,
        channel,
        recipient: recipient.id,
        audience,
        subject: Subject::Order { id: order.id },
        location: Some(order.location),
        at: now,
        expires_at,
    };
    chains(kind, audience).iter().filter_map(first).map(due).collect()
}

/// Whether a message about an order still tells the truth about it (as read just before sending; `None` if it is gone).
///
/// # Errors
/// Why not: a confirmation of what has been cancelled since is told by the cancellation.
pub fn order_still_wanted(message: &Message, order: Option<&Order>, now: Timestamp) -> Result<(), Skip> {
    let order = order.ok_or(Skip::Gone)?;
    let confirms = matches!(message.kind, MessageKind::SessionConfirmed | MessageKind::StayConfirmed);
    if confirms && order.state == OrderState::Cancelled {
        return Err(Skip::Superseded);
    }
    if message.expires_at.is_some_and(|at| at <= now) { Err(Skip::TooLate) } else { Ok(()) }
}

/// Whether the message still tells the truth about `booking` (as read just before sending; `None` if it is gone).
///
/// # Errors
/// Why not. A confirmation or change is skipped only where a later message tells what is true now: the booking has been
/// cancelled, or has another time or place, and each of these calls for a message of its own. A change of title does
/// not, so the confirmation goes out, with the new title. A reminder and a notice about the room are skipped when the
/// booking no longer stands, or not there and then. A cancellation is final and always told.
pub fn still_wanted(message: &Message, booking: Option<&Booking>, now: Timestamp) -> Result<(), Skip> {
    let Subject::Booking { resource, span, .. } = message.subject else {
        let expired = message.expires_at.is_some_and(|at| at <= now);
        return if expired { Err(Skip::TooLate) } else { Ok(()) };
    };
    let booking = booking.ok_or(Skip::Gone)?;
    let stands = booking.state == BookingState::Confirmed;
    let cancelled = booking.state == BookingState::Cancelled;
    let same_place = booking.resource == resource && booking.span == span;
    match message.kind {
        MessageKind::Cancelled if !cancelled => return Err(Skip::NoLongerTrue),
        MessageKind::Confirmed | MessageKind::Changed if cancelled || (stands && !same_place) => {
            return Err(Skip::Superseded);
        }
        // The room may be another one by now: what counts is when to come, and the text is made from what is true.
        MessageKind::Reminder if !stands || booking.span.start() != span.start() => {
            return Err(Skip::NoLongerTrue);
        }
        MessageKind::OutOfService if !stands || !same_place => return Err(Skip::NoLongerTrue),
        _ => {}
    }
    if message.expires_at.is_some_and(|at| at <= now) { Err(Skip::TooLate) } else { Ok(()) }
}

/// Whether the recipient (as read just before sending; `None` if the account is gone) wants it on its channel.
///
/// # Errors
/// Why not. Preferences do not hold back a link that the recipient has asked for.
pub fn wanted_by(message: &Message, recipient: Option<&User>) -> Result<(), Skip> {
    let recipient = recipient.ok_or(Skip::Gone)?;
    if reaches(message.channel, message.kind, recipient) {
        return Ok(());
    }
    let nowhere = if message.channel.rings() { recipient.phone.is_none() } else { recipient.email.is_none() };
    Err(if nowhere { Skip::Unreachable } else { Skip::Unwanted })
}
