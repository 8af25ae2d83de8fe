//! A running installation for one test: everything real, on a free port, with a clock that the test moves.
//!
//! It is the laptop's, in memory, unless `HOLDFAST_SHAPE` names packaged functions: then it is theirs, as on AWS
//! (`tests/aws-shape`). What is read is kept in the process, unless `HOLDFAST_CACHE` says otherwise. A test that looks inside the process, as [`TestApp::here`] lets it, is always about the laptop's.

mod call;
mod log;

use cache::{Cache, Reads, Shared};
use domain::{Permission, Role, Scope, Session, SessionId, User, UserId};
use env::Clock;
use jiff::{SignedDuration, Timestamp};
use local::database::Data;
use queue::Queue;
use reqwest::Method;
use serde_json::Value;
use store::{Store, Tx};
use web::{AccessToken, Core, Keys, Limits, Quotas};

pub(crate) use call::{Answer, Call};
pub(crate) use log::Log;

/// Monday, 4 January 2027, 08:00 in UTC: when every test begins.
pub(crate) const START: &str = "2027-01-04T08:00:00Z";

/// The secret of every test's installation: as one of AWS's, it ends in zeros.
pub(crate) const SECRET: [u8; 32] = [0x70; 32];

/// Limits that no test reaches: they are counted all the same.
const GENEROUS: &str = "all=1000000/60";

fn generous() -> Limits {
    Limits::new(Quotas::parse(GENEROUS).unwrap(), None)
}

/// An installation.
pub(crate) struct TestApp {
    place: Place,
    core: Core,
    clock: Clock,
    http: reqwest::Client,
}

enum Place {
    Laptop(Box<local::Server>),
    Lambda { stack: Box<shape::Stack>, api: web::Api },
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

fn queues_of(stack: &shape::Stack) -> queue::Queues {
    let [notify, tasks, payments] =
        ["NotifyQueue", "TasksQueue", "PaymentsQueue"].map(|id| stack.queue(id).unwrap().clone());
    queue::Queues { notify, tasks, payments }
}

impl TestApp {
    /// Starts an installation.
    pub(crate) async fn start() -> Self {
        Self::begin(shape::Database::Moto).await
    }

    /// Starts an installation whose database tells capacity, so that answers tell what they consumed.
    pub(crate) async fn counted() -> Self {
        Self::begin(shape::Database::Embedded).await
    }

    async fn begin(database: shape::Database) -> Self {
        match shape::Tools::from_env().unwrap() {
            // What is consumed depends on what is kept: it is counted with the usual cache.
            None if database == shape::Database::Embedded => Self::start_cached(Cache::memory()).await,
            None => Self::here().await,
            Some(tools) => Self::packaged(tools, database, vec!["panics".to_owned()]).await,
        }
    }

    /// Starts one in this process.
    pub(crate) async fn here() -> Self {
        Self::start_with(local::Options::new(Data::Memory)).await
    }

    /// Starts one in this process with this cache.
    pub(crate) async fn start_cached(cache: Cache) -> Self {
        Self::start_here(local::Options { cache, ..local::Options::new(Data::Memory) }).await
    }

    /// Starts one in this process with other options; clock, secret and cache are the tests' own.
    pub(crate) async fn start_with(options: local::Options) -> Self {
        Self::start_here(local::Options { cache: kept(), ..options }).await
    }

    async fn start_here(options: local::Options) -> Self {
        let clock = Clock::at(START.parse().unwrap());
        let options = local::Options {
            clock: clock.clone(),
            secret: SECRET,
            show_usage: true,
            limits: Some(options.limits.unwrap_or_else(generous)),
            ..options
        };
        let server = local::start(options).await.unwrap();
        let core = server.core().clone();
        Self { place: Place::Laptop(Box::new(server)), core, clock, http: reqwest::Client::new() }
    }

    /// Starts one of packaged functions, and of these besides.
    pub(crate) async fn packaged(
        tools: shape::Tools,
        database: shape::Database,
        besides: Vec<String>,
    ) -> Self {
        let now = START.parse().unwrap();
        let root = crate::tidy::root();
        let options = shape::Options {
            tools,
            root,
            database,
            now,
            port: 0,
            besides,
            secret: SECRET,
            webhooks: false,
            limits: GENEROUS.to_owned(),
        };
        let stack = shape::Stack::start(options).await.unwrap();
        let clock = Clock::at(now);
        let core = Core::new(stack.store().clone(), clock.clone(), Keys::from_secret(&SECRET).unwrap());
        let api = local::api(&core, &queues_of(&stack), None);
        Self {
            place: Place::Lambda { stack: Box::new(stack), api },
            core,
            clock,
            http: reqwest::Client::new(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.core.store
    }

    /// Reads of the tables, of which nothing is kept.
    pub(crate) fn reads(&self) -> Reads {
        Reads::new(self.store().clone(), self.clock.clone(), Cache::off())
    }

    /// What the edge has. Where functions are packaged, this is not theirs but as theirs.
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn api(&self) -> &web::Api {
        match &self.place {
            Place::Laptop(server) => server.api(),
            Place::Lambda { api, .. } => api,
        }
    }

    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Laptop(server) => server.url(),
            Place::Lambda { stack, .. } => stack.url().to_owned(),
        }
    }

