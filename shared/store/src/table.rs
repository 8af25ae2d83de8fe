//! Get, batch get and query: with [`Tx`](crate::Tx), all that this crate asks of `DynamoDB`.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use errors::{Error, Result};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::page::{Page, Placed, Position};
use crate::schema::{Index, PARTITION, SORT, Table};
use crate::{Store, meter};

/// An item as `DynamoDB` has it.
pub type Item = HashMap<String, AttributeValue>;

/// What is kept as one item: its table, its key and the attributes of its indexes.
pub(crate) trait Record: Serialize + DeserializeOwned {
    const TABLE: Table;
    /// What to call it in an error.
    const NAME: &'static str;

    fn key(&self) -> (String, String);

    /// Attributes beside the record's own: index keys, and [`crate::schema::EXPIRES`].
    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        Vec::new()
    }

    fn to_item(&self) -> Result<Item> {
        let mut item: Item = serde_dynamo::to_item(self).map_err(Error::internal)?;
        let (pk, sk) = self.key();
        item.insert(PARTITION.to_owned(), text(pk));
        item.insert(SORT.to_owned(), sort(&Self::TABLE, sk));
        item.extend(self.extra().into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(item)
    }
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn sort(table: &Table, sk: String) -> AttributeValue {
    if table.numeric_sort { AttributeValue::N(sk) } else { AttributeValue::S(sk) }
}

pub(crate) fn key(table: &Table, pk: &str, sk: &str) -> Item {
    HashMap::from([(PARTITION.to_owned(), text(pk)), (SORT.to_owned(), sort(table, sk.to_owned()))])
}

/// Instants in keys: fixed width, so that they sort as text.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T> {
    serde_dynamo::from_item(item).map_err(Error::internal)
}

/// One query: a partition of a table or an index, optionally a range of its sort key.
pub(crate) struct Query<'a> {
    pub(crate) table: &'a Table,
    pub(crate) index: Option<&'a Index>,
    pub(crate) partition: String,
    pub(crate) range: Range,
    pub(crate) descending: bool,
    pub(crate) limit: u32,
    pub(crate) after: Option<Position>,
}

/// Which sort keys.
#[derive(Clone)]
pub(crate) enum Range {
    All,
    Prefix(String),
    /// Both ends included.
    Between(String, String),
}

impl Query<'_> {
    fn attributes(&self) -> (&str, &str) {
        self.index.map_or((PARTITION, SORT), |index| (index.partition, index.sort))
    }
}

