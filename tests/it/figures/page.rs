//! The page of figures of the local server.

use super::busy;
use crate::office;

#[tokio::test]
async fn the_page_shows_totals_months_messages_and_payments_and_runs_nothing() {
    let temple = busy().await;
    let page =
        reqwest::get(format!("{}/figures?location={}", temple.app.url(), temple.place.id)).await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");
    let html = page.text().await.unwrap();
    for part in [
        "<dt>Orders</dt><dd>9</dd>",
        "INR by month",
        "<title>2027-01, captured: INR 2216.00</title>",
        "email, outbox",
        "Open payments",
        "Failed payments",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("<script"));
    // A location where nothing was sold has a page too, and so has an installation without locations.
    let other = office::place(&temple.app, "Europe/Berlin").await;
    let page = reqwest::get(format!("{}/figures?location={}", temple.app.url(), other.id)).await.unwrap();
    assert!(page.text().await.unwrap().contains("<dt>Orders</dt><dd>0</dd>"));
    let empty = crate::harness::TestApp::here().await;
    let page = reqwest::get(format!("{}/figures", empty.url())).await.unwrap();
    assert!(page.text().await.unwrap().contains("Nothing yet"));
}
