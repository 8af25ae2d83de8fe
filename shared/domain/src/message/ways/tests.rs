//! Whatever fails, in whatever order: each chain tells its news at most once, and once as long as a channel works.

use std::collections::BTreeMap;

use errors::{Code, Error};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::Preferences;
use crate::message::tests::{at, booking, digest, event, now, user};
use crate::message::{Claim, Report, Skip, due_messages};

fn reachable(preferences: Preferences) -> User {
    User { phone: Some("+919876543210".parse().unwrap()), ..user(preferences) }
}

fn made(kind: &str, recipient: &User) -> Vec<Message> {
    let event = event(kind, Value::Null);
    let due = due_messages(&event, &booking(), &[(Audience::Customer, recipient)], Channels::ALL, now());
    due.into_iter().map(|due| due.message(event.id, event.sequence, now(), digest)).collect()
}

fn taken(message: Message, now: Timestamp) -> Message {
    match message.claim(now, 60) {
        Claim::Taken(message) => *message,
        other => panic!("{other:?}"),
    }
}

/// How a provider answers each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Works,
    Refuses,
    Busy,
    /// It does the work and does not say so; its report comes.
    Silent,
    /// It takes it, and reports later that it will not arrive.
    Bounces,
}

const ANSWERS: [Answer; 5] = [Answer::Works, Answer::Refuses, Answer::Busy, Answer::Silent, Answer::Bounces];

/// Works off messages in a random order, with duplicated jobs, until nothing is left to do; what reached the person.
#[derive(Debug)]
struct World {
    recipient: User,
    on: Channels,
    answers: BTreeMap<Channel, Vec<Answer>>,
    messages: BTreeMap<MessageId, Message>,
    arrived: Vec<(MessageKind, Channel)>,
    now: Timestamp,
}

impl World {
    fn usable(&self, channel: Channel, kind: MessageKind) -> bool {
        self.on.has(channel) && reaches(channel, kind, &self.recipient)
    }

    /// One job of this message, as `notify` works it off.
    fn deliver(&mut self, id: MessageId) {
        let message = self.messages[&id].clone();
        let version = message.version;
        let after = match message.claim(self.now, 60) {
            Claim::Later(_) | Claim::Over => return,
            Claim::Dead(message) => *message,
            Claim::Taken(message) => self.send(*message),
        };
        assert!(after.version > version);
        self.keep(after);
    }

    fn send(&mut self, message: Message) -> Message {
        let (kind, channel) = (message.kind, message.channel);
        if !self.usable(channel, kind) {
            return message.skip(Skip::Unreachable, self.now).unwrap();
        }
        let answers = self.answers.get_mut(&channel).unwrap();
        match answers.pop().unwrap_or(Answer::Works) {
            Answer::Works => {
                self.arrived.push((kind, channel));
                message.sent("fake", Some("1".to_owned()), self.now).unwrap()
            }
            Answer::Refuses => message.failed(&Error::new(Code::BadRequest, "no"), self.now, 0).unwrap(),
            Answer::Busy => message.failed(&Error::unavailable("busy"), self.now, 0).unwrap(),
            Answer::Silent => {
                self.arrived.push((kind, channel));
                let silence = Error::new(Code::UpstreamFailed, "no answer");
                let unheard = message.unclear(&silence, self.now).unwrap();
                unheard.report(&Report::Delivered, Some("1"), self.now).unwrap()
            }
            Answer::Bounces => {
                let sent = message.sent("fake", Some("1".to_owned()), self.now).unwrap();
                sent.report(&Report::Failed("30003".to_owned()), Some("1"), self.now).unwrap()
            }
        }
    }

    /// Both or neither, as one transaction does.
    fn keep(&mut self, message: Message) {
        let untold = message.leaves_news_untold() && message.wake_at.is_none();
        let next =
            untold.then(|| message.next_channel(|channel| self.usable(channel, message.kind))).flatten();
        let Some(channel) = next else {
            self.messages.insert(message.id, message);
            return;
        };
        let (message, next) = message.followed(channel, self.now, digest);
        assert!(self.messages.insert(next.id, next).is_none(), "made once");
        self.messages.insert(message.id, message);
    }
}

fn world() -> impl Strategy<Value = World> {
    let flags = proptest::collection::vec(any::<bool>(), 7);
    let answers = || proptest::collection::vec(proptest::sample::select(&ANSWERS[..]), 0..10);
    (flags, answers(), answers(), answers()).prop_map(|(flags, email, sms, whatsapp)| {
        let preferences =
            Preferences { email: flags[0], sms: flags[1], whatsapp: flags[2], ..Preferences::default() };
        let recipient = if flags[3] { reachable(preferences) } else { user(preferences) };
        World {
            recipient,
            on: Channels { email: flags[4], sms: flags[5], whatsapp: flags[6] },
            answers: BTreeMap::from([(Email, email), (Sms, sms), (Whatsapp, whatsapp)]),
            messages: BTreeMap::new(),
            arrived: Vec::new(),
            now: now(),
        }
    })
}

