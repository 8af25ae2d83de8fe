//! What the endpoint refuses, in the words by which an SDK knows it.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Name of the error's shape in the service model.
    shape: &'static str,
    /// Its code in the older query protocol, which SDKs go by when it is there.
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Fault {
    fn new(shape: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { shape, code, message: message.into() }
    }

    pub(super) fn no_such_queue() -> Self {
        let code = "AWS.SimpleQueueService.NonExistentQueue";
        Self::new("QueueDoesNotExist", code, "The specified queue does not exist.")
    }

    pub(super) fn queue_exists() -> Self {
        let message = "A queue already exists with the same name and different attributes.";
        Self::new("QueueNameExists", "QueueAlreadyExists", message)
    }

    pub(super) fn invalid_receipt() -> Self {
        let name = "ReceiptHandleIsInvalid";
        Self::new(name, name, "The input receipt handle is not a valid receipt handle.")
    }

    pub(super) fn not_in_flight() -> Self {
        let code = "AWS.SimpleQueueService.MessageNotInflight";
        Self::new("MessageNotInflight", code, "The message is not in flight.")
    }

    pub(super) fn too_many_entries(count: usize) -> Self {
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        let message = format!("Maximum number of entries per request are 10. You have sent {count}.");
        Self::new("TooManyEntriesInBatchRequest", code, message)
    }

    pub(super) fn empty_batch() -> Self {
        let code = "AWS.SimpleQueueService.EmptyBatchRequest";
        Self::new("EmptyBatchRequest", code, "There should be at least one entry in the request.")
    }

    pub(super) fn ids_not_distinct() -> Self {
        let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        Self::new("BatchEntryIdsNotDistinct", code, "Two entries of the batch have the same id.")
    }

    pub(super) fn batch_too_long() -> Self {
        let code = "AWS.SimpleQueueService.BatchRequestTooLong";
        Self::new("BatchRequestTooLong", code, "The messages of the batch are longer than 1048576 bytes.")
    }

    pub(super) fn invalid_attribute_name(name: &str) -> Self {
        Self::new("InvalidAttributeName", "InvalidAttributeName", format!("Unknown attribute {name}."))
    }

    pub(super) fn invalid_attribute_value(name: &str) -> Self {
        let message = format!("Invalid value for the parameter {name}.");
        Self::new("InvalidAttributeValue", "InvalidAttributeValue", message)
    }

    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", "InvalidParameterValue", message)
    }

    pub(super) fn unknown_operation(name: &str) -> Self {
        let message = format!("The operation {name:?} is not provided here.");
        Self::new("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", message)
    }

    pub(super) fn internal(error: &std::io::Error) -> Self {
        tracing::error!(%error, "the queues could not be kept");
        Self::new(INTERNAL, INTERNAL, "The request has failed due to an internal error.")
    }
}

const INTERNAL: &str = "InternalFailure";

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let internal = self.shape == INTERNAL;
        let status = if internal { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
        let side = if internal { "Receiver" } else { "Sender" };
        let body = json!({"__type": format!("com.amazonaws.sqs#{}", self.shape), "message": self.message});
        let headers = [
            (header::CONTENT_TYPE, "application/x-amz-json-1.0".to_owned()),
            (HeaderName::from_static("x-amzn-query-error"), format!("{};{side}", self.code)),
        ];
        (status, headers, body.to_string()).into_response()
    }
}
