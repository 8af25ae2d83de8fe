//! One-time links.

use domain::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PASSWORD, admin, kinds_about, link_of, logged_in, refreshed, registered, try_log_in};
use crate::harness::{Answer, TestApp};

const NEW: &str = "a mountain in summer";

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.post("/v2/auth/password/forgot", json!({ "email": email })).send().await
}

async fn reset(app: &TestApp, token: &str) -> Answer {
    app.post("/v2/auth/password/reset", json!({ "token": token, "password": NEW })).send().await
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let app = TestApp::start().await;
    let (ada, tokens) = registered(&app, "ada").await;
    forgot(&app, &ada.email).await.expect(202);
    let link = link_of(&app, ada.id).await;
    reset(&app, &link).await.expect(204);
    reset(&app, &link).await.refused(410, "gone");
    refreshed(&app, &tokens["refresh_token"]).await.refused(401, "unauthenticated");
    app.advance(SignedDuration::from_secs(30));
    app.get("/v2/auth/me").by(&ada).send().await.refused(401, "unauthenticated");
    try_log_in(&app, "ada", PASSWORD).await.refused(401, "invalid_credentials");
    logged_in(&app, "ada", NEW).await;
    assert_eq!(
        kinds_about(&app, &ada.id.to_string()).await,
        ["account.registered", "account.password_reset_requested", "account.password_changed"]
    );
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_wins() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    forgot(&app, &ada.email).await.expect(202);
    let link = link_of(&app, ada.id).await;
    let answers = futures::future::join_all((0..8).map(|_| reset(&app, &link))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410, 410, 410, 410, 410, 410, 410]);
}

#[tokio::test]
async fn a_link_ends_after_half_an_hour_and_by_the_next_one() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    forgot(&app, &ada.email).await.expect(202);
    let first = link_of(&app, ada.id).await;
    forgot(&app, &ada.email).await.expect(202);
    let second = link_of(&app, ada.id).await;
    reset(&app, &first).await.refused(410, "gone");
    app.advance(SignedDuration::from_mins(30));
    reset(&app, &second).await.refused(410, "gone");
    for made_up in ["", "a.b.c", &second.replace("usr_", "usr_0"), &format!("{second}x")] {
        let answer = reset(&app, made_up).await.refused(422, "validation_failed");
        assert_eq!(answer.fields(), [("/token".to_owned(), "invalid_value".to_owned())]);
    }
}

#[tokio::test]
async fn asking_for_a_link_answers_and_costs_the_same_for_nobody() {
    let app = TestApp::counted().await;
    let (ada, _) = registered(&app, "ada").await;
    let known = forgot(&app, &ada.email).await.expect(202);
    let unknown = forgot(&app, "nobody@people.example").await.expect(202);
    assert_eq!(known.body, unknown.body);
    assert_eq!(known.usage().0, unknown.usage().0, "round trips");
}

#[tokio::test]
async fn an_address_gets_three_links_an_hour_whether_or_not_it_is_known() {
    let app = TestApp::start().await;
    let (ada, _) = registered(&app, "ada").await;
    for email in [ada.email.as_str(), "nobody@people.example"] {
        for _ in 0..3 {
            forgot(&app, email).await.expect(202);
        }
        forgot(&app, email).await.refused(429, "rate_limited");
    }
}

#[tokio::test]
async fn who_is_invited_sets_a_first_password_within_a_day() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let body = json!({ "name": "Bob", "user_name": "bob", "email": "bob@people.example", "role": "auditor" });
    let answer = app.post("/v2/accounts", body).by(&admin).send().await.expect(201);
    assert!(!answer.text.contains("password"));
    let id = answer.text_of("id");
    assert_eq!(kinds_about(&app, &id).await, ["account.created", "account.invited"]);
    try_log_in(&app, "bob", NEW).await.refused(401, "invalid_credentials");
    let id: domain::UserId = id.parse().unwrap();
    app.advance(SignedDuration::from_hours(23));
    reset(&app, &link_of(&app, id).await).await.expect(204);
    let (bob, data) = logged_in(&app, "bob", NEW).await;
    assert_eq!((bob.id, &data["account"]["role"]), (id, &Value::from("auditor")));
}

#[tokio::test]
async fn an_administrator_sends_a_link_and_learns_no_password() {
    let app = TestApp::start().await;
    let admin = admin(&app).await;
    let (ada, _) = registered(&app, "ada").await;
    let path = format!("/v2/accounts/{}/reset-password", ada.id);
    let send = || app.post(&path, json!({})).key("once").by(&admin).send();
    send().await.expect(202);
    let link = link_of(&app, ada.id).await;
    let again = send().await.expect(202);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert!(!again.text.contains(link.rsplit('.').next().unwrap()));
    // The password stays until the link is used.
    logged_in(&app, "ada", PASSWORD).await;
    reset(&app, &link).await.expect(204);
    let customer = app.person(Role::Customer).await;
    app.post(&path, json!({})).by(&customer).send().await.refused(403, "forbidden");
}
