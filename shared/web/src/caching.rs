//! What may be kept of an answer, by whom, and how a client asks whether it is still so (RFC 9110, sections 8.8 and 13; RFC 9111).
//!
//! Every read has a strong tag: a hash of the very bytes, behind the record's version where it has one (`"3-0f…"`), so that two
//! callers who see a record differently never have one tag for two texts, and `If-Match` still knows the version. What is compressed
//! has a tag of its own (`"3-0f…-gzip"`), since other bytes are another representation; it is recognised all the same when it comes back.

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use errors::Error;
use sha2::{Digest, Sha256};

/// Who may keep an answer to a read that went well. Nobody may keep anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Anybody, for so many seconds: it is the same for all callers, since the handler is told of none.
    Public(u32),
    /// Whoever asked, if they ask each time whether it is still so.
    Private,
    /// Nobody.
    Nobody,
}

impl Keeping {
    pub(crate) fn control(self) -> String {
        match self {
            Self::Public(seconds) => format!("public, max-age={seconds}"),
            Self::Private => "private, no-cache".to_owned(),
            Self::Nobody => "no-store".to_owned(),
        }
    }
}

/// How a tag ends whose answer is compressed, by the coding.
const CODED: [(&str, &str); 2] = [("gzip", "-gzip"), ("br", "-br")];

/// Around everything, the compression too: `HEAD` is `GET` without its body, and what is compressed has a tag of its own.
pub(crate) async fn whole(mut request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    if head {
        *request.method_mut() = Method::GET;
    }
    let mut response = next.run(request).await;
    let coding = response.headers().get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let ending = CODED.iter().find(|(name, _)| coding == Some(*name)).map(|(_, ending)| *ending);
    if let (Some(ending), Some(tag)) = (ending, strong(response.headers())) {
        set_tag(response.headers_mut(), &format!("{tag}{ending}"));
    }
    if head {
        let length = response.body().size_hint().exact();
        let headers = response.headers_mut();
        if let Some(length) = length.filter(|_| !headers.contains_key(header::CONTENT_LENGTH)) {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Body::empty();
    }
    response
}

/// The answer with its tag.
pub(crate) async fn tagged(response: Response) -> Response {
    let version = match response.headers().get(header::ETAG) {
        None => String::new(),
        Some(_) => match strong(response.headers()).and_then(|tag| tag.parse::<u64>().ok()) {
            Some(version) => format!("{version}-"),
            // The handler knows better.
            None => return response,
        },
    };
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return crate::Problem(Error::internal("an answer that could not be read")).into_response();
    };
    let mut response = Response::from_parts(parts, Body::from(bytes.clone()));
    set_tag(response.headers_mut(), &format!("{version}{}", hashed(&bytes)));
    response
}

/// 304 instead of the answer, if it is one that the client names (RFC 9110, section 13.1.2).
pub(crate) fn unless_known(response: Response, known: &[HeaderValue]) -> Response {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(opaque);
    let Some(named) = tag.and_then(|tag| known.iter().find_map(|list| named(list, tag))) else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_DISPOSITION] {
        parts.headers.remove(name);
    }
    set_tag(&mut parts.headers, &named);
    Response::from_parts(parts, Body::empty())
}

/// The tag of a list that names this one, as the client wrote it; the tag itself for `*`. Weak or not makes no difference for a read,
/// and neither does how it was compressed.
fn named(list: &HeaderValue, tag: &str) -> Option<String> {
    let list = list.to_str().ok()?;
    if list.trim() == "*" {
        return Some(tag.to_owned());
    }
    // No tag of ours has a comma or a quote in it.
    list.split(',').map(opaque).find(|one| plain(one) == tag).map(str::to_owned)
}

/// A tag without its quotes and its weakness.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

/// A tag without what its coding added.
fn plain(tag: &str) -> &str {
    CODED.iter().find_map(|(_, ending)| tag.strip_suffix(ending)).unwrap_or(tag)
}

fn strong(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(header::ETAG)?.to_str().ok()?;
    tag.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
}

fn set_tag(headers: &mut HeaderMap, tag: &str) {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        headers.insert(header::ETAG, tag);
    }
}

fn hashed(bytes: &Bytes) -> String {
    Sha256::digest(bytes).iter().take(12).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_a_tag_weakly_and_however_it_was_compressed() {
        let named = |list: &str| named(&list.parse().unwrap(), "3-0f");
        assert_eq!(named("\"3-0f\"").as_deref(), Some("3-0f"));
        assert_eq!(named("\"x\", W/\"3-0f\" , \"y\"").as_deref(), Some("3-0f"));
        assert_eq!(named("\"3-0f-gzip\",\"x\"").as_deref(), Some("3-0f-gzip"));
        assert_eq!(named("*").as_deref(), Some("3-0f"));
        for other in ["\"3\"", "\"3-0f-zip\"", "", "\"*\"", "\"x\", *"] {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
