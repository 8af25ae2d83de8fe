//! The operations: from a request of AWS JSON 1.0 to a decision on the state, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::fault::Fault;
use super::state::{Entry, Message, Redrive, Settings};
use super::{ACCOUNT, Shared};

const MAX_BYTES: usize = 1024 * 1024;
const MAX_ENTRIES: usize = 10;
const MAX_DELAY: u32 = 900;
const MAX_VISIBILITY: u32 = 12 * 60 * 60;
const MAX_WAIT: u32 = 20;

type Answer = Result<Value, Fault>;

/// Answers one request; the operation is named in a header, whatever the path.
pub(super) async fn dispatch(
    Extract(shared): Extract<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let answer = match operation {
        "CreateQueue" => with(&body, |request| create(&shared, request)),
        "SetQueueAttributes" => with(&body, |request| set(&shared, request)),
        "GetQueueUrl" => with(&body, |request| url(&shared, request)),
        "GetQueueAttributes" => with(&body, |request| attributes(&shared, request)),
        "PurgeQueue" => with(&body, |request| purge(&shared, request)),
        "SendMessage" => with(&body, |request| send(&shared, request)),
        "SendMessageBatch" => with(&body, |request| send_batch(&shared, request)),
        "DeleteMessage" => with(&body, |request| delete(&shared, request)),
        "DeleteMessageBatch" => with(&body, |request| delete_batch(&shared, request)),
        "ChangeMessageVisibility" => with(&body, |request| hide(&shared, request)),
        "ReceiveMessage" => match parse(&body) {
            Ok(request) => receive(&shared, request).await,
            Err(fault) => Err(fault),
        },
        _ => Err(Fault::unknown_operation(target)),
    };
    let answer =
        answer.map(|body| ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()));
    answer.into_response()
}

fn with<R: DeserializeOwned>(body: &[u8], answer: impl FnOnce(R) -> Answer) -> Answer {
    parse(body).and_then(answer)
}

fn parse<R: DeserializeOwned>(body: &[u8]) -> Result<R, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::invalid_parameter(error.to_string()))
}

// Queues.

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

