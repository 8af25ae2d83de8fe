//! A bad wire between client and database: by seed it refuses, delays, loses, repeats and late delivers requests.
//!
//! It stands where the HTTP client stands, so that the SDK's own retries and the store's are part of what is tried.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{Debug, Formatter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::StatusCode;
use serde_json::{Value, json};

use crate::chance::Chance;

/// Operations in a hundred during which three times as many requests fail, so that retries fail as well.
const BAD_SPELLS: u64 = 20;

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Refused as one too many; not carried out.
    Throttle,
    /// Refused since another transaction is under way; not carried out.
    Conflict,
    /// Lost on the way there.
    TimeoutBefore,
    /// Carried out; the answer is lost.
    TimeoutAfter,
    /// The database fails before it does anything.
    ErrorBefore,
    /// The database fails after it did everything.
    ErrorAfter,
    /// Takes its time.
    Slow,
    /// Delivered twice, at once.
    Twice,
    /// Delivered, and delivered again after a few more operations of the client.
    TwiceLate,
    /// Taken for lost, and delivered after a few more operations of the client.
    Late,
}

impl Fault {
    /// Every fault that a transaction meets. A read meets the first four, since it has nothing that could be lost afterwards.
    pub const ALL: [Self; 10] = [
        Self::Throttle,
        Self::TimeoutBefore,
        Self::ErrorBefore,
        Self::Slow,
        Self::TimeoutAfter,
        Self::ErrorAfter,
        Self::Conflict,
        Self::Twice,
        Self::TwiceLate,
        Self::Late,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Throttle => "throttle",
            Self::Conflict => "conflict",
            Self::TimeoutBefore => "timeout before",
            Self::TimeoutAfter => "timeout after commit",
            Self::ErrorBefore => "500 before",
            Self::ErrorAfter => "500 after commit",
            Self::Slow => "slow",
            Self::Twice => "delivered twice",
            Self::TwiceLate => "delivered again later",
            Self::Late => "delivered late",
        }
    }
}

/// What went over all wires of a run.
#[derive(Debug, Default)]
pub struct Tally {
    transactions: AtomicU64,
    others: AtomicU64,
    faults: Mutex<BTreeMap<Fault, u64>>,
}

impl Tally {
    /// Transactions that the SDK sent, lost ones and retries included.
    pub fn transactions(&self) -> u64 {
        self.transactions.load(Ordering::Relaxed)
    }

    /// Other requests that the SDK sent.
    pub fn others(&self) -> u64 {
        self.others.load(Ordering::Relaxed)
    }

    /// How often each fault was injected.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        locked(&self.faults).iter().map(|(fault, times)| (fault.name().to_owned(), *times)).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One client's wire. What happens on it follows from the seed, the client's number, the number of its operation and the number
/// of the attempt, and from nothing else.
#[derive(Clone)]
pub struct Wire(Arc<Line>);

struct Line {
    inner: SharedHttpClient,
    tally: Arc<Tally>,
    seed: u64,
    client: u64,
    /// In a hundred requests.
    faults: u64,
    operation: AtomicU64,
    attempt: AtomicU64,
    ghosts: AtomicU64,
    later: Mutex<Vec<(u64, SharedHttpConnector, HttpRequest)>>,
    /// What happens to the next transactions, one after the other, before chance decides.
    script: Mutex<VecDeque<Option<Fault>>>,
}

impl Debug for Wire {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", self.0.client)
    }
}

impl Wire {
    /// A client's wire, with so many faults in a hundred requests; none makes it a good one that only counts.
    pub fn new(inner: SharedHttpClient, tally: Arc<Tally>, (seed, client): (u64, u64), faults: u64) -> Self {
        Self(Arc::new(Line {
            inner,
            tally,
            seed,
            client,
            faults,
            operation: AtomicU64::new(0),
            attempt: AtomicU64::new(0),
            ghosts: AtomicU64::new(0),
            later: Mutex::default(),
            script: Mutex::default(),
        }))
    }

    /// A good wire, but for the next transactions, to each of which this happens.
    pub fn scripted(inner: SharedHttpClient, script: impl IntoIterator<Item = Option<Fault>>) -> Self {
        let wire = Self::new(inner, Arc::default(), (0, 0), 0);
        locked(&wire.0.script).extend(script);
        wire
    }

    /// Begins an operation: what was to be delivered by now is delivered.
    pub async fn begin(&self, operation: u64) {
        self.0.operation.store(operation, Ordering::Relaxed);
        self.0.attempt.store(0, Ordering::Relaxed);
        self.deliver(operation).await;
    }

    /// Delivers everything that is still under way.
    pub async fn drain(&self) {
        self.deliver(u64::MAX).await;
    }

