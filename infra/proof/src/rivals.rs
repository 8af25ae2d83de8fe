//! What a claim costs here, and in two designs that are found elsewhere: an item for each quantum, and a document for each
//! day that is read, changed and written back over its version. The two exist for this comparison only.

mod day;
mod ours;
mod slots;

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, ConsumedCapacity, KeySchemaElement, KeyType, ScalarAttributeType,
};
use errors::{Error, Result};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use store::Store;

/// Clients that want different times of one day.
pub const CLIENTS: usize = 50;

/// What one claim costs in each design, in write units; `None` where one transaction cannot hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How long the claim is.
    pub what: &'static str,
    /// The ledger.
    pub ours: u64,
    /// An item for each quantum.
    pub slots: Option<u64>,
    /// A document of an empty day.
    pub day: u64,
    /// A document of a day that has [`BUSY`] bookings.
    pub busy_day: u64,
}

/// What claims of units cost in the ledger, in write units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// What is claimed.
    pub what: &'static str,
    /// Write units.
    pub ours: u64,
}

/// How often a client tried until it had what nobody else wanted, on average of [`CLIENTS`], in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The ledger.
    pub ours: u64,
    /// An item for each quantum.
    pub slots: u64,
    /// A document for each day.
    pub day: u64,
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Claims of time by length.
    pub time: Vec<Line>,
    /// Claims of units.
    pub units: Vec<Units>,
    /// Write units of an hour in a block with none, 10, 20, … bookings.
    pub by_bookings: Vec<(usize, u64)>,
    /// Attempts for a success.
    pub attempts: Attempts,
}

/// Bookings of a busy day.
pub const BUSY: usize = 100;

/// Measures it on a database without other users.
///
/// # Errors
/// `unavailable` when the database is; `internal` when it tells no consumed capacity.
pub async fn compare(store: &Store) -> Result<Report> {
    let table = table(store).await?;
    let lengths = [("6 minutes", 6), ("1 hour", 60), ("8 hours", 8 * 60), ("3 days", 3 * 24 * 60)];
    let mut time = Vec::new();
    for (what, minutes) in lengths {
        let (start, length) = (morning(), SignedDuration::from_mins(minutes));
        time.push(Line {
            what,
            ours: ours::time(store, start, length).await?,
            slots: slots::cost(store, &table, start, length).await?,
            day: day::cost(store, &table, (start, length), 0).await?,
            busy_day: day::cost(store, &table, (start, length), BUSY).await?,
        });
    }
    let units = ours::units(store).await?;
    let by_bookings = ours::by_bookings(store).await?;
    let attempts = Attempts {
        ours: hundredths(ours::contended(store).await?),
        slots: hundredths(slots::contended(store, &table).await?),
        day: hundredths(day::contended(store, &table).await?),
    };
    Ok(Report { time, units, by_bookings, attempts })
}

/// Ten in the morning of some day: the start of no block, so that lengths are not flattered.
fn morning() -> Timestamp {
    "2027-03-02T10:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The n-th quantum of some day.
fn slot(n: usize) -> Timestamp {
    let minutes = i64::try_from(n).unwrap_or_default() * 5;
    morning().saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX)
}

/// Write units that an answer tells of, rounded up.
fn units(consumed: &[ConsumedCapacity]) -> Result<u64> {
    if consumed.is_empty() {
        return Err(Error::internal("the database does not tell what it consumed"));
    }
    let all: Vec<f64> = consumed.iter().filter_map(ConsumedCapacity::capacity_units).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "DynamoDB's units are small positive floats"
    )]
    let units = all.into_iter().sum::<f64>().ceil() as u64;
    Ok(units)
}

/// All clients at once; how often they tried, together.
async fn at_once<F: Future<Output = Result<u64>>>(client: impl Fn(usize) -> F) -> Result<u64> {
    let tried = join_all((0..CLIENTS).map(client)).await.into_iter().collect::<Result<Vec<u64>>>()?;
    Ok(tried.into_iter().sum())
}

fn hundredths(attempts: u64) -> u64 {
    attempts * 100 / u64::try_from(CLIENTS).unwrap_or(1)
}

/// A table for the two others: text keys, no index.
async fn table(store: &Store) -> Result<String> {
    let name = store.name(&store::schema::Table { name: "Rivals", ..store::schema::LIVE });
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let text = |name| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    };
    store
        .client()
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash).map_err(Error::internal)?)
        .key_schema(key("sk", KeyType::Range).map_err(Error::internal)?)
        .attribute_definitions(text("pk").map_err(Error::internal)?)
        .attribute_definitions(text("sk").map_err(Error::internal)?)
        .send()
        .await
        .map_err(store::broken)?;
    // On AWS a table is not there at once.
    for _ in 0..60 {
        let described =
            store.client().describe_table().table_name(&name).send().await.map_err(store::broken)?;
        let status = described.table.and_then(|table| table.table_status);
        if status == Some(aws_sdk_dynamodb::types::TableStatus::Active) {
            return Ok(name);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Err(Error::unavailable("the table was not made within a minute"))
}