    /// The server in this process; only after [`TestApp::here`] or [`TestApp::start_with`].
    pub(crate) fn server(&self) -> &local::Server {
        match &self.place {
            Place::Laptop(server) => server,
            Place::Lambda { .. } => {
                panic!("packaged functions cannot be looked into: start this one with `here`")
            }
        }
    }

    /// The packaged functions, where there are any.
    pub(crate) fn stack(&self) -> Option<&shape::Stack> {
        match &self.place {
            Place::Laptop(_) => None,
            Place::Lambda { stack, .. } => Some(stack),
        }
    }

    /// The queue of messages.
    pub(crate) fn notify(&self) -> &Queue {
        match &self.place {
            Place::Laptop(server) => &server.workers().relay().queues.notify,
            Place::Lambda { stack, .. } => stack.queue("NotifyQueue").unwrap(),
        }
    }

    /// What tasks are worked off with.
    pub(crate) fn tasks(&self) -> tasks::App {
        let queue = match &self.place {
            Place::Laptop(server) => &server.workers().tasks().queue,
            Place::Lambda { stack, .. } => stack.queue("TasksQueue").unwrap(),
        };
        tasks::App { store: self.store().clone(), clock: self.clock.clone(), queue: queue.clone() }
    }

    /// What the relay works with.
    pub(crate) fn relay(&self) -> relay::App {
        relay::App { store: self.store().clone(), clock: self.clock.clone(), queues: self.queues() }
    }

    /// Its queues.
    pub(crate) fn queues(&self) -> queue::Queues {
        match &self.place {
            Place::Laptop(server) => server.workers().relay().queues.clone(),
            Place::Lambda { stack, .. } => queues_of(stack),
        }
    }

    /// What stands for the payment gateway.
    pub(crate) fn gateway(&self) -> &razorpay::Fake {
        match &self.place {
            Place::Laptop(server) => server.stand_in().unwrap(),
            Place::Lambda { stack, .. } => stack.gateway(),
        }
    }

    /// Delivers what the gateway tells, as it would by itself.
    pub(crate) async fn tell(&self, webhook: &razorpay::Webhook) -> Answer {
        self.call(Method::POST, "/v2/webhooks/razorpay")
            .header("x-razorpay-signature", &webhook.signature)
            .header("x-razorpay-event-id", &webhook.event_id)
            .raw("application/json", webhook.body.clone())
            .send()
            .await
    }

    /// What was sent so far, the latest first.
    pub(crate) fn sent(&self) -> Vec<providers::Email> {
        let outbox = match &self.place {
            Place::Laptop(server) => server.outbox(),
            Place::Lambda { stack, .. } => stack.outbox(),
        };
        outbox.list(usize::MAX).unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
        if let Some(stack) = self.stack() {
            stack.set_clock(self.now()).unwrap();
        }
    }

    /// Lets the relay and the workers do all that is to be done now; the mail that was sent so far, latest first.
    pub(crate) async fn settle(&self) -> Vec<providers::Email> {
        match &self.place {
            Place::Laptop(server) => server.workers().settle().await.unwrap(),
            Place::Lambda { stack, .. } => stack.sources().settle().await.unwrap(),
        }
        self.sent()
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
            email: Some(email.parse().unwrap()),
            phone: None,
            phone_proved: false,
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
        self.core.keys.issue(AccessToken { user, session }, self.now()).unwrap().0
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
        let request = self.http.request(method.clone(), format!("{}{path}", self.url()));
        Call { request, method, path: path.to_owned(), api: self.api() }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let refused = self.stack().map(shape::Stack::refused).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(refused.is_empty(), "the template does not allow what functions do: {refused:#?}");
        }
    }
}

/// The cache that `HOLDFAST_CACHE` and `REDIS_URL` say, apart from that of any other installation.
fn kept() -> Cache {
    match env::optional("HOLDFAST_CACHE").as_deref() {
        Some("off") => Cache::off(),
        Some("all") => {
            let prefix = format!("{:x}-", u64::from_be_bytes(env::random()));
            Cache::new(Some(Shared::new(&env::required("REDIS_URL").unwrap(), prefix).unwrap()))
        }
        _ => Cache::memory(),
    }
}

/// Roles that have a permission.
pub(crate) fn roles_with(permission: Permission) -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| role.permissions().contains(&permission)).collect()
}
