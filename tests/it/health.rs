//! Whether the service says truly that it is alive and ready, and what it is.

use serde_json::json;

use crate::harness::TestApp;

#[tokio::test]
async fn it_is_alive_ready_and_says_what_it_is_outside_the_versions() {
    let app = TestApp::counted().await;
    for path in ["/health", "/api/health", "/v2/health"] {
        let alive = app.get(path).send().await.expect(200);
        assert_eq!(alive.body, json!({ "status": "ok" }), "{path}");
        assert_eq!(alive.usage(), (0, 0));
    }
    let ready = app.get("/ready").send().await.expect(200);
    assert_eq!(
        ready.body,
        json!({ "status": "ready", "dependencies": { "database": "ok", "queue": "ok", "cache": "off" } })
    );
    let version = app.get("/version").send().await.expect(200);
    assert_eq!(version.body["api_versions"], json!(["v1", "v2"]));
    assert_eq!(version.body["default_api_version"], "v1");
    assert_eq!(version.body["release"], env!("CARGO_PKG_VERSION"));
    let zones = version.body["time_zones"].as_str().unwrap();
    assert!(zones.len() == 5 && zones.starts_with("20"), "{zones}");
}

#[tokio::test]
async fn version_1_has_the_health_check_of_the_source_systems() {
    let app = TestApp::start().await;
    let health = json!({ "status": "ok", "service": "holdfast", "version": "v1" });
    for path in ["/v1/health", "/api/v1/health"] {
        let answer = app.get(path).send().await.expect(200);
        assert_eq!(answer.body, health, "{path}");
        assert!(answer.header("deprecation").is_some());
    }
}

#[tokio::test]
async fn without_its_database_it_is_alive_and_not_ready_and_says_what_is_missing() {
    let app = TestApp::here().await;
    app.server().database().close();
    // `off`, or `closed` where the tests run with one.
    let cache = app.server().core().reads.cache().state().as_str();
    let ready = app.get("/ready").send().await.expect(503);
    assert_eq!(
        ready.body,
        json!({ "status": "unavailable", "dependencies": { "database": "unavailable", "queue": "ok", "cache": cache } })
    );
    app.get("/health").send().await.expect(200);
}
