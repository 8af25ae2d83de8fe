//! What functions are called with: the examples in `events/`, with the ids and tokens of what is there.

use serde_json::Value;

/// An example, as it is.
pub(crate) fn example(text: &str) -> Value {
    // The examples are ours, and a test of each function reads them.
    serde_json::from_str(text).unwrap_or_default()
}

/// The example request of a group, made this one.
pub(crate) fn request(example: &Value, method: &str, path: &str, token: &str, body: Option<&Value>) -> Value {
    let mut event = example.clone();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = body.map(Value::to_string);
    let set = |event: &mut Value, pointer: &str, value: Value| {
        let (object, field) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(Value::Object(object)) = event.pointer_mut(object) {
            object.insert(field.to_owned(), value);
        }
    };
    set(&mut event, "/rawPath", path.into());
    set(&mut event, "/rawQueryString", query.into());
    set(&mut event, "/requestContext/http/method", method.into());
    set(&mut event, "/requestContext/http/path", path.into());
    let length = body.as_ref().map_or(0, String::len);
    set(&mut event, "/headers/content-length", length.to_string().into());
    if !token.is_empty() {
        set(&mut event, "/headers/authorization", format!("Bearer {token}").into());
    }
    set(&mut event, "/body", body.into());
    event
}

/// The same request under another idempotency key.
pub(crate) fn keyed(mut event: Value, key: usize) -> Value {
    if let Some(headers) = event.get_mut("headers").and_then(Value::as_object_mut) {
        headers.insert("idempotency-key".to_owned(), format!("measured {key}").into());
    }
    event
}
