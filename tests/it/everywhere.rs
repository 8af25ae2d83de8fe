//! Every route, every role: nobody gets past a gate that is not theirs, and nothing that is sent makes a 500.

use domain::{Permission, Role};
use reqwest::Method;
use serde_json::json;
use web::{Access, Version};

use crate::harness::{Answer, Person, TestApp};

/// A route as it is called.
struct Called {
    method: Method,
    path: String,
    access: Access,
}

/// Every route of the versions, with ids in its path that nobody has.
fn every_route(app: &TestApp) -> Vec<Called> {
    app.api()
        .table()
        .map(|(version, route)| {
            let path = route.path().split('/').map(|segment| match segment {
                "{id}" => format!("{}00000000000000000000000000", prefix(route.path())),
                segment if segment.starts_with('{') => "nobody".to_owned(),
                segment => segment.to_owned(),
            });
            let path = path.collect::<Vec<_>>().join("/");
            let version = version.map_or_else(String::new, |version| format!("/{}", version.as_str()));
            Called {
                method: route.method().clone(),
                path: format!("{version}{path}"),
                access: route.access(),
            }
        })
        .collect()
}

/// What ids of this path begin with.
fn prefix(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("accounts") => "usr_",
        Some("locations" | "temples") => "loc_",
        Some("rooms") => "res_",
        Some("reviews") => "rvw_",
        Some("series") => "srs_",
        Some("pools" | "pujas") => "pol_",
        Some("orders") => "ord_",
        Some("promo-codes") => "prm_",
        Some("messages") => "msg_",
        Some("campaigns") => "cmp_",
        Some("calendar-feeds") => "fed_",
        _ => "bkg_",
    }
}

async fn call(app: &TestApp, called: &Called, by: Option<&Person>) -> Answer {
    let mut call = app.call(called.method.clone(), &called.path);
    if let Some(person) = by {
        call = call.by(person);
    }
    if called.method != Method::GET {
        call = call.key(&format!("{} {}", called.method, called.path)).json(json!({ "nonsense": [1] }));
    }
    call.send().await
}

#[tokio::test]
async fn without_a_token_every_route_but_the_public_ones_is_401() {
    let app = TestApp::start().await;
    let mut refused = 0;
    for called in every_route(&app) {
        let status = call(&app, &called, None).await.status.as_u16();
        if called.access == Access::Anyone {
            assert!(status < 500, "{} {}: {status}", called.method, called.path);
        } else {
            assert_eq!(status, 401, "{} {}", called.method, called.path);
            refused += 1;
        }
    }
    println!("everywhere: {refused} routes refuse those who are not signed in");
    assert!(refused > 80, "{refused}");
}

#[tokio::test]
async fn each_role_gets_as_far_as_its_permissions_and_no_further() {
    let app = TestApp::start().await;
    let routes = every_route(&app);
    let (mut kept_out, mut let_in) = (0, 0);
    for role in Role::ALL {
        let person = app.person(role).await;
        for called in routes.iter().filter(|called| !called.path.contains("/logout")) {
            let answer = call(&app, called, Some(&person)).await;
            let status = answer.status.as_u16();
            let told = format!("{role:?} {} {}: {}", called.method, called.path, answer.text);
            assert!(status < 500, "{told}");
            match called.access {
                Access::Needs(permission) if !role.permissions().contains(&permission) => {
                    assert_eq!(status, 403, "{told}");
                    kept_out += 1;
                }
                // Nobody has these ids, and the bodies are nonsense: let in, but not to anything.
                _ => {
                    assert!(status != 401, "{told}");
                    let_in += 1;
                }
            }
        }
    }
    println!(
        "everywhere: {} roles × {} routes: {let_in} let in, {kept_out} kept out",
        Role::ALL.len(),
        routes.len()
    );
    assert!(kept_out > 0 && let_in > 0);
}

#[tokio::test]
async fn no_route_of_v2_takes_no_notice_of_a_parameter_that_it_does_not_know() {
    let app = TestApp::start().await;
    let admin = app.person(Role::Admin).await;
    let routes = every_route(&app).into_iter().filter(|called| {
        // What is signed over its query reads it whole.
        called.path.starts_with("/v2/") && !called.path.starts_with("/v2/webhooks/")
    });
    let mut refused = 0;
    for mut called in routes {
        called.path += "?expands=room";
        let answer = call(&app, &called, Some(&admin)).await;
        let told = format!("{} {}: {} {}", called.method, called.path, answer.status, answer.text);
        // A path that names nothing at all is not found before its query is read.
        if answer.status != 404 {
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (400, &json!("bad_request")),
                "{told}"
            );
            assert!(answer.text.contains("/query/expands"), "{told}");
            refused += 1;
        }
    }
    println!("everywhere: {refused} routes of v2 refuse a parameter that they do not know");
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn the_auditor_writes_nothing_anywhere() {
    let app = TestApp::start().await;
    let writes = app.api().table().filter_map(|(version, route)| match route.access() {
        Access::Needs(permission) if route.method() != Method::GET => {
            Some((version, route.path(), permission))
        }
        _ => None,
    });
    for (version, path, permission) in writes.filter(|(version, ..)| *version == Some(Version::V2)) {
        let allowed = Role::Auditor.permissions().contains(&permission);
        assert!(!allowed, "{version:?} {path} lets the auditor write by {permission:?}");
    }
    assert!(!Role::Auditor.permissions().contains(&Permission::Book));
}
