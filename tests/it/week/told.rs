//! Which messages a week calls for, counted straight from its events, and which were sent.

use std::collections::{BTreeMap, BTreeSet};

use domain::message::Subject;
use domain::{Event, MessageKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::firm::Firm;
use crate::harness::TestApp;

/// What is told of which booking, and by which version or for which start.
pub(super) type Told = BTreeSet<(MessageKind, String, String)>;

/// A reminder goes out so long before the start.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// One message for each booking that was confirmed, moved or given back; and a reminder of each start that still held when
/// somebody looked in the hour before it; for those who want mail. `looks` are the times at which the workers did what was
/// due.
pub(super) fn due(events: &[Event], looks: &[Timestamp], quiet: &BTreeSet<String>) -> Told {
    let mut told = Told::new();
    let mut of: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind.starts_with("booking.")) {
        of.entry(&event.subject).or_default().push(event);
    }
    for (booking, mut events) in of {
        events.sort_by_key(|event| event.sequence);
        let user = events[0].data.pointer("/after/user").and_then(Value::as_str).unwrap();
        if quiet.contains(user) {
            continue;
        }
        let mut start = None;
        for (at, event) in events.iter().enumerate() {
            let after = |pointer| event.data.pointer(pointer).and_then(Value::as_str);
            start = after("/after/start").or(start);
            let kind = match event.kind.as_str() {
                "booking.confirmed" => MessageKind::Confirmed,
                "booking.rescheduled" => MessageKind::Changed,
                "booking.cancelled" => MessageKind::Cancelled,
                _ => continue,
            };
            told.insert((kind, booking.to_owned(), event.sequence.to_string()));
            if kind == MessageKind::Cancelled {
                continue;
            }
            let start: Timestamp = start.unwrap().parse().unwrap();
            let changed = events.get(at + 1).map_or(Timestamp::MAX, |next| next.at);
            let held = |look: &&Timestamp| (start - AHEAD..start).contains(*look) && **look <= changed;
            if event.at < start - AHEAD && looks.iter().any(|look| held(&look)) {
                told.insert((MessageKind::Reminder, booking.to_owned(), start.to_string()));
            }
        }
    }
    told
}

/// What was sent, each once and at the first attempt.
pub(super) async fn sent(app: &TestApp, firm: &Firm) -> Told {
    let mut messages = BTreeMap::new();
    for person in firm.customers.iter().chain(firm.desks.iter().map(|(_, desk)| desk)) {
        let mut after = None;
        loop {
            let page = app.store().messages_to(person.id, 500, after).await.unwrap();
            messages.extend(page.items.into_iter().map(|message| (message.id, message)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let mut told = Told::new();
    for mail in app.settle().await {
        let message = &messages[&mail.id];
        assert_eq!(message.attempts, 1, "{message:?}");
        let Subject::Booking { id, span, .. } = message.subject else { panic!("{message:?}") };
        let which = match message.kind {
            MessageKind::Reminder => span.start().to_string(),
            _ => message.sequence.to_string(),
        };
        let new = told.insert((message.kind, id.to_string(), which));
        assert!(new, "told twice: {message:?}");
    }
    told
}