fn create(shared: &Shared, request: Create) -> Answer {
    let name = request.queue_name;
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(letter) {
        return Err(Fault::invalid_parameter("A queue's name is 1 to 80 letters, digits, - and _."));
    }
    let answer = json!({"QueueUrl": queue_url(shared, &name)});
    shared.commit(|state| {
        let settings = settings(Settings::default(), &request.attributes)?;
        if let Some(redrive) = &settings.redrive {
            dead_letter_target(state, redrive)?;
        }
        match state.queue(&name) {
            Ok(queue) if request.attributes.is_empty() || queue.settings == settings => {
                Ok((Vec::new(), answer))
            }
            Ok(_) => Err(Fault::queue_exists()),
            Err(_) => Ok((vec![Entry::Set { queue: name, settings }], answer)),
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

fn set(shared: &Shared, request: Set) -> Answer {
    let name = name(&request.queue_url);
    shared.commit(|state| {
        let before = &state.queue(name)?.settings;
        let settings = settings(before.clone(), &request.attributes)?;
        if let Some(redrive) = &settings.redrive {
            dead_letter_target(state, redrive)?;
        }
        let changed = settings != *before;
        Ok((
            changed.then(|| Entry::Set { queue: name.to_owned(), settings }).into_iter().collect(),
            json!({}),
        ))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    queue_name: String,
}

fn url(shared: &Shared, request: Named) -> Answer {
    let answer = json!({"QueueUrl": queue_url(shared, &request.queue_name)});
    shared.commit(|state| state.queue(&request.queue_name).map(|_| (Vec::new(), answer)))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: BTreeSet<String>,
}

fn attributes(shared: &Shared, request: Attributes) -> Answer {
    let name = name(&request.queue_url);
    let now = shared.clock.now().as_millisecond();
    shared.commit(|state| {
        let queue = state.queue(name)?;
        let counts = queue.counts(now);
        let mut all = BTreeMap::from([
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("DelaySeconds", queue.settings.delay.to_string()),
            ("QueueArn", arn(name)),
            ("VisibilityTimeout", queue.settings.visibility.to_string()),
        ]);
        if let Some(redrive) = &queue.settings.redrive {
            let policy =
                json!({"deadLetterTargetArn": arn(&redrive.queue), "maxReceiveCount": redrive.max_receives});
            all.insert("RedrivePolicy", policy.to_string());
        }
        let wanted = &request.attribute_names;
        all.retain(|name, _| wanted.contains("All") || wanted.contains(*name));
        Ok((Vec::new(), json!({"Attributes": all})))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Addressed {
    queue_url: String,
}

fn purge(shared: &Shared, request: Addressed) -> Answer {
    let name = name(&request.queue_url);
    shared.commit(|state| {
        state.queue(name)?;
        Ok((vec![Entry::Purged { queue: name.to_owned() }], json!({})))
    })
}

// Messages.

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    #[serde(default)]
    id: String,
    #[serde(default)]
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u32>,
}

fn send(shared: &Shared, request: Send) -> Answer {
    if request.message_body.len() > MAX_BYTES {
        return Err(Fault::invalid_parameter(
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    let url = request.queue_url.clone();
    let mut sent = accept(shared, &url, vec![request])?;
    sent.pop().map_or_else(|| Err(Fault::empty_batch()), |(_, answer)| answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<E> {
    queue_url: String,
    entries: Vec<E>,
}

fn send_batch(shared: &Shared, request: Batch<Send>) -> Answer {
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
struct Receive {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u32>,
    wait_time_seconds: Option<u32>,
}

async fn receive(shared: &Shared, request: Receive) -> Answer {
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
struct Delete {
    #[serde(default)]
    id: String,
    #[serde(default)]
    queue_url: String,
    receipt_handle: String,
}

fn delete(shared: &Shared, request: Delete) -> Answer {
    let queue = name(&request.queue_url);
    shared.commit(|state| Ok((state.delete(queue, &request.receipt_handle)?, json!({}))))
}

fn delete_batch(shared: &Shared, request: Batch<Delete>) -> Answer {
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
struct Hide {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u32,
}

fn hide(shared: &Shared, request: Hide) -> Answer {
    let seconds = request.visibility_timeout;
    if seconds > MAX_VISIBILITY {
        return Err(Fault::invalid_parameter("A message can be hidden for at most 12 h."));
    }
    let now = shared.clock.now().as_millisecond();
    let queue = name(&request.queue_url);
    shared.commit(|state| Ok((state.hide(queue, &request.receipt_handle, seconds, now)?, json!({}))))
}

// What they share.

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

fn settings(mut settings: Settings, attributes: &BTreeMap<String, String>) -> Result<Settings, Fault> {
    for (name, value) in attributes {
        let seconds = |max: u32| {
            let seconds = value.parse().ok().filter(|seconds| *seconds <= max);
            seconds.ok_or_else(|| Fault::invalid_attribute_value(name))
        };
        match name.as_str() {
            "VisibilityTimeout" => settings.visibility = seconds(MAX_VISIBILITY)?,
            "DelaySeconds" => settings.delay = seconds(MAX_DELAY)?,
            "RedrivePolicy" => {
                settings.redrive = Some(redrive(value).ok_or_else(|| Fault::invalid_attribute_value(name))?);
            }
            _ => return Err(Fault::invalid_attribute_name(name)),
        }
    }
    Ok(settings)
}

fn redrive(policy: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    // The count comes as a number or as its text: SQS takes both.
    let max_receives = match policy.get("maxReceiveCount")? {
        Value::String(text) => text.parse().ok()?,
        number => u32::try_from(number.as_u64()?).ok()?,
    };
    let queue = policy.get("deadLetterTargetArn")?.as_str()?.strip_prefix(&arn(""))?.to_owned();
    (1..=1_000).contains(&max_receives).then_some(Redrive { queue, max_receives })
}

fn dead_letter_target(state: &super::State, redrive: &Redrive) -> Result<(), Fault> {
    let target = state.queue(&redrive.queue);
    target.map(drop).map_err(|_| Fault::invalid_parameter("The dead-letter queue does not exist."))
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:local:{ACCOUNT}:{queue}")
}

fn queue_url(shared: &Shared, name: &str) -> String {
    format!("{}/{ACCOUNT}/{name}", shared.url)
}

/// The last part of a queue's URL: the port before it may be of an earlier run.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
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
