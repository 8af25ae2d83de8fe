//! Signing in by a code to a phone: once, soon, by few guesses; and nobody learns who is a customer.

mod mail;

use std::sync::Arc;

use domain::Role;
use errors::{Code, Error};
use jiff::SignedDuration;
use local::database::Data;
use providers::{Failure, Text, Texting, Texts};
use serde_json::{Value, json};

use crate::harness::{Answer, Log, Person, TestApp};

const PHONE: &str = "+919876543210";

async fn ask(app: &TestApp, phone: &str) -> Answer {
    app.post("/v2/auth/otp", json!({ "phone": phone })).send().await
}

/// The digits of the last text.
fn digits(app: &TestApp) -> String {
    let body = app.server().texts().list(1).unwrap().remove(0).body;
    let digits: String = body.chars().filter(char::is_ascii_digit).take(6).collect();
    assert!(body.contains(&digits) && digits.len() == 6, "{body}");
    digits
}

async fn asked(app: &TestApp, phone: &str) -> String {
    // Two texts of one instant would be in no order.
    app.advance(SignedDuration::from_secs(1));
    ask(app, phone).await.expect(202);
    app.settle().await;
    digits(app)
}

async fn verify(app: &TestApp, phone: &str, code: &str, name: Option<&str>) -> Answer {
    let mut body = json!({ "phone": phone, "code": code });
    if let Some(name) = name {
        body["name"] = json!(name);
    }
    app.post("/v2/auth/otp/verify", body).send().await
}

/// Another code than the right one.
fn wrong(code: &str, number: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + number) % 1_000_000)
}

fn signed_in(answer: &Answer) -> Person {
    Person { token: answer.text_of("access_token"), ..nobody() }
}

fn nobody() -> Person {
    let id = domain::UserId::derived([0; 16]);
    let session = domain::SessionId::derived([0; 16]);
    Person { id, session, user_name: String::new(), email: String::new(), token: String::new() }
}

