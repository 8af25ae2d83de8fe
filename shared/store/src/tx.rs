//! The one transaction of a command.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use errors::{Code, Error, Result};

use crate::client::CALL_TIMEOUT;
use crate::schema::Table;
use crate::table::{Item, Record, broken, key, number};
use crate::{Store, meter};

/// `DynamoDB`'s own limit on actions in a transaction.
pub const MOST_ACTIONS: usize = 100;
/// Attempts at a transaction that others' transactions get in the way of. Of a crowd that wants all 72 quanta of a block in the
/// same moment everybody gets through, one after the other; with six attempts it was every second
/// (`infra/proof/src/conflict.rs`).
const ATTEMPTS: u32 = 14;
/// The first window of a pause; it doubles until it is [`WIDEST`], so that few clients wait briefly and a crowd spreads out.
const NARROWEST: u64 = 40;
const WIDEST: u64 = 1_280;
/// For so long `DynamoDB` answers a repeated token with the first outcome. All attempts together end before.
/// Source: `ClientRequestToken` of `TransactWriteItems`.
const TOKEN_HOLDS: Duration = Duration::from_mins(10);
/// A call that takes long is no conflict, so all attempts but the last are short: two seconds each is plenty.
const _: () =
    assert!((WIDEST / 1_000 + 3) * (ATTEMPTS as u64) + CALL_TIMEOUT.as_secs() < TOKEN_HOLDS.as_secs());

type OnRefusal = Box<dyn FnOnce(Option<Item>) -> Refused + Send>;

/// What a failed condition means.
#[derive(Debug)]
pub enum Refused {
    /// The command cannot be carried out.
    Error(Error),
    /// The command was carried out before, by the same request: this is what it made.
    Replay(Item),
}

/// How a transaction ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything is written.
    Committed,
    /// Nothing is written now, since the same request wrote it before; the item is the record as it stands.
    Replayed(Item),
}

/// Writes that happen together or not at all.
#[derive(Default)]
pub struct Tx {
    actions: Vec<TransactWriteItem>,
    refusals: Vec<OnRefusal>,
    failed: Option<Error>,
}

impl Tx {
    /// An empty transaction.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action, and what it means when its condition fails; it is given the item as it is then.
    pub fn push(
        &mut self,
        action: TransactWriteItem,
        on_refusal: impl FnOnce(Option<Item>) -> Refused + Send + 'static,
    ) {
        self.actions.push(action);
        self.refusals.push(Box::new(on_refusal));
    }

    /// The actions so far.
    pub fn actions(&self) -> &[TransactWriteItem] {
        &self.actions
    }

    /// Number of actions so far.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// A record that must not exist yet. If one with the same `request` hash does, the command is a replay of it.
    pub(crate) fn insert<T: Record>(
        &mut self,
        store: &Store,
        record: &T,
        taken: impl FnOnce() -> Error + Send + 'static,
    ) {
        self.insert_or(store, record, |keyed| if keyed { reused() } else { taken() });
    }

    /// Likewise; what it means that another request made it is said by `taken`, which is told whether both had a key.
    pub(crate) fn insert_or<T: Record>(
        &mut self,
        store: &Store,
        record: &T,
        taken: impl FnOnce(bool) -> Error + Send + 'static,
    ) {
        let Some(item) = self.item(record) else { return };
        let request = item.get("request").cloned();
        let put = Put::builder()
            .table_name(store.name(&T::TABLE))
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.built(put, |tx, put| {
            tx.push(TransactWriteItem::builder().put(put).build(), move |old| match (request, old) {
                (Some(request), Some(old)) if old.get("request") == Some(&request) => Refused::Replay(old),
                (request, old) => Refused::Error(taken(request.is_some() && old.is_some())),
            });
        });
    }

