//! The operations by name: from a request of AWS JSON 1.0 to its answer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::Fault;
use super::{Shared, messages, queues};

pub(super) type Answer = Result<Value, Fault>;

/// Answers one request; the operation is named in a header, whatever the path.
pub(super) async fn dispatch(
    Extract(shared): Extract<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let answer = match operation {
        "CreateQueue" => with(&body, |request| queues::create(&shared, request)),
        "SetQueueAttributes" => with(&body, |request| queues::set(&shared, &request)),
        "GetQueueUrl" => with(&body, |request| queues::url(&shared, &request)),
        "GetQueueAttributes" => with(&body, |request| queues::attributes(&shared, &request)),
        "PurgeQueue" => with(&body, |request| queues::purge(&shared, &request)),
        "SendMessage" => with(&body, |request| messages::send(&shared, request)),
        "SendMessageBatch" => with(&body, |request| messages::send_batch(&shared, request)),
        "DeleteMessage" => with(&body, |request| messages::delete(&shared, &request)),
        "DeleteMessageBatch" => with(&body, |request| messages::delete_batch(&shared, request)),
        "ChangeMessageVisibility" => with(&body, |request| messages::hide(&shared, &request)),
        "ReceiveMessage" => match parse(&body) {
            Ok(request) => messages::receive(&shared, request).await,
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

/// The last part of a queue's URL: the port before it may be of an earlier run.
pub(super) fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}
