//! What every path answers, whatever is behind it.

use crate::harness::TestApp;

#[tokio::test]
async fn unknown_paths_and_versions_are_problems_in_the_shape_of_their_version() {
    let app = TestApp::start().await;
    let answer = app.get("/v2/nothing").send().await.refused(404, "not_found");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("x-request-id"), answer.body["request_id"].as_str());
    let answer = app.get("/v1/nothing").send().await.refused(404, "not_found");
    assert_eq!(answer.body["error"], true);
    assert!(answer.header("deprecation").is_some());
    let answer = app.get("/v7/rooms").send().await.refused(400, "unsupported_version");
    assert_eq!(answer.body["details"]["supported"], serde_json::json!(["v1", "v2"]));
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_refused_even_where_none_is_needed() {
    let app = TestApp::start().await;
    app.get("/v2/nothing").header("authorization", "Bearer nonsense").send().await.expect(404);
}
