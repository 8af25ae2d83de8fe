//! Events of API Gateway, payload version 2.0, and what functions answer to them.

use std::collections::BTreeMap;
use std::io;

use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderName, HeaderValue, Method, Response, header};
use serde_json::{Map, Value, json};

/// A request as it reached the gateway.
pub(crate) struct Came {
    pub(crate) method: Method,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) ip: String,
}

/// Where in the gateway it is.
pub(crate) struct Routed<'a> {
    pub(crate) stage: &'a str,
    pub(crate) variables: &'a Map<String, Value>,
    pub(crate) raw_path: &'a str,
    pub(crate) key: &'a str,
}

/// The event that the function is called with.
pub(crate) fn event(came: &Came, routed: &Routed<'_>) -> Value {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &came.headers {
        if name == header::COOKIE {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|all| all.extend([",", &value]))
            .or_insert_with(|| value.into_owned());
    }
    let cookies = came.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies: Vec<_> = cookies.flat_map(|all| all.split("; ")).collect();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&came.query).unwrap_or_default();
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        parameters.entry(name).and_modify(|all| all.extend([",", &value])).or_insert(value);
    }
    let (body, encoded) = match std::str::from_utf8(&came.body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (BASE64.encode(&came.body), true),
    };
    let host = headers.get("host").cloned().unwrap_or_default();
    let agent = headers.get("user-agent").cloned().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": routed.key,
        "rawPath": routed.raw_path,
        "rawQueryString": came.query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": host,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": came.method.as_str(),
                "path": routed.raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": came.ip,
                "userAgent": agent,
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": routed.key,
            "stage": routed.stage,
            "time": "04/Jan/2027:08:00:00 +0000",
            "timeEpoch": 1_799_049_600_000_u64,
        },
        "isBase64Encoded": encoded,
    });
    // What is empty is left out, as by the gateway.
    if let Some(fields) = event.as_object_mut() {
        if !cookies.is_empty() {
            fields.insert("cookies".to_owned(), json!(cookies));
        }
        if !parameters.is_empty() {
            fields.insert("queryStringParameters".to_owned(), json!(parameters));
        }
        if !routed.variables.is_empty() {
            fields.insert("stageVariables".to_owned(), Value::Object(routed.variables.clone()));
        }
        if !came.body.is_empty() {
            fields.insert("body".to_owned(), json!(body));
        }
    }
    event
}

/// The answer that the gateway makes of what the function returned: `headers` and `cookies`, nothing else of it counts.
pub(crate) fn answer(returned: &Value) -> io::Result<Response<Body>> {
    let status = returned.get("statusCode").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = status.ok_or_else(|| io::Error::other("no statusCode"))?;
    let text = returned.get("body").and_then(Value::as_str).unwrap_or_default();
    let encoded = returned.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    let body =
        if encoded { BASE64.decode(text).map_err(io::Error::other)? } else { text.as_bytes().to_vec() };
    let mut response = Response::builder().status(status).body(Body::from(body)).map_err(io::Error::other)?;
    let headers = returned.get("headers").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in headers {
        // The gateway measures the body itself.
        if name == "content-length" {
            continue;
        }
        let name: HeaderName = name.parse().map_err(io::Error::other)?;
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default()).map_err(io::Error::other)?;
        response.headers_mut().insert(name, value);
    }
    let cookies = returned.get("cookies").and_then(Value::as_array).into_iter().flatten();
    for cookie in cookies.filter_map(Value::as_str) {
        let value = HeaderValue::from_str(cookie).map_err(io::Error::other)?;
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}
