//! Batches that are refused in part.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use errors::Code;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// Entries of every batch that came, and how the next ones are refused.
#[derive(Default)]
struct Script {
    batches: Mutex<Vec<usize>>,
    refused: Vec<&'static str>,
    sender_fault: bool,
}

/// Answers the n-th batch: refuses the ids that the script names for it, takes the others.
async fn answer(State(script): State<Arc<Script>>, body: Bytes) -> String {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let entries = request["Entries"].as_array().unwrap();
    let round = script.batches.lock().unwrap().len();
    script.batches.lock().unwrap().push(entries.len());
    let ids = entries.iter().map(|entry| entry["Id"].as_str().unwrap());
    let refuses =
        |id: &str| script.refused.get(round).or(script.refused.last()).is_some_and(|ids| ids.contains(id));
    let (failed, successful): (Vec<_>, Vec<_>) = ids.partition(|id| refuses(id));
    let failed: Vec<_> = failed
        .iter()
        .map(|id| json!({"Id": id, "Code": "Busy", "SenderFault": script.sender_fault}))
        .collect();
    let successful: Vec<_> =
        successful.iter().map(|id| json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""})).collect();
    json!({"Failed": failed, "Successful": successful}).to_string()
}

/// Sends three jobs to a queue that follows the script; gives the outcome and the size of each batch that came.
async fn send_three(refused: Vec<&'static str>, sender_fault: bool) -> (Result<()>, Vec<usize>) {
    let script = Arc::new(Script { refused, sender_fault, ..Script::default() });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    let jobs: Vec<_> = (1..=3).map(job).collect();
    let queue = Sqs::local(&url).queue(format!("{url}/000000000000/q"));
    let outcome = queue.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await;
    server.abort();
    let batches = script.batches.lock().unwrap().clone();
    (outcome, batches)
}

#[tokio::test]
async fn only_what_was_refused_for_the_moment_is_sent_again() {
    let (outcome, batches) = send_three(vec!["0 2", "1", ""], false).await;
    assert!(outcome.is_ok());
    assert_eq!(batches, [3, 2, 1]);
}

#[tokio::test]
async fn a_queue_that_keeps_refusing_is_given_up_and_said_to_be_unavailable() {
    let (outcome, batches) = send_three(vec!["0"], false).await;
    assert_eq!(outcome.unwrap_err().code(), Code::Unavailable);
    assert_eq!(batches, [3, 1, 1, 1]);
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_sent_again() {
    let (outcome, batches) = send_three(vec!["1"], true).await;
    assert_eq!(outcome.unwrap_err().code(), Code::Internal);
    assert_eq!(batches, [3]);
}
