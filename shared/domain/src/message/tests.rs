//! How messages come to be, live and end.

use serde_json::{Value, json};

use super::*;
use crate::event::Actor;
use crate::user::Preferences;
use crate::{Booking, BookingState, Event, EventId, LocationId, Role, Scope, User, Zone};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn now() -> Timestamp {
    at("2027-03-01T08:00:00Z")
}

pub(super) fn booking() -> Booking {
    Booking {
        id: BookingId::derived([1; 16]),
        resource: ResourceId::derived([2; 16]),
        location: LocationId::derived([3; 16]),
        zone: Zone::utc(),
        user: UserId::derived([4; 16]),
        booked_by: None,
        span: Span::new(at("2027-03-01T12:00:00Z"), at("2027-03-01T13:00:00Z")).unwrap(),
        buffers: (0, 0),
        state: BookingState::Confirmed,
        hold_until: None,
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: now(),
        updated_at: now(),
        version: 1,
        request: None,
        requests: crate::Requests::default(),
    }
}

pub(super) fn event(kind: &str, data: Value) -> Event {
    Event {
        id: EventId::derived([5; 16]),
        kind: kind.to_owned(),
        subject: booking().id.to_string(),
        sequence: 1,
        at: now(),
        actor: Actor::system(),
        data,
    }
}

pub(super) fn user(preferences: Preferences) -> User {
    User {
        id: booking().user,
        user_name: "asha".parse().unwrap(),
        email: Some("asha@example.com".parse().unwrap()),
        phone: None,
        phone_proved: false,
        name: "Asha".parse().unwrap(),
        role: Role::Customer,
        scope: Scope::All,
        active: true,
        preferences,
        created_at: now(),
        updated_at: now(),
        version: 1,
    }
}

/// What is due to somebody who has no phone.
fn due(event: &Event, booking: &Booking, preferences: Preferences) -> Vec<Due> {
    due_messages(event, booking, &[(Audience::Customer, &user(preferences))], Channels::ALL, now())
}

/// Enough of a digest for tests: unequal texts of unequal sums.
pub(super) fn digest(bytes: &[u8]) -> [u8; 16] {
    let sum =
        bytes.iter().fold(7_u128, |sum, byte| sum.wrapping_mul(1_000_003).wrapping_add(u128::from(*byte)));
    sum.to_be_bytes()
}

fn kinds(kind: &str, data: Value, booking: &Booking) -> Vec<(MessageKind, Timestamp)> {
    let due = due(&event(kind, data), booking, Preferences::default());
    due.iter().map(|due| (due.kind, due.at)).collect()
}

fn message(kind: MessageKind) -> Message {
    let name = match kind {
        MessageKind::Confirmed | MessageKind::Reminder => "booking.confirmed",
        MessageKind::Changed => "booking.rescheduled",
        MessageKind::Cancelled => "booking.cancelled",
        MessageKind::OutOfService => "booking.room_unavailable",
        other => panic!("{} is not about a booking", other.as_str()),
    };
    let event = event(name, Value::Null);
    let due = due(&event, &booking(), Preferences::default());
    due.into_iter().find(|due| due.kind == kind).unwrap().message(event.id, event.sequence, now(), digest)
}

