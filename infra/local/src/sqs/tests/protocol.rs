//! What the protocol answers, and which errors.

use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::super::{Shared, operations};
use super::*;

const URL: &str = "http://elsewhere/000000000000/q";

/// An endpoint with the queue `q`, dead letters in `d` after two receives.
async fn shared() -> (Endpoint, Clock) {
    let clock = Clock::at(Timestamp::from_second(1_800_000_000).unwrap());
    let endpoint = start(&Data::Memory, clock.clone()).await.unwrap();
    let policy =
        json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:d", "maxReceiveCount": "2"});
    call(&endpoint.shared, "CreateQueue", json!({"QueueName": "d"})).await.unwrap();
    let attributes = json!({"VisibilityTimeout": "10", "RedrivePolicy": policy.to_string()});
    call(&endpoint.shared, "CreateQueue", json!({"QueueName": "q", "Attributes": attributes})).await.unwrap();
    (endpoint, clock)
}

/// The answer, or the code by which an SDK knows the error.
async fn call(shared: &Arc<Shared>, operation: &str, body: Value) -> Result<Value, String> {
    let target = HeaderValue::from_str(&format!("AmazonSQS.{operation}")).unwrap();
    let headers = HeaderMap::from_iter([("x-amz-target".parse().unwrap(), target)]);
    let answer =
        operations::dispatch(State(Arc::clone(shared)), headers, Bytes::from(body.to_string())).await;
    let (parts, body) = answer.into_parts();
    let body = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    match parts.headers.get("x-amzn-query-error") {
        None => Ok(body),
        Some(code) => Err(code.to_str().unwrap().split(';').next().unwrap().to_owned()),
    }
}

async fn send(shared: &Arc<Shared>, body: &str) {
    call(shared, "SendMessage", json!({"QueueUrl": URL, "MessageBody": body})).await.unwrap();
}

/// Body, receipt and receive count of what is visible now.
async fn receive(shared: &Arc<Shared>, url: &str) -> Vec<(String, String, String)> {
    let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
    let answer = call(shared, "ReceiveMessage", request).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let messages = answer["Messages"].as_array().unwrap().iter();
    let parts = |m: &Value| {
        (text(&m["Body"]), text(&m["ReceiptHandle"]), text(&m["Attributes"]["ApproximateReceiveCount"]))
    };
    messages.map(parts).collect()
}

