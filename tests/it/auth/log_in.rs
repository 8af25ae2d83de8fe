//! Registering, logging in, refreshing, logging out.

use domain::Role;
use jiff::SignedDuration;
use lambda_http::http::Request;
use lambda_http::tower::ServiceExt;
use serde_json::json;
use web::Origin;

use super::{PASSWORD, events, kinds_about, logged_in, refreshed, registered, registration, try_log_in};
use crate::harness::TestApp;

#[tokio::test]
async fn whoever_registers_is_a_customer_and_can_log_in_by_name_or_address() {
    let app = TestApp::start().await;
    let answer = app.post("/v2/auth/register", registration("Ada")).send().await.expect(201);
    assert_eq!(answer.data()["role"], "customer");
    assert_eq!(answer.data()["scope"], "all");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for login in ["ada", "ADA", "ada@people.example"] {
        let (person, _) = logged_in(&app, login, PASSWORD).await;
        let me = app.get("/v2/auth/me").by(&person).send().await.expect(200);
        assert_eq!(me.text_of("user_name"), "ada");
    }
}

#[tokio::test]
async fn nobody_registers_as_more_than_a_customer() {
    let app = TestApp::start().await;
    let mut body = registration("mallory");
    body["role"] = json!("admin");
    body["active"] = json!(true);
    let answer = app.post("/v2/auth/register", body).send().await.refused(422, "validation_failed");
    let unknown = |field: &str| (format!("/{field}"), "unknown_field".to_owned());
    assert_eq!(answer.fields(), [unknown("active"), unknown("role")]);
    try_log_in(&app, "mallory", PASSWORD).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn every_bad_field_of_a_registration_is_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({ "user_name": "a b", "email": "nobody", "password": "short", "colour": 1 });
    let answer = app.post("/v2/auth/register", body).send().await.refused(422, "validation_failed");
    let mut problem = answer.body.clone();
    problem["request_id"] = json!("(id)");
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "validation_failed",
      "detail": "some fields are not valid",
      "errors": [
        {
          "code": "required",
          "detail": "is required",
          "pointer": "/name"
        },
        {
          "code": "invalid_value",
          "detail": "may have letters, digits, dots, dashes and underscores",
          "pointer": "/user_name"
        },
        {
          "code": "invalid_value",
          "detail": "is not an e-mail address",
          "pointer": "/email"
        },
        {
          "code": "invalid_value",
          "detail": "must have at least 10 characters",
          "pointer": "/password"
        },
        {
          "code": "unknown_field",
          "detail": "is not a field of this request",
          "pointer": "/colour"
        }
      ],
      "request_id": "(id)",
      "retryable": false,
      "status": 422,
      "title": "Some fields are not valid",
      "type": "/docs/errors#validation_failed"
    }
    "#);
    for (user_name, password) in [("ada.byron", "ada.byron@people.example"), ("byron-1815", "Byron-1815")] {
        let mut body = registration(user_name);
        body["password"] = json!(password);
        let answer = app.post("/v2/auth/register", body).send().await.refused(422, "validation_failed");
        assert_eq!(answer.fields(), [("/password".to_owned(), "invalid_value".to_owned())]);
    }
    for password in ["password123", "1234567890", "xxxxxxxxxxxx", &"x y".repeat(86)] {
        let mut body = registration("ada");
        body["password"] = json!(password);
        app.post("/v2/auth/register", body).send().await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn bodies_that_are_no_registration_are_refused() {
    let app = TestApp::start().await;
    let send = |kind: &str, body: &'static str| {
        app.call(reqwest::Method::POST, "/v2/auth/register").raw(kind, body).send()
    };
    send("application/json", "{").await.refused(400, "malformed_body");
    send("application/json", "[]").await.refused(400, "malformed_body");
    send("text/plain", "{}").await.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_name_or_an_address_is_taken_once() {
    let app = TestApp::start().await;
    registered(&app, "ada").await;
    let mut body = registration("ADA");
    body["email"] = json!("other@people.example");
    let answer = app.post("/v2/auth/register", body).send().await.refused(409, "already_exists");
    assert_eq!(answer.body["details"]["field"], "/user_name");
    let mut body = registration("other");
    body["email"] = json!("Ada@People.example");
    let answer = app.post("/v2/auth/register", body).send().await.refused(409, "already_exists");
    assert_eq!(answer.body["details"]["field"], "/email");
}

#[tokio::test]
async fn a_registration_sent_twice_with_one_key_makes_one_account() {
    let app = TestApp::start().await;
    let first = app.post("/v2/auth/register", registration("ada")).key("k1").send().await.expect(201);
    let again = app.post("/v2/auth/register", registration("ada")).key("k1").send().await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.data(), again.data());
    let other = app.post("/v2/auth/register", registration("eve")).key("k1").send().await;
    other.refused(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_log_in_never_tells_whether_there_is_such_an_account() {
    let app = TestApp::counted().await;
    registered(&app, "ada").await;
    let wrong = try_log_in(&app, "ada", "not the password").await.refused(401, "invalid_credentials");
    for login in ["nobody", "nobody@people.example", "", "a b c", "@"] {
        let unknown = try_log_in(&app, login, "not the password").await.refused(401, "invalid_credentials");
        assert_eq!(unknown.body["detail"], wrong.body["detail"]);
    }
    let unknown = try_log_in(&app, "nobody", "not the password").await;
    assert_eq!(unknown.usage().0, wrong.usage().0, "round trips");
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn the_eleventh_guess_within_a_quarter_of_an_hour_is_refused_even_if_it_is_right() {
    let app = TestApp::start().await;
    registered(&app, "ada").await;
    for _ in 0..10 {
        try_log_in(&app, "ada", "not the password").await.refused(401, "invalid_credentials");
    }
    // The same account by its other name.
    let answer = try_log_in(&app, "ada@people.example", PASSWORD).await.refused(429, "rate_limited");
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((890..=901).contains(&seconds), "{seconds}");
    app.advance(SignedDuration::from_secs(seconds));
    logged_in(&app, "ada", PASSWORD).await;
}

#[tokio::test]
async fn the_addresses_of_one_network_of_ipv6_guess_together() {
    let app = TestApp::start().await;
    registered(&app, "ada").await;
    let service = web::service(app.api().clone(), app.core());
    let guess = async |address: String| {
        let request = Request::builder()
            .method("POST")
            .uri("/v2/auth/login")
            .header("content-type", "application/json")
            .extension(Origin { ip: Some(address) })
            .body(json!({ "login": "ada", "password": "not the password" }).to_string())
            .unwrap();
        service.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    for host in 0..10 {
        assert_eq!(guess(format!("2001:db8:0:7::{host:x}")).await, 401);
    }
    assert_eq!(guess("2001:db8:0:7:ffff::1".to_owned()).await, 429);
    assert_eq!(guess("2001:db8:0:8::1".to_owned()).await, 401, "a neighbour is somebody else");
}

#[tokio::test]
async fn a_right_guess_forgets_the_wrong_ones_before_it() {
    let app = TestApp::start().await;
    registered(&app, "ada").await;
    for _ in 0..3 {
        for _ in 0..9 {
            try_log_in(&app, "ada", "not the password").await.refused(401, "invalid_credentials");
        }
        logged_in(&app, "ada", PASSWORD).await;
    }
}

#[tokio::test]
async fn guesses_at_an_account_that_does_not_exist_are_counted_too() {
    let app = TestApp::start().await;
    for _ in 0..10 {
        try_log_in(&app, "nobody", "not the password").await.refused(401, "invalid_credentials");
    }
    try_log_in(&app, "Nobody ", "not the password").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn forty_guesses_at_once_get_no_further_than_ten() {
    let app = TestApp::start().await;
    registered(&app, "ada").await;
    let guesses = (0..40).map(|_| try_log_in(&app, "ada", "not the password"));
    let answers = futures::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((looked_at, refused), (10, 30));
}

#[tokio::test]
async fn twenty_registrations_an_hour_come_from_one_address() {
    let app = TestApp::start().await;
    for at in 0..20 {
        let mut body = registration(&format!("person-{at}"));
        body["password"] = json!(format!("person-{at}@people.example"));
        app.post("/v2/auth/register", body).send().await.refused(422, "validation_failed");
    }
    app.post("/v2/auth/register", registration("ada")).send().await.refused(429, "rate_limited");
    app.advance(SignedDuration::from_mins(61));
    app.post("/v2/auth/register", registration("ada")).send().await.expect(201);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_using_it_again_ends_the_session() {
    let app = TestApp::start().await;
    let (person, first) = registered(&app, "ada").await;
    let second = refreshed(&app, &first["refresh_token"]).await.expect(200);
    let third = refreshed(&app, &second.data()["refresh_token"]).await.expect(200);
    refreshed(&app, &first["refresh_token"]).await.refused(401, "token_reused");
    refreshed(&app, &third.data()["refresh_token"]).await.refused(401, "unauthenticated");
    app.get("/v2/auth/me").by(&person).send().await.refused(401, "unauthenticated");
    assert_eq!(
        kinds_about(&app, &person.session.to_string()).await,
        ["session.began", "session.reuse_detected"]
    );
    logged_in(&app, "ada", PASSWORD).await;
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_answered_again_by_its_key() {
    let app = TestApp::start().await;
    let (_, first) = registered(&app, "ada").await;
    let body = json!({ "refresh_token": first["refresh_token"] });
    let second = app.post("/v2/auth/refresh", body.clone()).key("r1").send().await.expect(200);
    let again = app.post("/v2/auth/refresh", body.clone()).key("r1").send().await.expect(200);
    assert_eq!(again.data()["refresh_token"], second.data()["refresh_token"]);
    let third = refreshed(&app, &again.data()["refresh_token"]).await.expect(200);
    app.post("/v2/auth/refresh", body).key("r1").send().await.refused(401, "token_reused");
    refreshed(&app, &third.data()["refresh_token"]).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_made_up_refresh_token_ends_nobodys_session() {
    let app = TestApp::start().await;
    let (person, first) = registered(&app, "ada").await;
    let made_up = format!("{}.{}.{}.{}", person.id, person.session, "0".repeat(32), "A".repeat(43));
    for token in [made_up.as_str(), "", "a.b.c", &"x".repeat(5_000)] {
        refreshed(&app, &json!(token)).await.refused(401, "unauthenticated");
    }
    refreshed(&app, &first["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_its_last_refresh() {
    let app = TestApp::start().await;
    let (_, first) = registered(&app, "ada").await;
    app.advance(SignedDuration::from_hours(29 * 24));
    let second = refreshed(&app, &first["refresh_token"]).await.expect(200);
    app.advance(SignedDuration::from_hours(29 * 24));
    let third = refreshed(&app, &second.data()["refresh_token"]).await.expect(200);
    app.advance(SignedDuration::from_hours(30 * 24));
    refreshed(&app, &third.data()["refresh_token"]).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn logging_out_ends_this_session_and_no_other() {
    let app = TestApp::start().await;
    let (here, tokens) = registered(&app, "ada").await;
    let (there, _) = logged_in(&app, "ada", PASSWORD).await;
    app.post("/v2/auth/logout", json!({})).by(&here).send().await.expect(204);
    app.get("/v2/auth/me").by(&here).send().await.refused(401, "unauthenticated");
    refreshed(&app, &tokens["refresh_token"]).await.refused(401, "unauthenticated");
    app.get("/v2/auth/me").by(&there).send().await.expect(200);
    assert_eq!(kinds_about(&app, &here.session.to_string()).await, ["session.began", "session.ended"]);
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_session_within_half_a_minute() {
    let app = TestApp::start().await;
    let (here, _) = registered(&app, "ada").await;
    let (there, tokens) = logged_in(&app, "ada", PASSWORD).await;
    app.get("/v2/auth/me").by(&there).send().await.expect(200);
    app.post("/v2/auth/logout", json!({ "everywhere": true })).by(&here).send().await.expect(204);
    refreshed(&app, &tokens["refresh_token"]).await.refused(401, "unauthenticated");
    app.advance(SignedDuration::from_secs(30));
    for person in [&here, &there] {
        app.get("/v2/auth/me").by(person).send().await.refused(401, "unauthenticated");
    }
    logged_in(&app, "ada", PASSWORD).await;
}

#[tokio::test]
async fn the_keys_that_tokens_verify_with_are_published() {
    let app = TestApp::start().await;
    let answer = app.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(answer.body["keys"][0]["crv"], "Ed25519");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert!(answer.body["keys"][0].get("d").is_none(), "the private part");
}

#[tokio::test]
async fn no_event_carries_a_secret() {
    let app = TestApp::start().await;
    let (ada, tokens) = registered(&app, "ada").await;
    let second = refreshed(&app, &tokens["refresh_token"]).await.expect(200);
    let admin = app.person(Role::Admin).await;
    let path = format!("/v2/accounts/{}/reset-password", ada.id);
    app.post(&path, json!({})).by(&admin).send().await.expect(202);
    let link = super::link_of(&app, ada.id).await;
    let body = json!({ "token": link, "password": "another river in winter" });
    app.post("/v2/auth/password/reset", body).send().await.expect(204);
    let told = serde_json::to_string(&events(&app).await).unwrap();
    let kept = app.store().account(ada.id).await.unwrap().password.unwrap();
    let code = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let secrets = [
        PASSWORD.to_owned(),
        "another river".to_owned(),
        kept,
        "argon2".to_owned(),
        code(&link),
        code(tokens["refresh_token"].as_str().unwrap()),
        code(&second.text_of("refresh_token")),
        code(tokens["access_token"].as_str().unwrap()),
    ];
    assert!(told.contains("account.password_changed"));
    for secret in secrets {
        assert!(!told.contains(&secret), "{secret}");
    }
}
