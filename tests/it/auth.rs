//! Accounts and sessions, through the front door.

mod accounts;
mod links;
mod log_in;
mod profile;
mod v1;

use domain::{Event, Role};
use serde_json::{Value, json};

use crate::harness::{Answer, Person, TestApp};

pub(crate) const PASSWORD: &str = "a river in winter";

/// Somebody who registered and logged in, with what the log-in answered.
pub(crate) async fn registered(app: &TestApp, user_name: &str) -> (Person, Value) {
    app.post("/v2/auth/register", registration(user_name)).send().await.expect(201);
    logged_in(app, user_name, PASSWORD).await
}

pub(crate) fn registration(user_name: &str) -> Value {
    let email = format!("{user_name}@people.example");
    json!({ "name": "Ada Byron", "user_name": user_name, "email": email, "password": PASSWORD })
}

pub(crate) async fn try_log_in(app: &TestApp, login: &str, password: &str) -> Answer {
    app.post("/v2/auth/login", json!({ "login": login, "password": password })).send().await
}

pub(crate) async fn logged_in(app: &TestApp, login: &str, password: &str) -> (Person, Value) {
    let answer = try_log_in(app, login, password).await.expect(200);
    let data = answer.data().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let token = text(&data["access_token"]);
    let (id, session) = {
        let read = app.core().keys.read(&token, app.now()).unwrap();
        (read.user, read.session)
    };
    let account = &data["account"];
    let person =
        Person { id, session, user_name: text(&account["user_name"]), email: text(&account["email"]), token };
    (person, data)
}

pub(crate) async fn refreshed(app: &TestApp, token: &Value) -> Answer {
    app.post("/v2/auth/refresh", json!({ "refresh_token": token })).send().await
}

/// Everything that happened, oldest first.
pub(crate) async fn events(app: &TestApp) -> Vec<Event> {
    let from = crate::harness::START.parse().unwrap();
    app.store().events_between(from, app.now() + jiff::SignedDuration::from_secs(1), 1_000).await.unwrap().0
}

pub(crate) async fn kinds_about(app: &TestApp, subject: &str) -> Vec<String> {
    let page = app.store().events_of(subject, 100, None).await.unwrap();
    page.items.into_iter().map(|event| event.kind).collect()
}

/// The token of the link that was sent last, as the message would carry it.
pub(crate) async fn link_of(app: &TestApp, person: domain::UserId) -> String {
    let events = app.store().events_of(&person.to_string(), 100, None).await.unwrap().items;
    let nonce = events.iter().rev().find_map(|event| event.data.pointer("/after/link/nonce"));
    app.core().keys.one_time(person, nonce.unwrap().as_str().unwrap())
}

pub(crate) async fn admin(app: &TestApp) -> Person {
    app.person(Role::Admin).await
}
