//! Operations on messages.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fault::Fault;
use super::operations::{Answer, name};
use super::state::{Entry, Message};
use super::{MAX_DELAY, MAX_VISIBILITY, Shared};

const MAX_BYTES: usize = 1024 * 1024;
const MAX_ENTRIES: usize = 10;
const MAX_WAIT: u32 = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    #[serde(default)]
    id: String,
    #[serde(default)]
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u32>,
}

pub(super) fn send(shared: &Shared, request: Send) -> Answer {
    if request.message_body.len() > MAX_BYTES {
        return Err(Fault::invalid_parameter("A message is at most 1048576 bytes long."));
    }
    let url = request.queue_url.clone();
    let mut sent = accept(shared, &url, vec![request])?;
    sent.pop().map_or_else(|| Err(Fault::empty_batch()), |(_, answer)| answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<E> {
    queue_url: String,
    entries: Vec<E>,
}

pub(super) fn send_batch(shared: &Shared, request: Batch<Send>) -> Answer {
    check_batch(request.entries.iter().map(|entry| &entry.id))?;
    if request.entries.iter().map(|entry| entry.message_body.len()).sum::<usize>() > MAX_BYTES {
        return Err(Fault::batch_too_long());
    }
    accept(shared, &request.queue_url, request.entries).map(batch_answer)
}

/// Keeps every message that is acceptable, all in one append.
fn accept(shared: &Shared, url: &str, messages: Vec<Send>) -> Result<Vec<(String, Answer)>, Fault> {
    let queue = name(url);
    let now = shared.clock.now().as_millisecond();
    shared.commit(|state| {
        let default = state.queue(queue)?.settings.delay;
        let mut entries = Vec::new();
        let outcomes = messages.into_iter().map(|message| {
            let delay = message.delay_seconds.unwrap_or(default);
            if message.message_body.is_empty() || delay > MAX_DELAY {
                return (
                    message.id,
                    Err(Fault::invalid_parameter("A body is not empty, a delay at most 900 seconds.")),
                );
            }
            let kept = Message::new(message_id(), message.message_body, now, delay);
            let answer = json!({"Id": message.id, "MessageId": kept.id});
            entries.push(Entry::Sent { queue: queue.to_owned(), message: kept });
            (message.id, Ok(answer))
        });
        let outcomes = outcomes.collect();
        Ok((entries, outcomes))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u32>,
    wait_time_seconds: Option<u32>,
}

pub(super) async fn receive(shared: &Shared, request: Receive) -> Answer {
    let name = name(&request.queue_url);
    let max = request.max_number_of_messages.unwrap_or(1);
    let wait = request.wait_time_seconds.unwrap_or(0);
    let visibility = request.visibility_timeout;
    if !(1..=MAX_ENTRIES).contains(&max) || wait > MAX_WAIT || visibility.is_some_and(|v| v > MAX_VISIBILITY)
    {
        return Err(Fault::invalid_parameter(
            "1 to 10 messages, a wait of at most 20 s, hidden for at most 12 h.",
        ));
    }
    let deadline = Instant::now() + Duration::from_secs(wait.into());
    loop {
        // Listening starts before looking, so that nothing that arrives in between is slept through.
        let changed = shared.changed.notified();
        let now = shared.clock.now().as_millisecond();
        let (messages, next) = shared.commit(|state| {
            let (entries, messages) = state.receive(name, max, visibility, now)?;
            Ok((entries, (messages, state.queue(name)?.next())))
        })?;
        if !messages.is_empty() || Instant::now() >= deadline || shared.closing.load(Ordering::SeqCst) {
            return Ok(json!({"Messages": messages.iter().map(delivery).collect::<Vec<_>>()}));
        }
        let visible = next.and_then(|next| u64::try_from(next - now).ok()).map(Duration::from_millis);
        let until = visible.map_or(deadline, |visible| deadline.min(Instant::now() + visible));
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

fn delivery(message: &Message) -> Value {
    json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt(),
        "Body": message.body,
        "Attributes": {
            "ApproximateReceiveCount": message.receives.to_string(),
            "SentTimestamp": message.sent.to_string(),
        },
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delete {
    #[serde(default)]
    id: String,
    #[serde(default)]
    queue_url: String,
    receipt_handle: String,
}

pub(super) fn delete(shared: &Shared, request: &Delete) -> Answer {
    let queue = name(&request.queue_url);
    shared.commit(|state| Ok((state.delete(queue, &request.receipt_handle)?, json!({}))))
}

pub(super) fn delete_batch(shared: &Shared, request: Batch<Delete>) -> Answer {
    check_batch(request.entries.iter().map(|entry| &entry.id))?;
    let queue = name(&request.queue_url);
    let outcomes = shared.commit(|state| {
        state.queue(queue)?;
        let mut entries = Vec::new();
        let outcomes = request.entries.into_iter().map(|entry| {
            let outcome = state.delete(queue, &entry.receipt_handle).map(|deleted| {
                entries.extend(deleted);
                json!({"Id": entry.id})
            });
            (entry.id, outcome)
        });
        let outcomes = outcomes.collect();
        Ok((entries, outcomes))
    })?;
    Ok(batch_answer(outcomes))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Hide {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u32,
}

pub(super) fn hide(shared: &Shared, request: &Hide) -> Answer {
    let seconds = request.visibility_timeout;
    if seconds > MAX_VISIBILITY {
        return Err(Fault::invalid_parameter("A message can be hidden for at most 12 h."));
    }
    let now = shared.clock.now().as_millisecond();
    let queue = name(&request.queue_url);
    shared.commit(|state| Ok((state.hide(queue, &request.receipt_handle, seconds, now)?, json!({}))))
}

fn check_batch<'a>(ids: impl Iterator<Item = &'a String>) -> Result<(), Fault> {
    let ids: Vec<_> = ids.collect();
    match ids.len() {
        0 => Err(Fault::empty_batch()),
        count if count > MAX_ENTRIES => Err(Fault::too_many_entries(count)),
        count if ids.into_iter().collect::<BTreeSet<_>>().len() < count => Err(Fault::ids_not_distinct()),
        _ => Ok(()),
    }
}

fn batch_answer(outcomes: Vec<(String, Answer)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Ok(answer) => successful.push(answer),
            Err(fault) => failed
                .push(json!({"Id": id, "SenderFault": true, "Code": fault.code, "Message": fault.message})),
        }
    }
    json!({"Successful": successful, "Failed": failed})
}

fn message_id() -> String {
    let id = u128::from_be_bytes(env::random());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        id >> 96,
        (id >> 80) & 0xffff,
        (id >> 64) & 0xffff,
        (id >> 48) & 0xffff,
        id & 0xffff_ffff_ffff
    )
}