proptest! {
    #[test]
    fn each_chain_tells_its_news_once_as_long_as_a_channel_works_and_never_twice(
        mut world in world(), order in proptest::collection::vec(any::<usize>(), 1..8),
    ) {
        let event = event("booking.confirmed", Value::Null);
        let people = [(Audience::Customer, &world.recipient)];
        let due = due_messages(&event, &booking(), &people, world.on, world.now);
        for due in &due {
            let message = due.message(event.id, 1, world.now, digest);
            world.messages.insert(message.id, message);
        }
        for round in 0_usize.. {
            let open: Vec<MessageId> =
                world.messages.values().filter(|one| one.wake_at.is_some()).map(|one| one.id).collect();
            if open.is_empty() {
                break;
            }
            prop_assert!(round < 2_000, "it never ends");
            // The job of any message, whether it is due or over, once or twice.
            let all: Vec<MessageId> = world.messages.keys().copied().collect();
            let pick = order[round % order.len()];
            for id in [all[pick % all.len()], open[pick % open.len()], open[pick % open.len()]] {
                world.deliver(id);
            }
            world.now += SignedDuration::from_secs(1_800);
        }
        for kind in [MessageKind::Confirmed, MessageKind::Reminder] {
            for chain in chains(kind, Audience::Customer) {
                let told = world.arrived.iter().filter(|(is, by)| *is == kind && chain.contains(by)).count();
                let last_word: Vec<_> = world.messages.values()
                    .filter(|one| one.kind == kind && chain.contains(&one.channel)).collect();
                let usable = chain.iter().any(|channel| world.usable(*channel, kind));
                prop_assert!(told <= 1, "{told} times by {chain:?}");
                prop_assert_eq!(!last_word.is_empty(), usable);
                // Untold only where every usable channel was tried and failed for good.
                let tried = last_word.iter().filter(|one| one.state == MessageState::Dead).count();
                let wanted = chain.iter().filter(|channel| world.usable(**channel, kind)).count();
                prop_assert!(told == 1 || tried == wanted, "{told} told, {tried} of {wanted} tried");
            }
        }
    }

    #[test]
    fn reports_in_any_order_lead_to_the_same_end(order in proptest::collection::vec(0_usize..4, 0..12)) {
        let message = made("booking.confirmed", &reachable(Preferences::default())).remove(1);
        let mut message = taken(message, now()).sent("fake", Some("1".to_owned()), now()).unwrap();
        let reports = [Report::Sent, Report::Delivered, Report::Read, Report::Failed("late".to_owned())];
        let mut highest = MessageState::Sent;
        for which in order {
            let failed = which == 3 && highest == MessageState::Sent;
            highest = match which {
                1 if highest != MessageState::Read => MessageState::Delivered,
                2 => MessageState::Read,
                3 if failed => MessageState::Dead,
                _ => highest,
            };
            if let Some(next) = message.clone().report(&reports[which], Some("1"), now()) {
                prop_assert_eq!(next.version, message.version + 1);
                message = next;
            }
            prop_assert_eq!(message.state, highest);
        }
    }
}

#[test]
fn a_phone_is_told_beside_the_mail_that_has_the_calendar_entry_and_instead_of_the_mail_otherwise() {
    let ways = |kind: &str, preferences: Preferences| -> Vec<(MessageKind, Channel)> {
        made(kind, &reachable(preferences)).iter().map(|one| (one.kind, one.channel)).collect()
    };
    assert_eq!(
        ways("booking.confirmed", Preferences::default()),
        [(MessageKind::Confirmed, Email), (MessageKind::Confirmed, Sms), (MessageKind::Reminder, Sms)]
    );
    let whatsapp = Preferences { whatsapp: true, email: false, ..Preferences::default() };
    assert_eq!(ways("booking.room_unavailable", whatsapp), [(MessageKind::OutOfService, Whatsapp)]);
    let mail = Preferences { sms: false, ..Preferences::default() };
    assert_eq!(ways("booking.room_unavailable", mail), [(MessageKind::OutOfService, Email)]);
}

#[test]
fn whoever_changes_their_channels_meanwhile_is_not_told_twice() {
    let ids = |preferences| -> Vec<MessageId> {
        made("booking.room_unavailable", &reachable(preferences)).iter().map(|one| one.id).collect()
    };
    let whatsapp = Preferences { whatsapp: true, ..Preferences::default() };
    assert_eq!(ids(whatsapp), ids(Preferences { sms: false, ..Preferences::default() }));
}

