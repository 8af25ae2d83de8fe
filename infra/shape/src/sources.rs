//! What calls functions besides the gateway: the stream of the Events table, the queues, the schedules.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use queue::{BatchItemFailure, Queue, SqsBatchResponse, SqsEvent};
use reqwest::Client;
use serde_json::{Value, json};
use store::schema::{PARTITION, SORT};
use tokio::sync::Mutex;

use crate::environment::Ended;
use crate::function::Called;

/// The sources of one installation.
pub struct Sources {
    pub(crate) client: Client,
    pub(crate) database: String,
    pub(crate) functions: BTreeMap<String, Arc<Called>>,
    /// By logical id.
    pub(crate) queues: BTreeMap<String, Queue>,
    /// Where `events/` is.
    pub(crate) root: PathBuf,
    pub(crate) table: String,
    stream: Mutex<Stream>,
}

/// What was read of the table, by its keys, and what each reader has not taken yet. The table is looked through as a whole:
/// neither database has a stream that can be relied on, and an event is written once and never changed.
#[derive(Default)]
struct Stream {
    known: BTreeSet<String>,
    pending: BTreeMap<String, Vec<Value>>,
}

/// What schedules call that works nothing off, so that it is never done.
const LOOKING: [&str; 3] = ["insights-feed", "insights-watch", "tasks-audit"];
/// The most records of a batch, as the template asks for.
const BATCH: usize = 100;

impl Sources {
    pub(crate) fn new(
        (client, database, table): (Client, String, String),
        functions: BTreeMap<String, Arc<Called>>,
        queues: BTreeMap<String, Queue>,
        root: PathBuf,
    ) -> Self {
        Self { client, database, functions, queues, root, table, stream: Mutex::default() }
    }

