//! IAM: every request of a function to the database or a queue passes here, and goes on only if `template.yaml` allows the
//! function this action on this table, index or queue. Whoever is no function may do everything.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Response, StatusCode, header};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::function::lock;
use crate::gateway::complain;
use crate::values::Values;
use crate::{Function, Template};

/// An action and the resource that it is done to.
pub(crate) type Deed = (String, String);

/// What one statement allows: these actions on these resources.
struct Right {
    actions: Vec<String>,
    resources: Vec<String>,
}

/// The guard's state.
pub(crate) struct Guard {
    client: Client,
    database: String,
    queues: String,
    /// Logical ids by the full name of table or queue.
    names: BTreeMap<String, String>,
    rights: BTreeMap<String, Vec<Right>>,
    refused: Arc<Mutex<BTreeSet<(String, Deed)>>>,
}

impl Guard {
    /// Before a database and what holds the queues, which are known by `names`.
    pub(crate) fn new(
        (client, database, queues): (Client, String, String),
        template: &Template,
        values: &Values,
        queue_names: BTreeMap<String, String>,
    ) -> Self {
        let mut names = queue_names;
        for (id, table) in template.resources("AWS::DynamoDB::Table") {
            if let Some(name) = table.pointer("/Properties/TableName").and_then(|name| values.text(name)) {
                names.insert(name, id.to_owned());
            }
        }
        let rights = |function: &Function| {
            let each = function
                .statements
                .iter()
                .filter(|statement| statement.get("Effect").is_some_and(|is| is == "Allow"));
            each.map(|statement| Right {
                actions: texts(statement.get("Action"), values),
                resources: texts(statement.get("Resource"), values),
            })
            .collect()
        };
        let rights =
            template.functions().iter().map(|(name, function)| (name.clone(), rights(function))).collect();
        Self { client, database, queues, names, rights, refused: Arc::default() }
    }

    /// What was refused so far: function, action, resource.
    pub(crate) fn refused(&self) -> Arc<Mutex<BTreeSet<(String, Deed)>>> {
        Arc::clone(&self.refused)
    }

    /// Serves on the listener until the task is aborted.
    pub(crate) fn serve(self, listener: TcpListener) -> JoinHandle<io::Result<()>> {
        let router = Router::new().fallback(handle).with_state(Arc::new(self));
        tokio::spawn(async move { axum::serve(listener, router).await })
    }

    fn allows(&self, function: &str, (action, resource): &Deed) -> bool {
        let Some(rights) = self.rights.get(function) else { return true };
        rights.iter().any(|right| {
            right.actions.contains(action) && right.resources.iter().any(|pattern| fits(pattern, resource))
        })
    }

    /// What a request does, by its target and body.
    fn deeds(&self, target: &str, body: &Value) -> Vec<Deed> {
        let Some((service, operation)) = target.split_once('.') else { return Vec::new() };
        let text = |value: &Value, field: &str| {
            value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let id = |name: &str| self.names.get(name).cloned().unwrap_or_else(|| format!("unknown {name}"));
        if service.starts_with("AmazonSQS") {
            let url = text(body, "QueueUrl");
            let name = url.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
            let name = name.unwrap_or_else(|| text(body, "QueueName"));
            let action = operation.strip_suffix("Batch").unwrap_or(operation);
            return vec![(format!("sqs:{action}"), format!("{{{}.Arn}}", id(&name)))];
        }
        let on = |action: &str, table: &str, index: &str| {
            let below = if index.is_empty() { String::new() } else { format!("/index/{index}") };
            (format!("dynamodb:{action}"), format!("{{{}.Arn}}{below}", id(table)))
        };
        let items = body.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
        let parts = items.filter_map(Value::as_object).flatten().map(|(part, is)| {
            let action = match part.as_str() {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                part => format!("{part}Item"),
            };
            on(&action, &text(is, "TableName"), "")
        });
        let batches = body.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
        let batches = batches.map(|(table, _)| on(operation, table, ""));
        let mut deeds: Vec<_> = parts.chain(batches).collect();
        if deeds.is_empty() {
            deeds.push(on(operation, &text(body, "TableName"), &text(body, "IndexName")));
        }
        deeds
    }

    async fn pass(&self, headers: &HeaderMap, body: Bytes) -> io::Result<Response<Body>> {
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let parsed: Value = serde_json::from_slice(&body).unwrap_or_default();
        let caller = credential(headers);
        if let Some(deed) = self.deeds(target, &parsed).into_iter().find(|deed| !self.allows(&caller, deed)) {
            let (action, resource) = &deed;
            let message = format!("{caller} is not authorized to perform: {action} on resource: {resource}");
            complain(&message);
            lock(&self.refused).insert((caller, deed));
            let told =
                json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "message": message });
            return Response::builder()
                .status(StatusCode::BAD_REQUEST)
                .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
                .body(Body::from(told.to_string()))
                .map_err(io::Error::other);
        }
        let upstream = if target.starts_with("AmazonSQS") { &self.queues } else { &self.database };
        let mut headers = headers.clone();
        headers.remove(header::CONTENT_LENGTH);
        let answer =
            self.client.post(upstream).headers(headers).body(body).send().await.map_err(io::Error::other)?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().iter().filter(|(name, _)| name.as_str() != "transfer-encoding")
        {
            response = response.header(name, value);
        }
        response.body(Body::from(answer.bytes().await.map_err(io::Error::other)?)).map_err(io::Error::other)
    }
}

async fn handle(State(guard): State<Arc<Guard>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    guard.pass(&headers, body).await.unwrap_or_else(|error| {
        complain(&error.to_string());
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    })
}

/// The access key that signed a request: here the function's name.
fn credential(headers: &HeaderMap) -> String {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (_, behind) = value.split_once("Credential=").unwrap_or_default();
    behind.split('/').next().unwrap_or_default().to_owned()
}

/// One text or several.
fn texts(value: Option<&Value>, values: &Values) -> Vec<String> {
    match value {
        Some(Value::Array(each)) => each.iter().filter_map(|one| values.text(one)).collect(),
        Some(one) => values.text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Whether a resource fits a pattern, whose last character may be `*`.
fn fits(pattern: &str, resource: &str) -> bool {
    pattern.strip_suffix('*').map_or_else(|| pattern == resource, |begin| resource.starts_with(begin))
}