impl Store {
    /// The record, read consistently.
    pub(crate) async fn get<T: Record>(&self, pk: &str, sk: &str) -> Result<Option<T>> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.name(&T::TABLE))
            .set_key(Some(key(&T::TABLE, pk, sk)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        meter::read(answer.consumed_capacity());
        answer.item.map(read).transpose()
    }

    /// Whether there is an item, seen consistently, by its key alone.
    pub(crate) async fn exists(&self, table: &Table, pk: &str, sk: &str) -> Result<bool> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.name(table))
            .set_key(Some(key(table, pk, sk)))
            .projection_expression("#key")
            .expression_attribute_names("#key", PARTITION)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(broken)?;
        meter::read(answer.consumed_capacity());
        Ok(answer.item.is_some())
    }

    /// Items by key from several tables in one trip, in no order; missing ones are left out. At most 100.
    pub(crate) async fn get_many(&self, keys: &[(Table, String, String)]) -> Result<Vec<(String, Item)>> {
        let mut wanted: HashMap<String, Vec<Item>> = HashMap::new();
        for (table, pk, sk) in keys {
            let keys = wanted.entry(self.name(table)).or_default();
            let key = key(table, pk, sk);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let mut found = Vec::new();
        let mut rounds = 0;
        while !wanted.is_empty() {
            rounds += 1;
            if rounds > 5 {
                return Err(Error::unavailable("a batch read stayed unprocessed five times"));
            }
            let mut request =
                self.client().batch_get_item().return_consumed_capacity(ReturnConsumedCapacity::Total);
            for (table, keys) in wanted.drain() {
                let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
                request = request.request_items(table, keys.map_err(Error::internal)?);
            }
            let answer = request.send().await.map_err(broken)?;
            for part in answer.consumed_capacity() {
                meter::read(Some(part));
            }
            for (table, items) in answer.responses.unwrap_or_default() {
                found.extend(items.into_iter().map(|item| (table.clone(), item)));
            }
            for (table, rest) in answer.unprocessed_keys.unwrap_or_default() {
                wanted.insert(table, rest.keys);
            }
        }
        Ok(found)
    }

    /// One page of a query. Consistent on tables; an index may lag behind its table by moments.
    pub(crate) async fn query<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Page<T>> {
        let (items, next) = self.items(query).await?;
        Ok(Page { items: items.into_iter().map(read).collect::<Result<_>>()?, next })
    }

    /// The same, each item with its own place, for those who keep only some of them.
    pub(crate) async fn query_placed<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Placed<T>> {
        let (partition, order) = query.attributes();
        let of_key = [PARTITION, SORT, partition, order].map(str::to_owned);
        let (items, next) = self.items(query).await?;
        let placed = items.into_iter().map(|item| {
            let key = item.iter().filter(|(name, _)| of_key.contains(name));
            let place = Position::of(key.map(|(name, value)| (name.clone(), value.clone())).collect());
            let place = place.ok_or_else(|| Error::internal("an item without a key"))?;
            Ok((read(item)?, place))
        });
        Ok(Placed { items: placed.collect::<Result<_>>()?, next })
    }

    /// One page of a query, as the items are.
    pub(crate) async fn items(&self, query: Query<'_>) -> Result<(Vec<Item>, Option<Position>)> {
        let (partition, order) = query.attributes();
        let mut request = self
            .client()
            .query()
            .table_name(self.name(query.table))
            .set_index_name(query.index.map(|index| index.name.to_owned()))
            .consistent_read(query.index.is_none())
            .expression_attribute_names("#p", partition)
            .expression_attribute_values(":p", text(&query.partition))
            .scan_index_forward(!query.descending)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(query.after.clone().map(Position::into_key))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let value = |text: String| match query.index {
            Some(_) => AttributeValue::S(text),
            None => sort(query.table, text),
        };
        request = match query.range.clone() {
            Range::All => request.key_condition_expression("#p = :p"),
            Range::Prefix(prefix) => request
                .key_condition_expression("#p = :p AND begins_with(#s, :a)")
                .expression_attribute_names("#s", order)
                .expression_attribute_values(":a", value(prefix)),
            Range::Between(from, to) => request
                .key_condition_expression("#p = :p AND #s BETWEEN :a AND :b")
                .expression_attribute_names("#s", order)
                .expression_attribute_values(":a", value(from))
                .expression_attribute_values(":b", value(to)),
        };
        let answer = request.send().await.map_err(broken)?;
        self.queries().count(query.table, query.index, answer.consumed_capacity());
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.and_then(Position::of)))
    }

    /// All items of a query, page after page, up to `most`; whether there would have been more.
    pub(crate) async fn query_all<T: DeserializeOwned>(
        &self,
        most: usize,
        query: impl Fn(Option<Position>) -> Query<'static>,
    ) -> Result<(Vec<T>, bool)> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let mut query = query(after);
            // One item more than is wanted tells whether there are more.
            let rest = u32::try_from(most.saturating_sub(all.len())).unwrap_or(u32::MAX).saturating_add(1);
            query.limit = query.limit.min(rest);
            let page = self.query(query).await?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() || all.len() >= most {
                let more = after.is_some() || all.len() > most;
                all.truncate(most);
                return Ok((all, more));
            }
        }
    }
}

/// What the SDK's failure means where no condition failed: busy, away, or a defect.
pub fn broken<E>(error: SdkError<E>) -> Error
where
    E: std::error::Error + Send + Sync + aws_smithy_types::error::metadata::ProvideErrorMetadata + 'static,
{
    let busy = match &error {
        SdkError::ServiceError(context) => match context.err().code() {
            Some(code) => matches!(
                code,
                "ThrottlingException"
                    | "ProvisionedThroughputExceededException"
                    | "RequestLimitExceeded"
                    | "InternalServerError"
                    | "TransactionInProgressException"
            ),
            None => context.raw().status().as_u16() >= 500,
        },
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    if busy { Error::unavailable(error) } else { Error::internal(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_keys_sort_as_text() {
        let at = |text: &str| moment(text.parse().unwrap());
        assert!(at("2026-11-20T10:00:00Z") < at("2026-11-20T10:00:00.001Z"));
        assert_eq!(at("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00.000Z");
    }
}
