//! Operations on queues.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::operations::{Answer, name};
use super::state::{Entry, Redrive, Settings, State};
use super::{ACCOUNT, MAX_DELAY, MAX_VISIBILITY, REGION, Shared};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn create(shared: &Shared, request: Create) -> Answer {
    let name = request.queue_name;
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(letter) {
        return Err(Fault::invalid_parameter("A queue's name is 1 to 80 letters, digits, - and _."));
    }
    let answer = json!({"QueueUrl": queue_url(shared, &name)});
    shared.commit(|state| {
        // Of a queue that exists, only the attributes that are named have to agree.
        let existing = state.queue(&name).ok().map(|queue| &queue.settings);
        let settings = settings(existing.cloned().unwrap_or_default(), &request.attributes)?;
        if let Some(redrive) = &settings.redrive {
            dead_letter_target(state, redrive)?;
        }
        match existing {
            Some(existing) if *existing == settings => Ok((Vec::new(), answer)),
            Some(_) => Err(Fault::queue_exists()),
            None => Ok((vec![Entry::Set { queue: name, settings }], answer)),
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Set {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

pub(super) fn set(shared: &Shared, request: &Set) -> Answer {
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
pub(super) struct Named {
    queue_name: String,
}

pub(super) fn url(shared: &Shared, request: &Named) -> Answer {
    let answer = json!({"QueueUrl": queue_url(shared, &request.queue_name)});
    shared.commit(|state| state.queue(&request.queue_name).map(|_| (Vec::new(), answer)))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: BTreeSet<String>,
}

pub(super) fn attributes(shared: &Shared, request: &Attributes) -> Answer {
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
pub(super) struct Addressed {
    queue_url: String,
}

pub(super) fn purge(shared: &Shared, request: &Addressed) -> Answer {
    let name = name(&request.queue_url);
    shared.commit(|state| {
        state.queue(name)?;
        Ok((vec![Entry::Purged { queue: name.to_owned() }], json!({})))
    })
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

fn dead_letter_target(state: &State, redrive: &Redrive) -> Result<(), Fault> {
    let target = state.queue(&redrive.queue);
    target.map(drop).map_err(|_| Fault::invalid_parameter("The dead-letter queue does not exist."))
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

fn queue_url(shared: &Shared, name: &str) -> String {
    format!("{}/{ACCOUNT}/{name}", shared.url)
}
