//! The description of the API, as a file and as pages.

use std::fs;

use errors::Code;
use serde_json::Value;
use web::Version;

use crate::harness::{Answer, TestApp};
use crate::tidy::{core, queues, root, text};

#[test]
fn the_files_of_the_description_are_what_the_routes_say() {
    let api = local::api(&core(), &queues(), None);
    for version in Version::ALL {
        let path = format!("docs/openapi.{}.json", version.as_str());
        let wanted = web::openapi::document(&api, version, env!("CARGO_PKG_VERSION"));
        if serde_json::from_str::<Value>(&text(&path)).ok().as_ref() == Some(&wanted) {
            continue;
        }
        assert!(
            env::optional("UPDATE_EXPECT").is_some(),
            "{path} is not what the routes say; run: UPDATE_EXPECT=1 cargo test -p tests description"
        );
        fs::write(root().join(&path), format!("{wanted:#}\n")).unwrap();
    }
}

#[tokio::test]
async fn the_description_of_each_version_is_served_and_version_2_unless_asked() {
    let app = TestApp::start().await;
    for (path, version) in [
        ("/openapi.json", Version::V2),
        ("/openapi.json?version=v2", Version::V2),
        ("/openapi.json?version=v1", Version::V1),
        ("/v2/openapi.json", Version::V2),
    ] {
        let served = app.get(path).send().await.expect(200);
        assert_eq!(served.header("content-type"), Some("application/json"));
        assert_eq!(served.body["openapi"], "3.1.0");
        let path = format!("docs/openapi.{}.json", version.as_str());
        assert_eq!(served.body, serde_json::from_str::<Value>(&text(&path)).unwrap());
    }
    let unknown = app.get("/openapi.json?version=v3").send().await.refused(400, "unsupported_version");
    assert_eq!(unknown.body["details"]["supported"], serde_json::json!(["v1", "v2"]));
}

/// What a browser would load or run from elsewhere, or past its policy.
fn assert_self_contained(page: &Answer) {
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(page.text.contains("name=\"viewport\""), "for phones");
    for foreign in ["http://", "https://", " src=", "style=\"", "onclick", "innerHTML", "@import", "eval("] {
        assert!(!page.text.contains(foreign), "{foreign}");
    }
}

#[tokio::test]
async fn the_pages_stand_alone_under_a_strict_policy() {
    let app = TestApp::start().await;
    for path in ["/docs", "/docs/errors", "/v2/docs", "/api/docs/errors"] {
        let page = app.get(path).send().await.expect(200);
        assert_self_contained(&page);
        assert_eq!(page.header("cache-control"), Some("public, max-age=300"));
    }
}

#[tokio::test]
async fn every_error_is_explained_where_its_type_points() {
    let app = TestApp::start().await;
    let refused = app.get("/v2/nothing").send().await.expect(404);
    let (page, anchor) = refused.body["type"].as_str().unwrap().split_once('#').unwrap();
    let page = app.get(page).send().await.expect(200);
    assert!(page.text.contains(&format!("id=\"{anchor}\"")));
    for code in Code::ALL {
        let (_, section) = page.text.split_once(&format!("<section id=\"{code}\">")).unwrap();
        let (section, _) = section.split_once("</section>").unwrap();
        assert!(section.contains(&code.status().to_string()) && section.contains("What to do"), "{code}");
    }
}
