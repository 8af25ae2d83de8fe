//! A database that takes its time as `DynamoDB` does: stands before the embedded one, which makes tables and indexes at once.
//!
//! A table that was asked for is `CREATING` until it was looked at, an index until the test lets it be done; until then the
//! table takes no other change. Sources: the developer guide's "Managing Global Secondary Indexes", and `UpdateTable`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const TARGET: &str = "x-amz-target";

#[derive(Default)]
struct Inner {
    /// Tables that nobody has looked at.
    new: BTreeSet<String>,
    /// Indexes in the making, and how often they still look like that.
    making: BTreeMap<(String, String), u32>,
    /// Whether looking brings no index nearer to its end.
    held: bool,
    /// How often each index was asked for and promised.
    promised: BTreeMap<(String, String), u32>,
    /// Changes that came too early.
    refused: u32,
}

/// The slow database.
#[derive(Clone)]
pub(crate) struct Slow {
    pub(crate) url: String,
    behind: String,
    inner: Arc<Mutex<Inner>>,
    http: reqwest::Client,
}

impl Slow {
    /// Before the database at this URL.
    pub(crate) async fn before(behind: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let slow =
            Self { url, behind: behind.to_owned(), inner: Arc::default(), http: reqwest::Client::new() };
        let router = Router::new().fallback(answer).with_state(slow.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        slow
    }

    /// No index gets done until it is said otherwise.
    pub(crate) fn hold(&self, held: bool) {
        self.inner.lock().unwrap().held = held;
    }

    /// How often each index was promised, by table and index.
    pub(crate) fn promised(&self) -> BTreeMap<(String, String), u32> {
        self.inner.lock().unwrap().promised.clone()
    }

    /// How many changes came too early.
    pub(crate) fn refused(&self) -> u32 {
        self.inner.lock().unwrap().refused
    }

    async fn pass(&self, headers: &HeaderMap, body: Bytes) -> (StatusCode, Value) {
        let mut request = self.http.post(&self.behind).body(body);
        for name in [TARGET, "content-type", "authorization", "x-amz-date"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
    }
}

async fn answer(State(slow): State<Slow>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers.get(TARGET).and_then(|target| target.to_str().ok()?.split('.').nth(1));
    let operation = operation.unwrap_or_default().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let table = asked["TableName"].as_str().unwrap_or_default().to_owned();
    let changes = matches!(operation.as_str(), "UpdateTable" | "UpdateTimeToLive");
    if changes && slow.inner.lock().unwrap().is_busy(&table) {
        let message = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ResourceInUseException",
            "message": "Attempt to change a resource which is still in use" });
        return said(StatusCode::BAD_REQUEST, &message);
    }
    let (status, mut came) = slow.pass(&headers, body).await;
    let mut inner = slow.inner.lock().unwrap();
    match operation.as_str() {
        "CreateTable" if status.is_success() => {
            inner.new.insert(table);
        }
        "UpdateTable" if status.is_success() => {
            let index = asked["GlobalSecondaryIndexUpdates"][0]["Create"]["IndexName"].as_str().unwrap();
            let index = (table, index.to_owned());
            *inner.promised.entry(index.clone()).or_default() += 1;
            inner.making.insert(index, 2);
        }
        "DescribeTable" => inner.slowed(&table, &mut came["Table"]),
        _ => {}
    }
    said(status, &came)
}

impl Inner {
    fn is_busy(&mut self, table: &str) -> bool {
        let busy = self.new.contains(table) || self.making.keys().any(|(of, _)| of == table);
        self.refused += u32::from(busy);
        busy
    }

    fn slowed(&mut self, table: &str, found: &mut Value) {
        if self.new.remove(table) {
            found["TableStatus"] = "CREATING".into();
        }
        for ((of, name), looks) in self.making.iter_mut().filter(|((of, _), _)| of == table) {
            let indexes = found["GlobalSecondaryIndexes"].as_array_mut().unwrap();
            // What was found before it was asked for knows nothing of it.
            let Some(index) = indexes.iter_mut().find(|index| index["IndexName"] == name.as_str()) else {
                continue;
            };
            index["IndexStatus"] = "CREATING".into();
            index["Backfilling"] = (*looks < 2).into();
            assert_eq!(of, table);
            found["TableStatus"] = "UPDATING".into();
            *looks -= u32::from(!self.held);
        }
        self.making.retain(|_, looks| *looks > 0);
    }
}

fn said(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}