#[tokio::test]
async fn a_phone_and_a_name_make_a_customer_and_the_phone_alone_signs_in_from_then_on() {
    let app = TestApp::here().await;
    let code = asked(&app, "98765 43210").await;
    let nameless = verify(&app, PHONE, &code, None).await.refused(422, "validation_failed");
    assert_eq!(nameless.fields(), [("/name".to_owned(), "required".to_owned())]);
    let made = verify(&app, "09876543210", &code, Some("Asha")).await.expect(200);
    let account = &made.data()["account"];
    assert_eq!((&account["role"], &account["name"]), (&json!("customer"), &json!("Asha")));
    assert_eq!((&account["phone"], &account["phone_proved"]), (&json!(PHONE), &json!(true)));
    assert_eq!(account["email"], Value::Null);
    let me = app.get("/v2/auth/me").by(&signed_in(&made)).send().await.expect(200);
    assert_eq!(me.data()["id"], account["id"]);

    let code = asked(&app, PHONE).await;
    let again = verify(&app, PHONE, &code, Some("Somebody else")).await.expect(200);
    assert_eq!(
        (&again.data()["account"]["id"], &again.data()["account"]["name"]),
        (&account["id"], &json!("Asha"))
    );
    let body = json!({ "phone": PHONE, "code": "000000", "name": "Asha", "role": "admin" });
    app.post("/v2/auth/otp/verify", body).send().await.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_code_is_asked_for_alike_by_customers_and_strangers() {
    let app = TestApp::here().await;
    let code = asked(&app, PHONE).await;
    verify(&app, PHONE, &code, Some("Asha")).await.expect(200);
    let known = ask(&app, PHONE).await.expect(202);
    let unknown = ask(&app, "+919876500000").await.expect(202);
    assert_eq!((known.data(), known.usage()), (unknown.data(), unknown.usage()));
    let (known, unknown) =
        (verify(&app, PHONE, "12345", None).await, verify(&app, "+919876511111", "12345", None).await);
    assert_eq!((known.status, &known.body["detail"]), (unknown.status, &unknown.body["detail"]));
    known.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn five_guesses_are_all_there_are_and_a_new_code_is_needed() {
    let app = TestApp::here().await;
    let code = asked(&app, PHONE).await;
    for number in 1..=5 {
        verify(&app, PHONE, &wrong(&code, number), Some("Mallory")).await.refused(401, "invalid_credentials");
    }
    verify(&app, PHONE, &code, Some("Asha")).await.refused(429, "rate_limited");
    app.advance(SignedDuration::from_mins(9));
    verify(&app, PHONE, &code, Some("Asha")).await.refused(429, "rate_limited");
    let new = asked(&app, PHONE).await;
    verify(&app, PHONE, &new, Some("Asha")).await.expect(200);
}

#[tokio::test]
async fn a_code_is_used_once_even_by_two_at_once_and_only_while_it_holds() {
    let app = TestApp::here().await;
    let code = asked(&app, PHONE).await;
    let (one, other) =
        tokio::join!(verify(&app, PHONE, &code, Some("Asha")), verify(&app, PHONE, &code, Some("Asha")),);
    let good = [&one, &other].into_iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(good, 1, "{} {}", one.text, other.text);
    verify(&app, PHONE, &code, Some("Asha")).await.refused(401, "invalid_credentials");

    let old = asked(&app, PHONE).await;
    let new = asked(&app, PHONE).await;
    if old != new {
        verify(&app, PHONE, &old, None).await.refused(401, "invalid_credentials");
    }
    app.advance(SignedDuration::from_mins(10));
    verify(&app, PHONE, &new, None).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_phone_and_an_address_have_so_many_codes_in_an_hour() {
    let app = TestApp::here().await;
    for writing in [PHONE, "9876543210", "09876543210", "+91 98765-43210", "919876543210"] {
        ask(&app, writing).await.expect(202);
    }
    let refused = ask(&app, PHONE).await.refused(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    for number in 0..14 {
        ask(&app, &format!("+9198765000{number:02}")).await.expect(202);
    }
    ask(&app, "+919876599999").await.refused(429, "rate_limited");
    app.advance(SignedDuration::from_hours(1));
    ask(&app, PHONE).await.expect(202);
}

#[tokio::test]
async fn a_number_that_somebody_wrote_into_their_profile_opens_nothing_until_they_prove_it() {
    let app = TestApp::here().await;
    let (anna, berta) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let squats = app.patch("/v2/auth/me", json!({ "phone": PHONE })).by(&anna).send().await.expect(200);
    assert_eq!(squats.data()["phone_proved"], false);
    let code = asked(&app, PHONE).await;
    let owner = verify(&app, PHONE, &code, Some("The owner")).await.expect(200);
    assert_ne!(owner.data()["account"]["id"], anna.id.to_string());
    let code = asked(&app, PHONE).await;
    let mut proof = json!({ "phone": PHONE, "code": code });
    let taken = app.post("/v2/auth/me/phone", proof.clone()).by(&anna).send().await;
    taken.refused(409, "already_exists");

    let theirs = "+919876500001";
    proof = json!({ "phone": theirs, "code": asked(&app, theirs).await });
    let wrong = json!({ "phone": theirs, "code": "1" });
    app.post("/v2/auth/me/phone", wrong).by(&berta).send().await.refused(401, "invalid_credentials");
    let proved = app.post("/v2/auth/me/phone", proof.clone()).by(&berta).send().await.expect(200);
    assert_eq!(proved.data()["phone_proved"], true);
    app.post("/v2/auth/me/phone", proof).by(&berta).send().await.refused(401, "invalid_credentials");
    let code = asked(&app, theirs).await;
    let again = verify(&app, theirs, &code, None).await.expect(200);
    assert_eq!(again.data()["account"]["id"], berta.id.to_string());
    // Another number is another proof, and the old one is free.
    app.patch("/v2/auth/me", json!({ "phone": "+919876500002" })).by(&berta).send().await.expect(200);
    let code = asked(&app, theirs).await;
    verify(&app, theirs, &code, None).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn version_1_has_the_old_names() {
    let app = TestApp::here().await;
    app.post("/v1/auth/request-otp", json!({ "mobile": "9876543210" })).send().await.expect(200);
    app.settle().await;
    let body = json!({ "mobile": "9876543210", "otp_code": digits(&app), "name": "Asha", "role": "admin" });
    let made = app.post("/v1/auth/verify-otp", body.clone()).send().await.expect(200);
    assert!(made.body["token"].is_string(), "{}", made.text);
    assert_eq!(made.body["user"]["user_role"], "regular user");
    app.post("/v1/auth/verify-otp", body).send().await.refused(401, "invalid_credentials");
    app.post("/v1/auth/request-otp", json!({ "mobile": "12" }))
        .send()
        .await
        .refused(422, "validation_failed");
}

#[tokio::test]
async fn bad_input_is_told_by_its_field() {
    let app = TestApp::here().await;
    for (body, pointer) in [
        (json!({}), "/phone"),
        (json!({ "phone": "call me" }), "/phone"),
        (json!({ "phone": 5 }), "/phone"),
        (json!({ "phone": PHONE, "channel": "pigeon" }), "/channel"),
        (json!({ "phone": PHONE, "template": "x" }), "/template"),
    ] {
        let refused = app.post("/v2/auth/otp", body.clone()).send().await.refused(422, "validation_failed");
        assert_eq!(refused.fields()[0].0, pointer, "{body}");
    }
    let code = asked(&app, PHONE).await;
    for bad in ["", "x", " ", "0000000", &"9".repeat(100_000), &format!(" {code}")] {
        let answer = verify(&app, PHONE, bad, Some("Asha")).await;
        assert!([401, 422, 429].contains(&answer.status.as_u16()), "{}", answer.text);
    }
}

/// A provider that refuses every number.
struct Refusing;

impl Texts for Refusing {
    fn name(&self) -> &'static str {
        "refusing"
    }

    fn send<'a>(&'a self, _: &'a Text) -> Texting<'a> {
        Box::pin(async { Err(Failure::Refused(Error::new(Code::BadRequest, "no such number"))) })
    }
}

#[tokio::test]
async fn no_log_event_or_message_tells_a_code_a_token_or_a_number() {
    let log = Log::begin();
    let options = local::Options { sms: Some(Arc::new(Refusing)), ..local::Options::new(Data::Memory) };
    let app = TestApp::start_with(options).await;
    let code = asked(&app, PHONE).await;
    let text = app.server().texts().list(1).unwrap().remove(0);
    assert_eq!(text.channel, domain::message::Channel::Whatsapp, "since SMS is refused");
    verify(&app, PHONE, &wrong(&code, 1), None).await.refused(401, "invalid_credentials");
    let made = verify(&app, PHONE, &code, Some("Asha")).await.expect(200);
    let (access, refresh) = (made.text_of("access_token"), made.text_of("refresh_token"));
    app.settle().await;
    let told = log.end();

    let admin = app.person(Role::Admin).await;
    let trail = app.get("/v2/audit?limit=100").by(&admin).send().await;
    let dead = app.get("/v2/messages?state=dead").by(&admin).send().await.expect(200);
    assert_eq!(dead.data().as_array().unwrap().len(), 1);
    let holder = app.core().keys.holder(PHONE);
    let kept = app.store().code(holder).await.unwrap().unwrap();
    assert!(kept.used);
    assert!(told.contains("a message did not get through") && told.contains("a wrong code"), "{told}");
    for (name, text) in [("log", &told), ("trail", &trail.text), ("messages", &dead.text)] {
        for secret in [&code, &access, &refresh, &"9876543210".to_owned(), &kept.nonce] {
            assert!(!text.contains(secret.as_str()), "{secret} in the {name}");
        }
    }
    assert!(!format!("{kept:?}").contains(&code) && !format!("{kept:?}").contains("9876543210"));
}
