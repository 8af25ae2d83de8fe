//! Pages for people: one HTML text each, which may run its own script, use its own styles, and nothing else.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// A page and the Content-Security-Policy that fits it: its `<style>` and `<script>` elements are named by their hashes, so
/// that whatever else got into it would neither run nor load.
#[derive(Debug, Clone)]
pub struct Page {
    html: String,
    policy: String,
}

impl Page {
    /// A page. Its `<style>` and `<script>` elements have no attributes.
    pub fn new(html: String) -> Self {
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
            hashes(&html, "<style>", "</style>"),
            hashes(&html, "<script>", "</script>"),
        );
        Self { html, policy }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Html(self.html).into_response();
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        let referrer = HeaderName::from_static("referrer-policy");
        headers.insert(referrer, HeaderValue::from_static("no-referrer"));
        response
    }
}

/// The hashes of what stands between the tags, as sources of a policy (CSP level 3, section 2.3.1).
fn hashes(html: &str, begin: &str, end: &str) -> String {
    let within = html.split(begin).skip(1).filter_map(|rest| rest.split_once(end));
    let hashes: Vec<_> =
        within.map(|(text, _)| format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))).collect();
    if hashes.is_empty() { "'none'".to_owned() } else { hashes.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_each_style_and_script_and_nothing_else() {
        let page = Page::new("<style>a</style><p>a</p><style></style>".to_owned());
        // SHA-256 of "a" and of nothing.
        let expected = "style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=' \
                        'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; script-src 'none';";
        assert!(page.policy.contains(expected), "{}", page.policy);
    }
}