    /// A record whose stored version is one less than the given one's.
    pub(crate) fn replace<T: Record>(&mut self, store: &Store, record: &T, version: u64) {
        let Some(item) = self.item(record) else { return };
        let put = Put::builder()
            .table_name(store.name(&T::TABLE))
            .set_item(Some(item))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(version.saturating_sub(1)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.built(put, |tx, put| {
            tx.push(TransactWriteItem::builder().put(put).build(), |old| {
                Refused::Error(outdated::<T>(old.as_ref()))
            });
        });
    }

    /// A record that must still be as it was read.
    pub(crate) fn require<T: Record>(&mut self, store: &Store, record: &T, version: u64) {
        let (pk, sk) = record.key();
        let check = ConditionCheck::builder()
            .table_name(store.name(&T::TABLE))
            .set_key(Some(key(&T::TABLE, &pk, &sk)))
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", number(version))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.built(check, |tx, check| {
            tx.push(TransactWriteItem::builder().condition_check(check).build(), |old| {
                Refused::Error(outdated::<T>(old.as_ref()))
            });
        });
    }

    /// A record written whatever was there before.
    pub(crate) fn put<T: Record>(&mut self, store: &Store, record: &T) {
        let Some(item) = self.item(record) else { return };
        let put = Put::builder().table_name(store.name(&T::TABLE)).set_item(Some(item)).build();
        self.built(put, |tx, put| tx.push(TransactWriteItem::builder().put(put).build(), unconditional));
    }

    /// Adds to the counters of an item, which begins with them if need be.
    pub(crate) fn count(&mut self, store: &Store, (table, pk, sk): (&Table, &str, &str), by: &[(&str, i64)]) {
        let by: Vec<_> = by.iter().filter(|(_, amount)| *amount != 0).collect();
        if by.is_empty() {
            return;
        }
        let terms: Vec<String> = (0..by.len()).map(|at| format!("#n{at} :n{at}")).collect();
        let mut update = Update::builder()
            .table_name(store.name(table))
            .set_key(Some(key(table, pk, sk)))
            .update_expression(format!("ADD {}", terms.join(", ")));
        for (at, (name, amount)) in by.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#n{at}"), *name)
                .expression_attribute_values(format!(":n{at}"), number(amount));
        }
        self.built(update.build(), |tx, update| {
            tx.push(TransactWriteItem::builder().update(update).build(), unconditional);
        });
    }

    /// A key that must be gone afterwards.
    pub(crate) fn delete(&mut self, store: &Store, table: &Table, pk: &str, sk: &str) {
        let delete =
            Delete::builder().table_name(store.name(table)).set_key(Some(key(table, pk, sk))).build();
        self.built(delete, |tx, delete| {
            tx.push(TransactWriteItem::builder().delete(delete).build(), unconditional);
        });
    }

    fn item<T: Record>(&mut self, record: &T) -> Option<Item> {
        record.to_item().map_err(|error| self.failed = Some(error)).ok()
    }

    pub(crate) fn built<A, E>(&mut self, action: std::result::Result<A, E>, push: impl FnOnce(&mut Self, A))
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        match action {
            Ok(action) => push(self, action),
            Err(error) => self.failed = Some(Error::internal(error)),
        }
    }
}

/// The refusal of a key that came with another request before.
pub(crate) fn reused() -> Error {
    Error::new(Code::IdempotencyKeyReused, "this Idempotency-Key was used for another request")
}

fn unconditional(_: Option<Item>) -> Refused {
    Refused::Error(Error::internal("a write without a condition was refused"))
}

fn outdated<T: Record>(old: Option<&Item>) -> Error {
    match old.and_then(|item| item.get("version")).and_then(|version| version.as_n().ok()) {
        None => Error::not_found(T::NAME),
        Some(version) => Error::new(Code::Changed, format!("the {} was changed by another request", T::NAME))
            .with_detail("version", version.parse::<u64>().unwrap_or_default()),
    }
}

impl Store {
    /// Commits all or nothing. Conflicts with other transactions are tried again, with the same token, so that an attempt
    /// whose answer was lost is not carried out twice; a failed condition is final.
    ///
    /// # Errors
    /// What the first failed condition means; `unavailable` when conflicts or throttles outlast the attempts;
    /// `too_large` beyond `DynamoDB`'s 100 actions.
    pub async fn commit(&self, tx: Tx) -> Result<Outcome> {
        if let Some(error) = tx.failed {
            return Err(error);
        }
        if tx.actions.len() > MOST_ACTIONS {
            return Err(Error::new(
                Code::TooLarge,
                format!(
                    "this would take {} writes at once; at most {MOST_ACTIONS} are possible",
                    tx.actions.len()
                ),
            ));
        }
        let actions = tx.actions.clone();
        let outcome = self.written(tx).await;
        // Told whatever came of it: an answer that got lost, and what another request changed.
        self.tell(&actions).await;
        outcome
    }

    async fn written(&self, tx: Tx) -> Result<Outcome> {
        let token = token();
        let mut attempt = 1;
        loop {
            let request = self
                .client()
                .transact_write_items()
                .set_transact_items(Some(tx.actions.clone()))
                .client_request_token(&token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            match request.send().await {
                Ok(answer) => {
                    meter::written(answer.consumed_capacity());
                    return Ok(Outcome::Committed);
                }
                Err(error) => {
                    let Some(reasons) = cancelled(&error) else { return Err(broken(error)) };
                    if reasons.iter().any(refused) {
                        return meaning(reasons, tx.refusals);
                    }
                    if attempt == ATTEMPTS || !reasons.iter().any(passing) {
                        return Err(Error::unavailable(error));
                    }
                }
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }
}

fn token() -> String {
    format!("{:032x}", u128::from_be_bytes(env::random()))
}

/// Full jitter over the attempt's window.
fn pause(attempt: u32) -> Duration {
    let window = (NARROWEST << (attempt - 1).min(16)).min(WIDEST);
    Duration::from_millis(u64::from_be_bytes(env::random()) % window)
}

fn cancelled(
    error: &aws_sdk_dynamodb::error::SdkError<TransactWriteItemsError>,
) -> Option<&[CancellationReason]> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

fn refused(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn passing(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
}

/// A replay wins over an error: the claim that refuses a replayed command is its own.
fn meaning(reasons: &[CancellationReason], refusals: Vec<OnRefusal>) -> Result<Outcome> {
    let mut first = None;
    for (reason, on_refusal) in reasons.iter().zip(refusals) {
        if refused(reason) {
            match on_refusal(reason.item().cloned()) {
                Refused::Replay(item) => return Ok(Outcome::Replayed(item)),
                Refused::Error(error) => first = first.or(Some(error)),
            }
        }
    }
    Err(first.unwrap_or_else(|| Error::internal("a transaction was cancelled without a reason")))
}
