//! What the pages of the local server share: one frame, one style, no scripts.

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #ccc; --soft: #f4f4f4; --quiet: #59636e; --s0: #1a7f64; --s1: #c2571a; --s2: #b6bec8 }
@media (prefers-color-scheme: dark) { :root { --line: #444; --soft: #1c2128; --quiet: #9198a1; --s0: #3fb68b; --s1: #e08a4f; --s2: #59636e } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
ul { list-style: none; padding: 0 } li { border-top: 1px solid var(--line); padding: .5rem 0 }
iframe { width: 100%; height: 32rem; border: 1px solid var(--line); background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: 1rem }
li p { display: inline-block; margin: 0; padding: .5rem .75rem; border-radius: .75rem; background: #e8e8ed; color: #1f2328 }
li p.whatsapp { background: #d9fdd3 }
nav a { margin-right: 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-top: 1px solid var(--line); white-space: nowrap }
th { font-weight: 600; color: var(--quiet) } td.n, th.n { text-align: right }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem; margin: 1rem 0 }
dt { color: var(--quiet) } dd { margin: 0; font-size: 1.5rem }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: currentColor }
svg .s0 { fill: var(--s0) } svg .s1 { fill: var(--s1) } svg .s2 { fill: var(--s2) } svg line { stroke: var(--line) }
";

/// A page. Everything in `body` is HTML; `title` is not.
pub(crate) fn page(title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style>{body}</html>"
    );
    ([(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], Html(html))
        .into_response()
}

/// A text as HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table. The first column is text, the others numbers; cells are texts.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "<p>None.</p>".to_owned();
    }
    let head = cells("th", head.iter().copied());
    let rows = rows.iter().fold(String::new(), |all, row| {
        all + "<tr>" + &cells("td", row.iter().map(String::as_str)) + "</tr>"
    });
    format!("<div class=\"wide\"><table><tr>{head}</tr>{rows}</table></div>")
}

fn cells<'a>(tag: &str, cells: impl Iterator<Item = &'a str>) -> String {
    cells.enumerate().fold(String::new(), |all, (at, cell)| {
        let class = if at == 0 { "" } else { " class=\"n\"" };
        all + &format!("<{tag}{class}>{}</{tag}>", escaped(cell))
    })
}
