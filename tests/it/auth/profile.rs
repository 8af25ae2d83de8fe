//! What people change about themselves.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PASSWORD, kinds_about, logged_in, refreshed, registered, try_log_in};
use crate::harness::TestApp;

const NEW: &str = "a mountain in summer";

#[tokio::test]
async fn a_profile_changes_by_merge_patch_guarded_by_its_version() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let me = app.get("/v2/auth/me").by(&ada).send().await.expect(200);
    let tag = me.header("etag").unwrap().to_owned();
    let change = json!({ "name": "Ada L.", "preferences": { "zone": "Asia/Kolkata", "language": "hi" } });
    let send = |body: Value| app.patch("/v2/auth/me", body).by(&ada).header("if-match", &tag).send();
    let changed = send(change).await.expect(200);
    assert_eq!(changed.data()["name"], "Ada L.");
    let mut expected = json!({
        "language": "hi", "zone": "Asia/Kolkata", "email": true, "reminder_minutes": 60,
        "sms": true, "whatsapp": false, "promotions": false, "opted_out": false, "quiet_hours": "21:00-08:00",
    });
    assert_eq!(changed.data()["preferences"], expected);
    send(json!({ "name": "Late" })).await.refused(412, "precondition_failed");
    let change = json!({ "preferences": { "zone": null, "language": null, "reminder_minutes": null } });
    let changed = app.patch("/v2/auth/me", change).by(&ada).send().await.expect(200);
    for (field, value) in
        [("language", json!("en")), ("zone", Value::Null), ("reminder_minutes", Value::Null)]
    {
        expected[field] = value;
    }
    assert_eq!(changed.data()["preferences"], expected);
    assert_eq!(changed.data()["version"], 3);
    let same = app.patch("/v2/auth/me", json!({ "name": "Ada L." })).by(&ada).send().await.expect(200);
    assert_eq!(same.data()["version"], 3, "nothing changed");
}

#[tokio::test]
async fn an_unchanged_profile_is_304() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let me = app.get("/v2/auth/me").by(&ada).send().await.expect(200);
    let tag = me.header("etag").unwrap();
    app.get("/v2/auth/me").by(&ada).header("if-none-match", tag).send().await.expect(304);
}

#[tokio::test]
async fn every_bad_field_of_a_profile_is_told_at_once() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let preferences = json!({ "language": "!", "reminder_minutes": 0 });
    let body = json!({ "name": null, "preferences": preferences });
    let answer = app.patch("/v2/auth/me", body).by(&ada).send().await.refused(422, "validation_failed");
    let fields: Vec<_> = answer.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(fields, ["/preferences/language", "/preferences/reminder_minutes", "/name"]);
    let body = json!({ "role": "admin", "preferences": { "zone": "Mars/Base" }, "email": 5 });
    let answer = app.patch("/v2/auth/me", body).by(&ada).send().await.refused(422, "validation_failed");
    let fields: Vec<_> = answer.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(fields, ["/email", "/preferences/zone", "/role"]);
}

#[tokio::test]
async fn a_new_name_frees_the_old_one() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let (eve, _) = registered(&app, "eve").await;
    let rename = |name: &str| json!({ "user_name": name });
    app.patch("/v2/auth/me", rename("ada")).by(&eve).send().await.refused(409, "already_exists");
    app.patch("/v2/auth/me", rename("lovelace")).by(&ada).send().await.expect(200);
    app.patch("/v2/auth/me", rename("ada")).by(&eve).send().await.expect(200);
    assert_eq!(logged_in(&app, "ada", PASSWORD).await.0.id, eve.id);
    assert_eq!(logged_in(&app, "lovelace", PASSWORD).await.0.id, ada.id);
}

#[tokio::test]
async fn a_new_address_needs_the_current_password() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let send = |body: Value| app.patch("/v2/auth/me", body).by(&ada).send();
    let answer = send(json!({ "email": "new@people.example" })).await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/current_password".to_owned(), "required".to_owned())]);
    let wrong = json!({ "email": "new@people.example", "current_password": "not the password" });
    let answer = send(wrong).await.refused(422, "validation_failed");
    assert_eq!(answer.fields(), [("/current_password".to_owned(), "wrong_password".to_owned())]);
    send(json!({ "email": "new@people.example", "current_password": PASSWORD })).await.expect(200);
    assert_eq!(logged_in(&app, "new@people.example", PASSWORD).await.0.id, ada.id);
    try_log_in(&app, "ada@people.example", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let (here, mine) = registered(&app, "ada").await;
    let (there, others) = logged_in(&app, "ada", PASSWORD).await;
    let change = |current: &str| json!({ "current_password": current, "password": NEW });
    let send = |body: Value| app.post("/v2/auth/me/password", body).key("p1").by(&here).send();
    send(change("not the password")).await.refused(422, "validation_failed");
    send(change(PASSWORD)).await.expect(200);
    let again = send(change(PASSWORD)).await.expect(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    app.advance(SignedDuration::from_secs(30));
    app.get("/v2/auth/me").by(&here).send().await.expect(200);
    refreshed(&app, &mine["refresh_token"]).await.expect(200);
    app.get("/v2/auth/me").by(&there).send().await.refused(401, "unauthenticated");
    refreshed(&app, &others["refresh_token"]).await.refused(401, "unauthenticated");
    try_log_in(&app, "ada", PASSWORD).await.refused(401, "invalid_credentials");
    logged_in(&app, "ada", NEW).await;
    let kinds = kinds_about(&app, &here.id.to_string()).await;
    assert_eq!(kinds, ["account.registered", "account.password_changed"]);
}

#[tokio::test]
async fn guesses_at_the_current_password_are_counted() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    let body = json!({ "current_password": "not the password", "password": NEW });
    for _ in 0..10 {
        app.post("/v2/auth/me/password", body.clone())
            .by(&ada)
            .send()
            .await
            .refused(422, "validation_failed");
    }
    app.post("/v2/auth/me/password", body).by(&ada).send().await.refused(429, "rate_limited");
}
