//! Transactions that get in each other's way, as they do on `DynamoDB` and in no emulator: while one is under way, another that
//! touches one of its items is cancelled with `TransactionConflict`.
//!
//! A client between the SDK and the database keeps the items of each transaction to itself for as long as `DynamoDB` would
//! take. How long that is nobody guarantees; the figures are therefore told with the time that they assume.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use errors::{Code, Error, Result};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use ledger::{BelowSold, Changes, Claim, Offer, TimeClaim, UnitsClaim};
use serde_json::{Value, json};
use store::{Config, Store, Tx};

use domain::pool::Cells;
use domain::{PoolId, ResourceId, Span};

/// The beginning of a block of six hours.
const BLOCK: i64 = 83_334 * 6 * 3_600;

/// What became of clients that want different capacity of one item at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crowd {
    /// How many there were.
    pub clients: usize,
    /// Those who got it.
    pub won: usize,
    /// Those who were told to come back.
    pub told_to_wait: usize,
    /// Transactions sent, together.
    pub attempts: u64,
}

/// As many clients at once as a block has quanta, each for its own; a transaction takes so long.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn one_block(config: &Config, takes: Duration) -> Result<Crowd> {
    let resource = ResourceId::derived(env::random());
    let quanta = usize::try_from(ledger::QUANTA_PER_BLOCK).map_err(Error::internal)?;
    crowd(config, quanta, takes, move |client| {
        let quantum = BLOCK + i64::try_from(client).map_err(Error::internal)? * 300;
        let start = Timestamp::from_second(quantum).map_err(Error::internal)?;
        let end = start.checked_add(SignedDuration::from_mins(5)).map_err(Error::internal)?;
        let span = Span::new(start, end).ok_or_else(|| Error::internal("an empty span"))?;
        let owner = u128::from_be_bytes(env::random());
        Ok(Claim::Time(TimeClaim { resource, span, held_until: None, owner }))
    })
    .await
}

/// So many clients at once, each for a unit of one pool that has enough for all; a transaction takes so long.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn one_pool(config: &Config, clients: usize, takes: Duration) -> Result<Crowd> {
    let pool = PoolId::derived(env::random());
    let store = Store::new(config.clone());
    let capacity = u32::try_from(clients).map_err(Error::internal)?;
    let mut tx = Tx::new();
    let offer = Offer { capacity: Some(capacity), ..Offer::default() };
    ledger::offer(
        &mut tx,
        &store,
        (pool, &Cells::Total),
        &offer,
        &std::collections::BTreeMap::new(),
        BelowSold::Refuse,
    )?;
    store.commit(tx).await?;
    crowd(config, clients, takes, move |_| {
        Ok(Claim::Units(UnitsClaim { pool, cells: Cells::Total, quantity: 1 }))
    })
    .await
}

async fn crowd(
    config: &Config,
    clients: usize,
    takes: Duration,
    claim: impl Fn(usize) -> Result<Claim>,
) -> Result<Crowd> {
    let http = SharedHttpClient::new(OneAtATime { inner: config.carrier(), busy: Arc::default(), takes });
    let store = &Store::new(Config { http: Some(http), ..config.clone() });
    let now = Timestamp::from_second(1_800_000_000).map_err(Error::internal)?;
    let claims = (0..clients).map(claim).collect::<Result<Vec<Claim>>>()?;
    let calls = claims.iter().map(|claim| async move {
        let mut tx = Tx::new();
        Changes::new().take(claim).add_to(&mut tx, store, now)?;
        Ok::<_, Error>(store::metered(store.commit(tx)).await)
    });
    let mut crowd = Crowd { clients, ..Crowd::default() };
    for answer in join_all(calls).await {
        let (outcome, usage) = answer?;
        crowd.attempts += usage.trips;
        match outcome {
            Ok(_) => crowd.won += 1,
            Err(error) if error.code() == Code::Unavailable => crowd.told_to_wait += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(crowd)
}

/// Lets a transaction through if no other one has any of its items.
#[derive(Debug)]
struct OneAtATime {
    inner: SharedHttpClient,
    busy: Arc<Mutex<BTreeSet<String>>>,
    takes: Duration,
}

impl HttpClient for OneAtATime {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            busy: Arc::clone(&self.busy),
            takes: self.takes,
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    busy: Arc<Mutex<BTreeSet<String>>>,
    takes: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wanted = items(&request);
        if wanted.is_empty() {
            return self.inner.call(request);
        }
        let Some(ours) = Taken::of(&self.busy, &wanted) else {
            return HttpConnectorFuture::ready(conflict(wanted.len()));
        };
        let (inner, takes) = (self.inner.clone(), self.takes);
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(takes).await;
            let answer = inner.call(request).await;
            drop(ours);
            answer
        })
    }
}

/// Items that are in a transaction, until this is dropped.
struct Taken {
    busy: Arc<Mutex<BTreeSet<String>>>,
    items: Vec<String>,
}

impl Taken {
    fn of(busy: &Arc<Mutex<BTreeSet<String>>>, items: &[String]) -> Option<Self> {
        let mut all = busy.lock().unwrap_or_else(PoisonError::into_inner);
        if items.iter().any(|item| all.contains(item)) {
            return None;
        }
        all.extend(items.iter().cloned());
        Some(Self { busy: Arc::clone(busy), items: items.to_vec() })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        self.items.iter().for_each(|item| {
            all.remove(item);
        });
    }
}

/// Table and key of each item of a transaction; none for other requests.
fn items(request: &HttpRequest) -> Vec<String> {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    let body = request.body().bytes().filter(|_| target.ends_with(".TransactWriteItems"));
    let body: Option<Value> = body.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let actions = body.as_ref().and_then(|body| body["TransactItems"].as_array());
    let item = |action: &Value| {
        let (_, action) = action.as_object()?.iter().next()?;
        let key = action.get("Key").or_else(|| action.get("Item"))?;
        Some(format!("{} {} {}", action["TableName"], key["pk"], key["sk"]))
    };
    actions.into_iter().flatten().filter_map(item).collect()
}

fn conflict(actions: usize) -> std::result::Result<HttpResponse, ConnectorError> {
    let reason = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": vec![reason; actions],
    });
    let status = StatusCode::try_from(400).map_err(|error| ConnectorError::other(error.into(), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
}
