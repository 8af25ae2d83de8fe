//! Amazon SNS: the query protocol, signed with version 4
//! (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::wire::{header, take};
use crate::{ACCESS_KEY, TOKEN, World};

/// `POST /` with `Action=Publish`.
pub(crate) async fn publish(State(world): State<Arc<World>>, headers: HeaderMap, body: String) -> Response {
    if !is_signed(&headers, &body) {
        return refused(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature does not match",
        );
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(&body).unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(is, _)| is == name).map(|(_, value)| value.clone());
    let (Some("Publish"), Some(message)) = (field("Action").as_deref(), field("Message")) else {
        return refused(StatusCode::BAD_REQUEST, "ValidationError", "message is required");
    };
    let number = field("PhoneNumber").unwrap_or_default();
    let digits = number.strip_prefix('+').unwrap_or_default();
    if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let told = format!("Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to");
        return refused(StatusCode::BAD_REQUEST, "InvalidParameter", &told);
    }
    // What was said beside the text, so that it can be looked at.
    let attributes = (1..=8).filter_map(|number| {
        let part = |name: &str| field(&format!("MessageAttributes.entry.{number}.{name}"));
        Some(format!("{}={}", part("Name")?, part("Value.StringValue")?))
    });
    let shown = std::iter::once(message).chain(attributes).collect::<Vec<_>>().join(" | ");
    let id = format!("sns-{}", world.state().requests + 1);
    take(&world, "sns", id, &number, shown, &|_, _| None, &|id| {
        (
            StatusCode::OK,
            "text/xml",
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"
            ),
        )
    })
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    (status, [("content-type", "text/xml")], body).into_response()
}

/// Whether the signature is that of our key over this very request.
fn is_signed(headers: &HeaderMap, body: &str) -> bool {
    let authorization = header(headers, "authorization");
    let part = |name: &str| {
        let (_, behind) = authorization.split_once(name)?;
        behind.split([',', ' ']).next().map(str::to_owned)
    };
    let parts = (part("Credential="), part("SignedHeaders="), part("Signature="));
    let (Some(credential), Some(signed), Some(signature)) = parts else { return false };
    let scope: Vec<&str> = credential.split('/').collect();
    let [ACCESS_KEY, day, region, "sns", "aws4_request"] = scope.as_slice() else { return false };
    let mut request = String::from("POST\n/\n\n");
    for name in signed.split(';') {
        let _ = writeln!(request, "{name}:{}", header(headers, name).trim());
    }
    let _ = write!(request, "\n{signed}\n{}", hex(&Sha256::digest(body)));
    let text = format!(
        "AWS4-HMAC-SHA256\n{}\n{day}/{region}/sns/aws4_request\n{}",
        header(headers, "x-amz-date"),
        hex(&Sha256::digest(request)),
    );
    let key = [*day, *region, "sns", "aws4_request"]
        .iter()
        .fold(format!("AWS4{TOKEN}").into_bytes(), |key, part| code(&key, part.as_bytes()));
    hex(&code(&key, text.as_bytes())) == signature
}

fn code(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    mac.map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec()).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
