//! What administrators do, and what others cannot.

use domain::{LocationId, Role, Scope};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PASSWORD, admin, kinds_about, logged_in, refreshed, registered, try_log_in};
use crate::harness::{Answer, Person, TestApp};
use crate::office::{blue, book};

async fn change(app: &TestApp, by: &Person, whom: &Person, body: Value) -> Answer {
    app.patch(&format!("/v2/accounts/{}", whom.id), body).by(by).send().await
}

#[tokio::test]
async fn a_demotion_holds_within_half_a_minute() {
    let app = TestApp::start().await;
    let (first, second) = (admin(&app).await, admin(&app).await);
    app.get("/v2/accounts").by(&second).send().await.expect(200);
    let answer = change(&app, &first, &second, json!({ "role": "customer" })).await.expect(200);
    assert_eq!(answer.data()["role"], "customer");
    app.advance(SignedDuration::from_secs(30));
    app.get("/v2/accounts").by(&second).send().await.refused(403, "forbidden");
    assert_eq!(kinds_about(&app, &second.id.to_string()).await, ["account.role_changed"]);
}

#[tokio::test]
async fn a_demoted_administrator_makes_nobody_one_in_that_half_minute() {
    let app = TestApp::start().await;
    let (first, second) = (admin(&app).await, admin(&app).await);
    let friend = app.person(Role::Customer).await;
    app.get("/v2/accounts").by(&second).send().await.expect(200);
    change(&app, &first, &second, json!({ "role": "customer" })).await.expect(200);
    change(&app, &second, &friend, json!({ "role": "admin" })).await.refused(403, "forbidden");
    change(&app, &second, &first, json!({ "active": false })).await.refused(403, "forbidden");
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let app = TestApp::start().await;
    let only = admin(&app).await;
    for body in [
        json!({ "role": "customer" }),
        json!({ "active": false }),
        json!({ "role": "staff", "scope": "all" }),
    ] {
        change(&app, &only, &only, body).await.refused(403, "forbidden");
    }
    change(&app, &only, &only, json!({ "name": "Still here" })).await.expect(200);
}

#[tokio::test]
async fn of_two_administrators_who_depose_each_other_one_is_left() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let (first, second) = (admin(&app).await, admin(&app).await);
        let depose = json!({ "role": "customer" });
        let (one, other) = futures::future::join(
            change(&app, &first, &second, depose.clone()),
            change(&app, &second, &first, depose),
        )
        .await;
        let mut left = 0;
        for person in [&first, &second] {
            left += usize::from(app.store().account(person.id).await.unwrap().user.role == Role::Admin);
        }
        assert!(left >= 1, "{} {}", one.text, other.text);
    }
}

#[tokio::test]
async fn a_deactivated_account_is_out_until_it_is_reactivated() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let (ada, tokens) = registered(&app, "ada").await;
    change(&app, &admin, &ada, json!({ "active": false })).await.expect(200);
    try_log_in(&app, "ada", PASSWORD).await.refused(401, "invalid_credentials");
    refreshed(&app, &tokens["refresh_token"]).await.refused(401, "unauthenticated");
    app.advance(SignedDuration::from_secs(30));
    app.get("/v2/auth/me").by(&ada).send().await.refused(401, "unauthenticated");
    let path = format!("/v2/accounts/{}/reset-password", ada.id);
    app.post(&path, json!({})).by(&admin).send().await.refused(409, "wrong_state");
    let admin = app.renewed(&admin);
    change(&app, &admin, &ada, json!({ "active": true })).await.expect(200);
    // What was ended stays ended.
    refreshed(&app, &tokens["refresh_token"]).await.refused(401, "unauthenticated");
    app.get("/v2/auth/me").by(&ada).send().await.refused(401, "unauthenticated");
    logged_in(&app, "ada", PASSWORD).await;
    let kinds = kinds_about(&app, &ada.id.to_string()).await;
    assert_eq!(kinds, ["account.registered", "account.deactivated", "account.reactivated"]);
}

#[tokio::test]
async fn others_accounts_do_not_exist_for_those_who_may_not_read_them() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    for path in [format!("/v2/accounts/{}", ada.id), format!("/v2/accounts/{}/bookings", ada.id)] {
        for role in [Role::Manager, Role::Staff, Role::Moderator, Role::Service, Role::Customer] {
            let stranger = app.person(role).await;
            app.get(&path).by(&stranger).send().await.refused(404, "not_found");
        }
        for role in [Role::Admin, Role::Auditor] {
            let reader = app.person(role).await;
            app.get(&path).by(&reader).send().await.expect(200);
        }
        app.get(&path).by(&ada).send().await.expect(200);
        app.get(&path).send().await.refused(401, "unauthenticated");
    }
    change(&app, &eve, &ada, json!({ "name": "Mine" })).await.refused(403, "forbidden");
    app.get("/v2/accounts").by(&eve).send().await.refused(403, "forbidden");
    let auditor = app.person(Role::Auditor).await;
    change(&app, &auditor, &ada, json!({ "name": "Mine" })).await.refused(403, "forbidden");
    let admin = admin(&app).await;
    for id in ["usr_00000000000000000000000000", "nonsense"] {
        app.get(&format!("/v2/accounts/{id}")).by(&admin).send().await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_scope_goes_with_the_role_it_is_given_with() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let here = LocationId::derived([1; 16]);
    let scope = json!({ "locations": [here] });
    let new =
        |role: &str| json!({ "name": "Mo", "user_name": "moe", "email": "mo@people.example", "role": role });
    let create = |body: Value| app.post("/v2/accounts", body).by(&admin).send();
    let answer = create(new("manager")).await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/scope".to_owned(), "required".to_owned())]);
    let mut auditor = new("auditor");
    auditor["scope"] = scope.clone();
    create(auditor).await.refused(422, "validation_failed");
    let answer = create(new("emperor")).await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/role".to_owned(), "invalid_value".to_owned())]);
    let mut manager = new("manager");
    manager["scope"] = scope.clone();
    let answer = create(manager).await.expect(201);
    assert_eq!(answer.data()["scope"], scope);
    let path = answer.header("location").unwrap().to_owned();
    let answer = app.patch(&path, json!({ "role": "staff" })).by(&admin).send().await.expect(200);
    assert_eq!(answer.data()["scope"], scope, "kept");
    let answer = app.patch(&path, json!({ "role": "customer" })).by(&admin).send().await.expect(200);
    assert_eq!(answer.data()["scope"], "all");
    let stored = app.store().account(answer.text_of("id").parse().unwrap()).await.unwrap();
    assert_eq!(stored.user.scope, Scope::All);
}