#[test]
fn every_rule_keeps_its_chains_apart_by_their_last_channel() {
    for kind in MessageKind::ALL {
        for audience in Audience::ALL {
            let mut lasts: Vec<_> = chains(kind, audience).iter().filter_map(|chain| chain.last()).collect();
            let count = lasts.len();
            lasts.sort();
            lasts.dedup();
            assert_eq!(lasts.len(), count, "{kind:?} {audience:?}");
            assert!(chains(kind, audience).iter().all(|chain| !chain.is_empty()));
        }
    }
}

#[test]
fn a_phone_is_quiet_at_night_but_for_codes_and_mail_comes_at_any_hour() {
    let recipient = reachable(Preferences::default());
    let [mail, sms, _] = made("booking.confirmed", &recipient).try_into().unwrap();
    let zone = Zone::utc();
    let (night, day) = (at("2027-03-01T23:00:00Z"), at("2027-03-01T12:00:00Z"));
    let morning = at("2027-03-02T08:00:00Z");
    assert_eq!(sms.quiet_until(&recipient, &zone, night), Some(morning));
    assert_eq!(sms.quiet_until(&recipient, &zone, day), None);
    assert_eq!(mail.quiet_until(&recipient, &zone, night), None);
    let code = Message { kind: MessageKind::Code, ..sms.clone() };
    assert_eq!(code.quiet_until(&recipient, &zone, night), None);
    let kolkata = "Asia/Kolkata".to_owned().try_into().unwrap();
    assert_eq!(sms.quiet_until(&recipient, &kolkata, day), None);
    let abroad = Preferences { zone: Some(kolkata), ..Preferences::default() };
    let evening = at("2027-03-01T16:00:00Z");
    assert_eq!(sms.quiet_until(&reachable(abroad), &zone, evening), Some(at("2027-03-02T02:30:00Z")));

    let waiting = taken(sms, now()).put_off(morning, now()).unwrap();
    assert_eq!((waiting.state, waiting.due_at, waiting.attempts), (MessageState::Scheduled, morning, 0));
    assert_eq!(waiting.claim(night, 60), Claim::Later(morning));
}

#[test]
fn what_nobody_heard_back_from_rests_until_the_providers_word_must_have_come() {
    let [_, sms, _] = made("booking.confirmed", &reachable(Preferences::default())).try_into().unwrap();
    let silence = Error::new(Code::UpstreamFailed, "no answer");
    let unheard = taken(sms, now()).unclear(&silence, now()).unwrap();
    let later = now() + SignedDuration::from_mins(3);
    assert_eq!(unheard.clone().claim(now() + SignedDuration::from_secs(60), 60), Claim::Later(later));
    let known = unheard.clone().report(&Report::Sent, Some("7"), now()).unwrap();
    assert_eq!((known.state, known.provider_id.as_deref()), (MessageState::Sent, Some("7")));
    assert_eq!(known.claim(later, 60), Claim::Over);
    assert_eq!(taken(unheard, later).attempts, 2);
}

#[test]
fn a_failure_of_another_attempt_is_none_of_this_one_and_a_bounce_is_looked_at_again() {
    let [_, sms, _] = made("booking.confirmed", &reachable(Preferences::default())).try_into().unwrap();
    let sent = taken(sms, now()).sent("fake", Some("2".to_owned()), now()).unwrap();
    let failed = Report::Failed("30003 unreachable".to_owned());
    assert_eq!(sent.clone().report(&failed, Some("1"), now()), None);
    let bounced = sent.report(&failed, Some("2"), now()).unwrap();
    assert_eq!((bounced.state, bounced.wake_at), (MessageState::Dead, Some(now())));
    let Claim::Dead(dead) = bounced.claim(now(), 60) else { panic!("not looked at") };
    assert!(dead.leaves_news_untold() && dead.wake_at.is_none());
    let (old, _) = dead.followed(Whatsapp, now(), digest);
    assert_eq!(old.clone().replay(now()).unwrap_err().code(), Code::WrongState);
    assert!(!old.leaves_news_untold());
}

#[test]
fn whoever_booked_for_somebody_else_hears_of_a_closed_room_by_mail_and_of_nothing_else() {
    let booker = reachable(Preferences::default());
    for (kind, channels) in [("booking.room_unavailable", vec![Email]), ("booking.confirmed", vec![])] {
        let event = event(kind, Value::Null);
        let due = due_messages(&event, &booking(), &[(Audience::Booker, &booker)], Channels::ALL, now());
        assert_eq!(due.iter().map(|due| due.channel).collect::<Vec<_>>(), channels, "{kind}");
    }
}
