//! A running installation for one test: everything real, in memory, on a free port, with a clock that the test moves.

use std::sync::OnceLock;

use domain::{Permission, Role, Scope, Session, SessionId, User, UserId};
use env::Clock;
use jiff::{SignedDuration, Timestamp};
use local::database::Data;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use store::{Store, Tx};
use web::AccessToken;

use crate::schema::Contract;

/// Monday, 4 January 2027, 08:00 in UTC: when every test begins.
pub(crate) const START: &str = "2027-01-04T08:00:00Z";

/// An installation.
pub(crate) struct TestApp {
    server: local::Server,
    clock: Clock,
    http: reqwest::Client,
}

/// Somebody with an account and an access token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub id: UserId,
    pub session: SessionId,
    pub user_name: String,
    pub email: String,
    pub token: String,
}

/// An answer, already checked against the description of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl TestApp {
    /// Starts an installation.
    pub(crate) async fn start() -> Self {
        Self::start_with(local::Options::new(Data::Memory)).await
    }

    /// Starts an installation with other options; clock and secret are the tests' own.
    pub(crate) async fn start_with(options: local::Options) -> Self {
        let clock = Clock::at(START.parse().unwrap());
        let server = local::start(local::Options {
            clock: clock.clone(),
            secret: [7; 32],
            show_usage: true,
            ..options
        });
        Self { server: server.await.unwrap(), clock, http: reqwest::Client::new() }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.server.core().store
    }

    pub(crate) fn server(&self) -> &local::Server {
        &self.server
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Lets the relay and the workers do all that is to be done now; the mail that was sent so far, latest first.
    pub(crate) async fn settle(&self) -> Vec<providers::Email> {
        self.server.workers().settle().await.unwrap();
        self.server.outbox().list(usize::MAX).unwrap()
    }

    /// Somebody with this role everywhere, signed in, made without the `auth` group and without a password.
    pub(crate) async fn person(&self, role: Role) -> Person {
        self.person_at(role, Scope::All).await
    }

    /// Somebody with this role within a scope.
    pub(crate) async fn person_at(&self, role: Role, scope: Scope) -> Person {
        let now = self.clock.now();
        let id = UserId::new(now, env::random());
        let user_name = format!("{}-{}", role.as_str(), &id.to_string()[20..]);
        let email = format!("{user_name}@people.example");
        let user = User {
            id,
            user_name: user_name.parse().unwrap(),
            email: email.parse().unwrap(),
            name: format!("The {}", role.as_str()).parse().unwrap(),
            role,
            scope,
            active: true,
            preferences: domain::Preferences::default(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let session = Session {
            id: SessionId::new(now, env::random()),
            user: id,
            token: "none".to_owned(),
            generation: 0,
            revoked: false,
            expires_at: now + SignedDuration::from_hours(24 * 30),
            created_at: now,
            version: 1,
        };
        let mut tx = Tx::new();
        tx.insert_account(self.store(), &store::Account::new(user));
        tx.insert_session(self.store(), &session);
        self.store().commit(tx).await.unwrap();
        let token = self.token(id, session.id);
        Person { id, session: session.id, user_name, email, token }
    }

    /// An access token that holds for fifteen minutes from now.
    pub(crate) fn token(&self, user: UserId, session: SessionId) -> String {
        self.server.core().keys.issue(AccessToken { user, session }, self.now()).unwrap().0
    }

    /// The same person with a fresh access token.
    pub(crate) fn renewed(&self, person: &Person) -> Person {
        Person { token: self.token(person.id, person.session), ..person.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PUT, path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// A request to a path that begins with its version.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = self.http.request(method.clone(), format!("{}{path}", self.server.url()));
        Call { request, method, path: path.to_owned(), api: self.server.api() }
    }
}

/// A request that is being put together.
pub(crate) struct Call<'a> {
    request: reqwest::RequestBuilder,
    method: Method,
    path: String,
    api: &'a web::Api,
}

impl Call<'_> {
    /// As somebody.
    pub(crate) fn by(mut self, person: &Person) -> Self {
        self.request = self.request.bearer_auth(&person.token);
        self
    }

    /// With an `Idempotency-Key`.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is sent is mostly made where it is sent")]
    pub(crate) fn json(mut self, body: Value) -> Self {
        self.request = self.request.json(&body);
        self
    }

    pub(crate) fn raw(mut self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", kind).body(body);
        self
    }

    /// Sends it, and checks the answer against the description of the API.
    pub(crate) async fn send(self) -> Answer {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        let response = self.request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, body, text };
        let contract = CONTRACT.get_or_init(|| Contract::of(self.api));
        contract.check(&self.method, &self.path, &answer);
        answer
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The problem's code, if the answer has this status.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        let told = answer.body.get("code").or_else(|| answer.body.get("error_code"));
        assert_eq!(told.and_then(Value::as_str), Some(code), "{}", answer.text);
        answer
    }

    /// `data` of a v2 answer.
    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// A text in `data`.
    #[track_caller]
    pub(crate) fn text_of(&self, field: &str) -> String {
        self.data()[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.text)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Pointers and codes of the field errors.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let errors = self.body.get("errors").or_else(|| self.body.pointer("/details/errors"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let field = |error: &Value| (text(&error["pointer"]), text(&error["code"]));
        errors.and_then(Value::as_array).map(|errors| errors.iter().map(field).collect()).unwrap_or_default()
    }

    /// Round trips and write units, from `X-Usage`.
    #[track_caller]
    pub(crate) fn usage(&self) -> (u64, u64) {
        let usage = self.header("x-usage").unwrap();
        let number = |name: &str| {
            let (_, rest) = usage.split_once(&format!("{name}=")).unwrap();
            rest.split([',', '.']).next().unwrap().parse().unwrap()
        };
        (number("trips"), number("writes"))
    }
}

/// Roles that have a permission.
pub(crate) fn roles_with(permission: Permission) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| role.permissions().contains(&permission)).collect()
}