#[tokio::test]
async fn accounts_are_listed_page_after_page() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    for _ in 0..4 {
        app.person(Role::Customer).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v2/accounts?limit=2".to_owned();
    loop {
        let page = app.get(&path).by(&admin).send().await.expect(200);
        seen.extend(page.data().as_array().unwrap().iter().map(|account| account["id"].clone()));
        let Some(cursor) = page.body["meta"]["next_cursor"].as_str() else { break };
        path = format!("/v2/accounts?limit=2&cursor={cursor}");
        let other = app.person(Role::Auditor).await;
        app.get(&path).by(&other).send().await.refused(400, "invalid_cursor");
        if seen.len() > 20 {
            break;
        }
    }
    let mut distinct = seen.clone();
    distinct.sort_by_key(ToString::to_string);
    distinct.dedup();
    assert_eq!(seen.len(), distinct.len());
    assert!(seen.len() >= 5);
    app.get("/v2/accounts?limit=0").by(&admin).send().await.refused(400, "bad_request");
}

#[tokio::test]
async fn an_invitation_sent_twice_with_one_key_is_one() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let body = json!({ "name": "Mo", "user_name": "moe", "email": "mo@people.example", "role": "customer" });
    let create = || app.post("/v2/accounts", body.clone()).key("k").by(&admin).send();
    let first = create().await.expect(201);
    let again = create().await.expect(201);
    assert_eq!((first.data(), again.header("idempotent-replayed")), (again.data(), Some("true")));
    assert_eq!(kinds_about(&app, &first.text_of("id")).await.len(), 2);
}

#[tokio::test]
async fn the_operator_makes_the_first_administrator() {
    let app = TestApp::start().await;
    let group = auth::App::new(app.core());
    let make = |email: &str, password: &'static str| {
        let (email, name) = (email.parse().unwrap(), "root.admin".parse().unwrap());
        auth::make_admin(&group, email, name, password)
    };
    assert!(make("root@people.example", "short").await.is_err());
    let root = make("root@people.example", PASSWORD).await.unwrap();
    let (person, _) = logged_in(&app, "root.admin", PASSWORD).await;
    assert_eq!((person.id, root.role), (root.id, Role::Admin));
    app.get("/v2/accounts").by(&person).send().await.expect(200);
    let (ada, _) = registered(&app, "ada").await;
    let promoted = make(&ada.email, "a mountain in summer").await.unwrap();
    assert_eq!((promoted.id, promoted.role), (ada.id, Role::Admin));
    logged_in(&app, "ada", "a mountain in summer").await;
}

#[tokio::test]
async fn a_booking_history_has_the_latest_start_first() {
    let app = TestApp::start().await;
    let room = blue(&app).await;
    let anna = app.person(Role::Customer).await;
    let auditor = app.person(Role::Auditor).await;
    for (start, end) in [("09:00", "10:00"), ("14:00", "15:00"), ("11:00", "12:00")] {
        book(&app, &anna, &room, start, end).await.expect(201);
    }
    let path = format!("/v2/accounts/{}/bookings", anna.id);
    let starts = |answer: &Answer| -> Vec<String> {
        let bookings = answer.data().as_array().unwrap().iter();
        bookings.map(|booking| booking["start"].as_str().unwrap().to_owned()).collect()
    };
    let all = app.get(&path).by(&anna).send().await.expect(200);
    let mut latest_first = starts(&all);
    latest_first.sort_by(|a, b| b.cmp(a));
    assert_eq!((starts(&all).len(), starts(&all)), (3, latest_first));
    assert_eq!(all.data()[0]["state"], "confirmed");
    let page = app.get(&format!("{path}?limit=2")).by(&auditor).send().await.expect(200);
    let cursor = page.body["meta"]["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("{path}?limit=2&cursor={cursor}")).by(&auditor).send().await.expect(200);
    assert_eq!([starts(&page), starts(&rest)].concat(), starts(&all));
    // By the wall clock of the room, in Berlin.
    let old = app.get(&format!("/v1/regular_user/{}/booking_history", anna.user_name));
    let old = old.by(&anna).send().await.expect(200);
    assert_eq!((&old.body["count"], &old.body["bookings"][0]["start_time"]), (&json!(3), &json!("15:00:00")));
    assert_eq!(old.body["bookings"][0]["status"], "Confirmed");
}
