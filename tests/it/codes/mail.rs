//! The same by mail: signing in by a code to a mail address.

use domain::Role;
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::{Answer, Log, TestApp};

async fn ask(app: &TestApp, email: &str) -> Answer {
    app.advance(SignedDuration::from_secs(1));
    app.post("/v2/auth/otp", json!({ "email": email })).send().await
}

/// The digits of the last mail.
async fn asked(app: &TestApp, email: &str) -> String {
    // What was asked for before is out of the way.
    app.settle().await;
    ask(app, email).await.expect(202);
    let mail = app.settle().await.remove(0);
    assert_eq!((mail.to.address.as_str(), mail.to.name.as_deref()), (email, None));
    assert!(!mail.subject.contains(|c: char| c.is_ascii_digit()), "{}", mail.subject);
    let digits: String = mail.text.chars().filter(char::is_ascii_digit).take(6).collect();
    assert!(mail.html.contains(&digits) && digits.len() == 6, "{}", mail.text);
    digits
}

async fn verify(app: &TestApp, email: &str, code: &str, name: Option<&str>) -> Answer {
    let body = match name {
        Some(name) => json!({ "email": email, "code": code, "name": name }),
        None => json!({ "email": email, "code": code }),
    };
    app.post("/v2/auth/otp/verify", body).send().await
}

fn wrong(code: &str, by: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + by) % 1_000_000)
}

#[tokio::test]
async fn whoever_has_the_address_has_its_account_and_a_code_works_once() {
    let app = TestApp::here().await;
    let anna = app.person(Role::Customer).await;
    let code = asked(&app, &anna.email).await;
    verify(&app, &anna.email, &wrong(&code, 1), None).await.refused(401, "invalid_credentials");
    let mixed = anna.email.to_uppercase();
    let signed_in = verify(&app, &mixed, &code, None).await.expect(200);
    assert_eq!(signed_in.data()["account"]["id"], anna.id.to_string());
    verify(&app, &anna.email, &code, None).await.refused(401, "invalid_credentials");
    let late = asked(&app, &anna.email).await;
    app.advance(SignedDuration::from_mins(10));
    verify(&app, &anna.email, &late, None).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn an_unknown_address_is_answered_as_a_known_one_and_becomes_a_customer_by_its_code() {
    let app = TestApp::here().await;
    let anna = app.person(Role::Staff).await;
    let (known, unknown) = (ask(&app, &anna.email).await, ask(&app, "new@people.example").await);
    assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    assert_eq!(known.header("x-usage").is_some(), unknown.header("x-usage").is_some());
    assert_eq!(known.usage(), unknown.usage(), "nor does it take another way");
    let code = asked(&app, "new@people.example").await;
    let refused = verify(&app, "new@people.example", &code, None).await.refused(422, "validation_failed");
    assert_eq!(refused.fields()[0].0, "/name");
    let made = verify(&app, "new@people.example", &code, Some("Nora")).await.expect(200);
    assert_eq!(made.data()["account"]["role"], "customer");
    assert_eq!(made.data()["account"]["email"], "new@people.example");
    let again = asked(&app, "new@people.example").await;
    let back = verify(&app, "new@people.example", &again, None).await.expect(200);
    assert_eq!(back.data()["account"]["id"], made.data()["account"]["id"]);
}

#[tokio::test]
async fn an_address_has_five_guesses_and_five_codes_an_hour() {
    let app = TestApp::here().await;
    let code = asked(&app, "guess@people.example").await;
    for by in 1..=5 {
        let guess = wrong(&code, by);
        verify(&app, "guess@people.example", &guess, Some("x")).await.refused(401, "invalid_credentials");
    }
    verify(&app, "guess@people.example", &code, Some("x")).await.refused(429, "rate_limited");
    for _ in 0..4 {
        ask(&app, "guess@people.example").await.expect(202);
    }
    ask(&app, "guess@people.example").await.refused(429, "rate_limited");
    ask(&app, "other@people.example").await.expect(202);
}

#[tokio::test]
async fn a_code_goes_to_one_of_phone_and_address() {
    let app = TestApp::here().await;
    for (body, pointer) in [
        (json!({ "email": "no address" }), "/email"),
        (json!({ "email": "a@b.example", "phone": "+919876543210" }), "/email"),
        (json!({ "email": "a@b.example", "channel": "sms" }), "/channel"),
    ] {
        let refused = app.post("/v2/auth/otp", body.clone()).send().await.refused(422, "validation_failed");
        assert_eq!(refused.fields()[0].0, pointer, "{body}");
    }
    // The code of an address is of no use for a phone.
    let code = asked(&app, "a@b.example").await;
    let body = json!({ "phone": "+919876543210", "code": code, "name": "x" });
    app.post("/v2/auth/otp/verify", body).send().await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn no_log_or_event_tells_a_code_by_mail_or_what_it_opened() {
    let log = Log::begin();
    let app = TestApp::here().await;
    let code = asked(&app, "quiet@people.example").await;
    verify(&app, "quiet@people.example", &wrong(&code, 1), None).await.refused(401, "invalid_credentials");
    let made = verify(&app, "quiet@people.example", &code, Some("Asha")).await.expect(200);
    app.settle().await;
    let told = log.end();
    let admin = app.person(Role::Admin).await;
    let trail = app.get("/v2/audit?from=2027-01-04T00:00:00Z&to=2027-01-05T00:00:00Z&limit=100");
    let trail = trail.by(&admin).send().await.expect(200);
    assert!(told.contains("a wrong code"));
    for text in [&told, &trail.text] {
        for secret in [&code, &made.text_of("access_token"), &made.text_of("refresh_token")] {
            assert!(!text.contains(secret.as_str()), "{secret}");
        }
    }
    assert!(!told.contains("quiet@people.example"), "{told}");
}