    /// Transactions that were delivered twice or late. If the first delivery was refused, and its client told so, another one may
    /// still be carried out once what was in the way is gone.
    pub fn ghosts(&self) -> u64 {
        self.0.ghosts.load(Ordering::Relaxed)
    }

    async fn deliver(&self, until: u64) {
        let due: Vec<_> = locked(&self.0.later).extract_if(.., |(due, _, _)| *due <= until).collect();
        for (_, connector, request) in due {
            let _ = connector.call(request).await;
        }
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.0.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector { inner, line: Arc::clone(&self.0) })
    }
}

struct Connector {
    inner: SharedHttpConnector,
    line: Arc<Line>,
}

impl Debug for Connector {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connector({})", self.line.client)
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let transaction = target.ends_with(".TransactWriteItems");
        let counter = if transaction { &self.line.tally.transactions } else { &self.line.tally.others };
        counter.fetch_add(1, Ordering::Relaxed);
        let operation = self.line.operation.load(Ordering::Relaxed);
        let attempt = self.line.attempt.fetch_add(1, Ordering::Relaxed);
        let mut chance = Chance::at(self.line.seed, &[self.line.client, operation, attempt]);
        let fault = self.line.fault(transaction, &mut chance);
        let (inner, line) = (self.inner.clone(), Arc::clone(&self.line));
        HttpConnectorFuture::new(async move {
            let Some(fault) = fault else { return inner.call(request).await };
            *locked(&line.tally.faults).entry(fault).or_default() += 1;
            let copy = request.try_clone();
            match fault {
                Fault::Throttle => answer(400, &said("ThrottlingException")),
                Fault::Conflict => answer(400, &conflicts(&request, &mut chance)),
                Fault::ErrorBefore => answer(500, &said("InternalServerError")),
                Fault::TimeoutBefore => Err(timeout()),
                Fault::TimeoutAfter => inner.call(request).await.and_then(|_| Err(timeout())),
                Fault::ErrorAfter => {
                    inner.call(request).await?;
                    answer(500, &said("InternalServerError"))
                }
                Fault::Slow => {
                    tokio::time::sleep(Duration::from_millis(1 + chance.below(30))).await;
                    inner.call(request).await
                }
                Fault::Twice => {
                    line.ghosts.fetch_add(1, Ordering::Relaxed);
                    let first = inner.call(request).await;
                    if let Some(copy) = copy {
                        let _ = inner.call(copy).await;
                    }
                    first
                }
                Fault::TwiceLate => {
                    line.keep(operation + 1 + chance.below(5), &inner, copy);
                    inner.call(request).await
                }
                Fault::Late => {
                    line.keep(operation + 1 + chance.below(5), &inner, copy);
                    Err(timeout())
                }
            }
        })
    }
}

impl Line {
    fn fault(&self, transaction: bool, chance: &mut Chance) -> Option<Fault> {
        if transaction && let Some(fault) = locked(&self.script).pop_front() {
            return fault;
        }
        let most = if transaction { Fault::ALL.len() } else { 4 };
        let operation = self.operation.load(Ordering::Relaxed);
        let bad = Chance::at(self.seed, &[self.client, operation]).percent(BAD_SPELLS);
        let any = chance.percent(if bad { self.faults * 3 } else { self.faults });
        chance.pick(Fault::ALL.get(..most)?).copied().filter(|_| any)
    }

    fn keep(&self, due: u64, inner: &SharedHttpConnector, copy: Option<HttpRequest>) {
        if let Some(copy) = copy {
            self.ghosts.fetch_add(1, Ordering::Relaxed);
            locked(&self.later).push((due, inner.clone(), copy));
        }
    }
}

fn timeout() -> ConnectorError {
    ConnectorError::timeout("the wire was cut".into())
}

fn said(exception: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{exception}"), "message": "injected" })
}

/// One of the actions conflicts; the others had nothing to say.
fn conflicts(request: &HttpRequest, chance: &mut Chance) -> Value {
    let body: Option<Value> = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok());
    let actions = body.as_ref().and_then(|body| body.get("TransactItems")?.as_array()).map_or(1, Vec::len);
    let one = chance.below(u64::try_from(actions).unwrap_or(1));
    let reasons = (0_u64..).take(actions);
    let reasons: Vec<Value> =
        reasons.map(|at| json!({ "Code": if at == one { "TransactionConflict" } else { "None" } })).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "injected",
        "CancellationReasons": reasons,
    })
}

fn answer(status: u16, body: &Value) -> Result<HttpResponse, ConnectorError> {
    let response = http::Response::builder()
        .status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        .header("content-type", "application/x-amz-json-1.0")
        .body(SdkBody::from(body.to_string()));
    let response = response.map_err(|error| ConnectorError::other(error.into(), None))?;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}
