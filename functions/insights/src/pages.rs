//! What the service offers, for machines (`/openapi.json`) and for people (`/docs`, `/docs/errors`).
//!
//! The descriptions are files, written from the route tables of all groups, which no single group can see; a test holds
//! the two to each other.

use std::fmt::Write;

use errors::Code;
use web::{Access, Page, Plain, Query, Result, Route, Version, get};

use crate::App;

const V1: &str = include_str!("../../../docs/openapi.v1.json");
const V2: &str = include_str!("../../../docs/openapi.v2.json");
const BROWSE: &str = include_str!("pages/docs.html");
const ERRORS: &str = include_str!("pages/errors.html");
/// Anybody may keep a page or a description for this long.
const SECONDS: u32 = 300;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/openapi.json", Access::Anyone, description)
            .named("describeApi", "The description of the API (OpenAPI 3.1)")
            .queried::<Which>()
            .cached_publicly(SECONDS)
            .answers_empty(200),
        get("/docs", Access::Anyone, browse)
            .named("browseApi", "The description of the API as a page")
            .cached_publicly(SECONDS)
            .answers_empty(200),
        get("/docs/errors", Access::Anyone, errors)
            .named("browseErrors", "Every error code: what it means, and what to do")
            .cached_publicly(SECONDS)
            .answers_empty(200),
    ]
}

web::request! {
    /// Which description.
    struct Which {
        /// `v1` or `v2`; `v2` when unset.
        version: Option<String> as String,
    }
}

async fn description(Query(which): Query<Which>) -> Result<Plain> {
    let version = which.version.as_deref().map_or(Ok(Version::V2), Version::parse)?;
    let text = match version {
        Version::V1 => V1,
        Version::V2 => V2,
    };
    Ok(Plain { kind: "application/json", text: text.to_owned() })
}

async fn browse() -> Page {
    Page::new(BROWSE.to_owned())
}

async fn errors() -> Page {
    let mut entries = String::new();
    for code in Code::ALL {
        let again = if code.retryable() { "yes, after a moment" } else { "no, not as it is" };
        let _ = write!(
            entries,
            "<section id=\"{code}\"><h2><a href=\"#{code}\">{code}</a> <small>{}</small></h2>\
             <p><strong>{}.</strong> {}</p><dl><dt>What to do</dt><dd>{}</dd><dt>Send it again?</dt><dd>{again}</dd></dl></section>",
            code.status(),
            marked(code.title()),
            marked(code.meaning()),
            marked(code.advice()),
        );
    }
    Page::new(ERRORS.replace("<!-- codes -->", &entries))
}

/// A text as HTML, with code where it has backticks.
fn marked(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_become_code_and_nothing_becomes_markup() {
        assert_eq!(
            marked("Send `If-Match: <tag>` & more."),
            "Send <code>If-Match: &lt;tag&gt;</code> &amp; more."
        );
    }
}