    /// Does everything that is to be done at this moment, and returns when there is nothing left.
    ///
    /// # Errors
    /// When a function fails that the stream or a schedule calls: as on AWS its work is still there at the next call.
    pub async fn settle(&self) -> io::Result<()> {
        loop {
            let mut done = self.flow().await?;
            for name in self.called_by("ScheduleV2") {
                if !LOOKING.contains(&name.as_str()) {
                    let answer = self.schedule(&name, "schedule").await?;
                    done +=
                        answer.as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum::<u64>();
                }
            }
            for (name, function) in &self.functions {
                for (_, queue) in function.is.sources.iter().filter(|(kind, _)| kind == "SQS") {
                    done += self.work_off(name, queue).await?;
                }
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Calls a function with what a schedule sends: `events/<function>.<what>.json`, or else that of its group.
    ///
    /// # Errors
    /// When the function fails.
    pub async fn schedule(&self, name: &str, what: &str) -> io::Result<Value> {
        let group = name.split('-').next().unwrap_or_default();
        let files = [name, group].map(|of| self.root.join(format!("events/{of}.{what}.json")));
        let own = files.iter().find(|file| file.exists()).unwrap_or(&files[0]);
        let event = std::fs::read_to_string(own)?;
        self.call(name, &serde_json::from_str(&event)?).await
    }

    /// Calls a function with any event.
    ///
    /// # Errors
    /// When the function fails.
    pub async fn call(&self, name: &str, event: &Value) -> io::Result<Value> {
        let function =
            self.functions.get(name).ok_or_else(|| io::Error::other(format!("there is no {name}")))?;
        match function.call(event).await? {
            Ended::Returned(value) => Ok(value),
            other => Err(io::Error::other(format!("{name}: {other:?}\n{}", function.told()))),
        }
    }

    fn called_by(&self, kind: &str) -> Vec<String> {
        let has = |function: &Called| function.is.sources.iter().any(|(of, _)| of == kind);
        self.functions.iter().filter(|(_, function)| has(function)).map(|(name, _)| name.clone()).collect()
    }

    /// What the table streamed since, to each of its readers.
    async fn flow(&self) -> io::Result<u64> {
        let mut stream = self.stream.lock().await;
        let records = self.read(&mut stream).await?;
        for reader in self.called_by("DynamoDB") {
            stream.pending.entry(reader).or_default().extend(records.iter().cloned());
        }
        let mut done = 0;
        for (reader, pending) in &mut stream.pending {
            while !pending.is_empty() {
                let batch: Vec<_> = pending.iter().take(BATCH).cloned().collect();
                let count = batch.len();
                self.call(reader, &json!({ "Records": batch })).await?;
                pending.drain(..count);
                done += u64::try_from(count).unwrap_or(0);
            }
        }
        Ok(done)
    }

    /// The events that were not there before, as records of a stream.
    async fn read(&self, stream: &mut Stream) -> io::Result<Vec<Value>> {
        let (mut records, mut position) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({ "TableName": self.table, "ConsistentRead": true });
            if let (false, Some(fields)) = (position.is_null(), scan.as_object_mut()) {
                fields.insert("ExclusiveStartKey".to_owned(), position);
            }
            let page = self.ask("DynamoDB_20120810.Scan", &scan).await?;
            for item in page.get("Items").and_then(Value::as_array).into_iter().flatten() {
                let keys = json!({ PARTITION: item.get(PARTITION), SORT: item.get(SORT) });
                if stream.known.insert(keys.to_string()) {
                    records.push(json!({
                        "awsRegion": "us-east-1",
                        "eventID": format!("{:032x}", stream.known.len()),
                        "eventName": "INSERT",
                        "eventSource": "aws:dynamodb",
                        "eventVersion": "1.1",
                        "dynamodb": { "Keys": keys, "NewImage": item, "StreamViewType": "NEW_IMAGE", "SizeBytes": item.to_string().len() },
                    }));
                }
            }
            position = page.get("LastEvaluatedKey").cloned().unwrap_or_default();
            if position.is_null() {
                return Ok(records);
            }
        }
    }

    async fn ask(&self, target: &str, body: &Value) -> io::Result<Value> {
        ask(&self.client, &self.database, target, body).await
    }

    /// Batches of a queue to its function, until nothing waits. What fails becomes visible again later, or a dead letter.
    async fn work_off(&self, name: &str, id: &str) -> io::Result<u64> {
        let Some(queue) = self.queues.get(id) else {
            return Err(io::Error::other(format!("there is no {id}")));
        };
        let mut batches = 0;
        while queue.waiting().await.map_err(io::Error::other)? > 0 {
            batches += 1;
            queue::take(queue, |event| self.batch(name, event)).await.map_err(io::Error::other)?;
        }
        Ok(batches)
    }

    async fn batch(&self, name: &str, event: SqsEvent) -> SqsBatchResponse {
        let answer = match serde_json::to_value(event) {
            Ok(event) => self.call(name, &event).await,
            Err(error) => Err(error.into()),
        };
        let answer = answer.and_then(|answer| serde_json::from_value(answer).map_err(Into::into));
        answer.unwrap_or_else(|error| {
            crate::gateway::complain(&error.to_string());
            // An id that no message has fails the whole batch.
            let mut all = SqsBatchResponse::default();
            all.batch_item_failures.push(BatchItemFailure::default());
            all
        })
    }
}

/// Asks the database what its SDK client of the store cannot.
pub(crate) async fn ask(client: &Client, database: &str, target: &str, body: &Value) -> io::Result<Value> {
    let signed = "AWS4-HMAC-SHA256 Credential=operator/20270104/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    let request = client
        .post(database)
        .header("authorization", signed)
        .header("x-amz-target", target)
        .header("x-amz-date", "20270104T080000Z")
        .header("content-type", "application/x-amz-json-1.0");
    let answer = request.body(body.to_string()).send().await.map_err(io::Error::other)?;
    let status = answer.status();
    let text = answer.text().await.map_err(io::Error::other)?;
    if !status.is_success() {
        return Err(io::Error::other(format!("{target}: {status}: {text}")));
    }
    Ok(serde_json::from_str(&text)?)
}