fn claimed(message: Message, now: Timestamp) -> Message {
    match message.claim(now, 60) {
        Claim::Taken(message) => *message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_confirmation_is_told_now_and_reminded_of_before_the_start() {
    let eleven = at("2027-03-01T11:00:00Z");
    assert_eq!(
        kinds("booking.confirmed", Value::Null, &booking()),
        [(MessageKind::Confirmed, now()), (MessageKind::Reminder, eleven)]
    );
    assert_eq!(
        kinds("booking.rescheduled", Value::Null, &booking()),
        [(MessageKind::Changed, now()), (MessageKind::Reminder, eleven)]
    );
}

#[test]
fn a_reminder_whose_time_has_passed_is_not_made() {
    let soon = Span::new(at("2027-03-01T09:00:00Z"), at("2027-03-01T10:00:00Z")).unwrap();
    let booking = Booking { span: soon, ..booking() };
    assert_eq!(kinds("booking.confirmed", Value::Null, &booking), [(MessageKind::Confirmed, now())]);
}

#[test]
fn holds_and_new_titles_are_told_to_nobody() {
    let held = Booking { state: BookingState::Held, ..booking() };
    let gone = Booking { state: BookingState::Cancelled, ..booking() };
    assert_eq!(kinds("booking.held", Value::Null, &held), []);
    assert_eq!(kinds("booking.rescheduled", Value::Null, &held), []);
    assert_eq!(kinds("booking.described", Value::Null, &booking()), []);
    assert_eq!(kinds("booking.cancelled", json!({"before": {"state": "held"}}), &gone), []);
    assert_eq!(
        kinds("booking.cancelled", json!({"before": {"state": "confirmed"}}), &gone),
        [(MessageKind::Cancelled, now())]
    );
}

#[test]
fn preferences_say_what_is_made() {
    let event = event("booking.confirmed", Value::Null);
    let silent = Preferences { email: false, ..Preferences::default() };
    assert_eq!(due(&event, &booking(), silent), []);
    let left_alone = Preferences { opted_out: true, ..Preferences::default() };
    assert_eq!(due(&event, &booking(), left_alone), []);
    let no_reminder = Preferences { reminder_minutes: None, ..Preferences::default() };
    assert_eq!(due(&event, &booking(), no_reminder).len(), 1);
}

#[test]
fn one_event_makes_one_message_and_one_start_one_reminder() {
    let due = due(&event("booking.confirmed", Value::Null), &booking(), Preferences::default());
    let (first, second) = (EventId::derived([8; 16]), EventId::derived([9; 16]));
    let id = |due: Due, event| due.message(event, 1, now(), digest).id;
    assert_eq!(id(due[0], first), id(due[0], first));
    assert_ne!(id(due[0], first), id(due[0], second));
    assert_eq!(id(due[1], first), id(due[1], second));
    assert_ne!(id(due[0], first), id(due[1], first));
}

#[test]
fn a_message_about_what_is_no_longer_so_is_skipped() {
    let moved = Booking {
        span: Span::new(at("2027-03-02T12:00:00Z"), at("2027-03-02T13:00:00Z")).unwrap(),
        ..booking()
    };
    let cancelled = Booking { state: BookingState::Cancelled, ..booking() };
    let wanted = |kind, booking: &Booking| still_wanted(&message(kind), Some(booking), now());
    for kind in [MessageKind::Confirmed, MessageKind::Changed] {
        assert_eq!(wanted(kind, &booking()), Ok(()));
        assert_eq!(wanted(kind, &moved), Err(Skip::Superseded));
        assert_eq!(wanted(kind, &cancelled), Err(Skip::Superseded));
    }
    for kind in [MessageKind::Reminder, MessageKind::OutOfService] {
        assert_eq!(wanted(kind, &booking()), Ok(()));
        assert_eq!(wanted(kind, &moved), Err(Skip::NoLongerTrue));
        assert_eq!(wanted(kind, &cancelled), Err(Skip::NoLongerTrue));
    }
    assert_eq!(still_wanted(&message(MessageKind::Reminder), None, now()), Err(Skip::Gone));
}

#[test]
fn a_new_title_does_not_hold_back_a_confirmation() {
    let described = booking().describe(Some("Sales".parse().unwrap()), None, None, now()).unwrap();
    assert_eq!(still_wanted(&message(MessageKind::Confirmed), Some(&described), now()), Ok(()));
}

#[test]
fn a_message_that_would_come_too_late_is_skipped() {
    let (start, end) = (booking().span.start(), booking().span.end());
    let wanted = |kind, now| still_wanted(&message(kind), Some(&booking()), now);
    assert_eq!(wanted(MessageKind::Reminder, start), Err(Skip::TooLate));
    assert_eq!(wanted(MessageKind::Confirmed, start), Ok(()));
    assert_eq!(wanted(MessageKind::Confirmed, end), Err(Skip::TooLate));
}

#[test]
fn a_worker_waits_until_a_message_is_due_and_another_lease_is_over() {
    let reminder = message(MessageKind::Reminder);
    let due = reminder.due_at;
    assert_eq!(reminder.clone().claim(now(), 60), Claim::Later(due));
    let taken = claimed(reminder.queued(now()).unwrap(), due);
    assert_eq!(taken.attempts, 1);
    let over = due + SignedDuration::from_secs(60);
    assert_eq!(taken.clone().claim(due, 60), Claim::Later(over));
    assert_eq!(claimed(taken, over).attempts, 2);
}

#[test]
fn what_is_sent_is_not_sent_again() {
    let sent = claimed(message(MessageKind::Confirmed), now()).sent("outbox", None, now()).unwrap();
    assert_eq!((sent.state, sent.wake_at, sent.sent_at), (MessageState::Sent, None, Some(now())));
    assert_eq!(sent.clone().claim(now(), 60), Claim::Over);
    assert_eq!(sent.replay(now()).unwrap_err().code(), Code::WrongState);
}

#[test]
fn a_transient_failure_is_tried_eight_times_and_a_permanent_one_once() {
    let busy = Error::unavailable("timeout");
    let mut message = message(MessageKind::Cancelled);
    for attempt in 1..=MAX_ATTEMPTS {
        let time = message.wake_at.unwrap();
        message = claimed(message, time).failed(&busy, time, 0).unwrap();
        assert_eq!(message.attempts, attempt);
    }
    assert_eq!((message.state, message.wake_at), (MessageState::Dead, None));
    let again = claimed(message.replay(now()).unwrap(), now());
    assert_eq!(again.attempts, 1);
    let refused = again.failed(&Error::new(Code::BadRequest, "no such mailbox"), now(), 0).unwrap();
    assert_eq!(refused.state, MessageState::Dead);
    assert_eq!(refused.last_error.as_deref(), Some("bad_request: no such mailbox"));
}

#[test]
fn workers_that_die_use_up_the_attempts() {
    let mut message = message(MessageKind::Cancelled);
    for _ in 0..MAX_ATTEMPTS {
        let time = message.wake_at.unwrap();
        message = claimed(message, time);
    }
    let time = message.wake_at.unwrap();
    let Claim::Dead(dead) = message.claim(time, 60) else { panic!("still alive") };
    assert_eq!((dead.state, dead.wake_at), (MessageState::Dead, None));
}

#[test]
fn every_state_that_is_not_final_can_be_left_and_the_final_ones_only_by_replay_or_a_report() {
    for state in MessageState::ALL {
        let ways: Vec<Step> = Step::ALL.into_iter().filter(|step| state.after(*step).is_some()).collect();
        match state {
            MessageState::Sent => assert_eq!(ways, [Step::Arrive, Step::Open, Step::Bounce]),
            MessageState::Delivered => assert_eq!(ways, [Step::Open]),
            MessageState::Read => assert_eq!(ways, []),
            MessageState::Dead | MessageState::Skipped => {
                assert_eq!(ways, [Step::Replay, Step::Arrive, Step::Open]);
            }
            _ => assert!(ways.contains(&Step::Claim) || ways.contains(&Step::Deliver), "{state:?}"),
        }
    }
}

#[test]
fn text_forms_are_those_that_are_stored() {
    for kind in MessageKind::ALL {
        assert_eq!(json!(kind), kind.as_str());
    }
    for state in MessageState::ALL {
        assert_eq!(json!(state), state.as_str());
    }
    for channel in Channel::ALL {
        assert_eq!(json!(channel), channel.as_str());
    }
    for skip in [
        Skip::Superseded,
        Skip::NoLongerTrue,
        Skip::TooLate,
        Skip::Unwanted,
        Skip::Gone,
        Skip::Quiet,
        Skip::Unreachable,
        Skip::AlreadyTold,
    ] {
        assert_eq!(json!(skip), skip.as_str());
    }
    let stored = json!(message(MessageKind::Reminder));
    assert_eq!(serde_json::from_value::<Message>(stored).unwrap(), message(MessageKind::Reminder));
}

#[test]
fn a_one_time_link_is_not_sent_once_it_has_run_out() {
    let reset = Due {
        kind: MessageKind::PasswordReset,
        channel: Channel::Email,
        recipient: booking().user,
        audience: Audience::Customer,
        subject: Subject::Account,
        location: None,
        at: now(),
        expires_at: Some(now() + SignedDuration::from_hours(1)),
    };
    let message = reset.message(EventId::derived([5; 16]), 1, now(), digest);
    assert_eq!(still_wanted(&message, None, now()), Ok(()));
    assert_eq!(still_wanted(&message, None, now() + SignedDuration::from_hours(1)), Err(Skip::TooLate));
}