fn seconds(clock: &Clock, seconds: i64) {
    clock.advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn errors_carry_the_codes_that_an_sdk_goes_by() {
    let (endpoint, _) = shared().await;
    let shared = &endpoint.shared;
    let big = "x".repeat(600 * 1024);
    let entries = |count: usize, body: &str| {
        (0..count).map(|id| json!({"Id": id.to_string(), "MessageBody": body})).collect::<Vec<_>>()
    };
    let nowhere = "http://elsewhere/000000000000/nowhere";
    let cases = [
        (
            "SendMessage",
            json!({"QueueUrl": nowhere, "MessageBody": "a"}),
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        ("ReceiveMessage", json!({"QueueUrl": nowhere}), "AWS.SimpleQueueService.NonExistentQueue"),
        ("GetQueueUrl", json!({"QueueName": "nowhere"}), "AWS.SimpleQueueService.NonExistentQueue"),
        ("DeleteMessage", json!({"QueueUrl": URL, "ReceiptHandle": "made up"}), "ReceiptHandleIsInvalid"),
        (
            "ChangeMessageVisibility",
            json!({"QueueUrl": URL, "ReceiptHandle": "gone:1", "VisibilityTimeout": 1}),
            "AWS.SimpleQueueService.MessageNotInflight",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": URL, "Entries": entries(11, "a")}),
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": URL, "Entries": entries(2, &big)}),
            "AWS.SimpleQueueService.BatchRequestTooLong",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": URL, "Entries": []}),
            "AWS.SimpleQueueService.EmptyBatchRequest",
        ),
        (
            "DeleteMessageBatch",
            json!({"QueueUrl": URL, "Entries": [{"Id": "a", "ReceiptHandle": "x:1"}, {"Id": "a", "ReceiptHandle": "y:1"}]}),
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": URL, "MessageBody": format!("{big}{big}")}),
            "InvalidParameterValue",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": URL, "MessageBody": "a", "DelaySeconds": 901}),
            "InvalidParameterValue",
        ),
        ("SendMessage", json!({"QueueUrl": URL}), "InvalidParameterValue"),
        ("ReceiveMessage", json!({"QueueUrl": URL, "MaxNumberOfMessages": 11}), "InvalidParameterValue"),
        ("CreateQueue", json!({"QueueName": "q", "Attributes": {"DelaySeconds": "1"}}), "QueueAlreadyExists"),
        (
            "CreateQueue",
            json!({"QueueName": "r", "Attributes": {"FifoQueue": "true"}}),
            "InvalidAttributeName",
        ),
        (
            "CreateQueue",
            json!({"QueueName": "r", "Attributes": {"DelaySeconds": "901"}}),
            "InvalidAttributeValue",
        ),
        ("CreateQueue", json!({"QueueName": "a/b"}), "InvalidParameterValue"),
        ("TagQueue", json!({}), "AWS.SimpleQueueService.UnsupportedOperation"),
    ];
    for (operation, request, code) in cases {
        let outcome = call(shared, operation, request.clone()).await;
        assert_eq!(
            outcome,
            Err(code.to_owned()),
            "{operation} {}",
            request.to_string().get(..80).unwrap_or("")
        );
    }
    assert!(receive(shared, URL).await.is_empty(), "nothing that was refused was kept");
}

#[tokio::test]
async fn creating_a_queue_again_compares_only_what_is_named() {
    let (endpoint, _) = shared().await;
    for attributes in [json!({}), json!({"VisibilityTimeout": "10"})] {
        let request = json!({"QueueName": "q", "Attributes": attributes});
        assert!(call(&endpoint.shared, "CreateQueue", request).await.is_ok());
    }
}

#[tokio::test]
async fn of_a_batch_only_what_is_acceptable_is_kept_and_the_rest_is_named() {
    let (endpoint, _) = shared().await;
    let entries =
        json!([{"Id": "good", "MessageBody": "a"}, {"Id": "bad", "MessageBody": "b", "DelaySeconds": 901}]);
    let answer = call(&endpoint.shared, "SendMessageBatch", json!({"QueueUrl": URL, "Entries": entries}))
        .await
        .unwrap();
    assert_eq!(answer["Successful"][0]["Id"], "good");
    assert_eq!(
        (&answer["Failed"][0]["Id"], &answer["Failed"][0]["SenderFault"]),
        (&json!("bad"), &json!(true))
    );
    assert_eq!(receive(&endpoint.shared, URL).await.len(), 1);
}

#[tokio::test]
async fn a_received_message_is_hidden_counted_and_dead_after_its_last_receive() {
    let (endpoint, clock) = shared().await;
    let shared = &endpoint.shared;
    send(shared, "a").await;
    for count in ["1", "2"] {
        assert_eq!(receive(shared, URL).await[0].2, count);
        seconds(&clock, 9);
        assert!(receive(shared, URL).await.is_empty());
        seconds(&clock, 1);
    }
    assert!(receive(shared, URL).await.is_empty());
    let dead = receive(shared, "http://elsewhere/000000000000/d").await;
    assert_eq!((dead[0].0.as_str(), dead[0].2.as_str()), ("a", "1"));
}

#[tokio::test]
async fn an_older_receipt_deletes_nothing() {
    let (endpoint, clock) = shared().await;
    let shared = &endpoint.shared;
    send(shared, "a").await;
    let older = receive(shared, URL).await[0].1.clone();
    seconds(&clock, 10);
    let newer = receive(shared, URL).await[0].1.clone();
    let counts = json!({"QueueUrl": URL, "AttributeNames": ["ApproximateNumberOfMessagesNotVisible"]});
    for (receipt, left) in [(older, "1"), (newer.clone(), "0"), (newer, "0")] {
        call(shared, "DeleteMessage", json!({"QueueUrl": URL, "ReceiptHandle": receipt})).await.unwrap();
        let answer = call(shared, "GetQueueAttributes", counts.clone()).await.unwrap();
        assert_eq!(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"], left);
    }
}

#[tokio::test]
async fn a_message_is_hidden_for_as_long_as_its_receiver_says() {
    let (endpoint, clock) = shared().await;
    let shared = &endpoint.shared;
    send(shared, "a").await;
    let receipt = receive(shared, URL).await[0].1.clone();
    let hide = |until: u32| json!({"QueueUrl": URL, "ReceiptHandle": receipt, "VisibilityTimeout": until});
    call(shared, "ChangeMessageVisibility", hide(100)).await.unwrap();
    seconds(&clock, 99);
    assert!(receive(shared, URL).await.is_empty());
    call(shared, "ChangeMessageVisibility", hide(0)).await.unwrap();
    assert_eq!(receive(shared, URL).await.len(), 1);
}

#[tokio::test]
async fn messages_that_came_first_are_received_first() {
    let (endpoint, _) = shared().await;
    for body in ["c", "a", "b"] {
        send(&endpoint.shared, body).await;
    }
    let bodies: Vec<_> = receive(&endpoint.shared, URL).await.into_iter().map(|(body, ..)| body).collect();
    assert_eq!(bodies, ["c", "a", "b"]);
}

#[tokio::test]
async fn a_purged_queue_is_empty_and_still_there() {
    let (endpoint, _) = shared().await;
    send(&endpoint.shared, "a").await;
    call(&endpoint.shared, "PurgeQueue", json!({"QueueUrl": URL})).await.unwrap();
    assert!(receive(&endpoint.shared, URL).await.is_empty());
    send(&endpoint.shared, "b").await;
    assert_eq!(receive(&endpoint.shared, URL).await.len(), 1);
}

#[tokio::test]
async fn attributes_are_counted_by_the_clock_and_given_as_asked() {
    let (endpoint, clock) = shared().await;
    let shared = &endpoint.shared;
    send(shared, "taken").await;
    receive(shared, URL).await;
    send(shared, "waiting").await;
    call(shared, "SendMessage", json!({"QueueUrl": URL, "MessageBody": "late", "DelaySeconds": 60}))
        .await
        .unwrap();
    let all = json!({"QueueUrl": URL, "AttributeNames": ["All"]});
    let counts = async |seen: [&str; 3]| {
        let answer = call(shared, "GetQueueAttributes", all.clone()).await.unwrap();
        let names = ["", "NotVisible", "Delayed"].map(|end| format!("ApproximateNumberOfMessages{end}"));
        assert_eq!(names.map(|name| answer["Attributes"][name].clone()), seen);
        answer
    };
    let answer = counts(["1", "1", "1"]).await;
    assert_eq!(answer["Attributes"]["QueueArn"], "arn:aws:sqs:us-east-1:000000000000:q");
    seconds(&clock, 60);
    counts(["3", "0", "0"]).await;
    let one = json!({"QueueUrl": URL, "AttributeNames": ["DelaySeconds"]});
    let answer = call(shared, "GetQueueAttributes", one).await.unwrap();
    assert_eq!(answer, json!({"Attributes": {"DelaySeconds": "0"}}));
}
