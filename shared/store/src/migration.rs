//! What an installation lacks of this release's [`schema`](crate::schema), and doing it step by step. Nothing is ever deleted.
//!
//! What is to be done is seen from the tables alone, so whoever is interrupted starts again and goes on, and two who migrate
//! at once do no harm.

use std::fmt;

use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndexDescription, IndexStatus, KeySchemaElement, TableDescription, TableStatus,
};
use errors::{Error, Result};

use crate::Store;
use crate::schema::{Index, PARTITION, SORT, TABLES, Table};
use crate::tables::keys;

/// One step towards the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The table's full name.
    pub name: String,
    /// What is to be done to it.
    pub what: What,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// To make the table with all its indexes.
    Make,
    /// To wait: `DynamoDB` is making the table, or this index of it.
    Wait {
        /// The index, or none for the table itself.
        index: Option<String>,
        /// How far it is, in the words of `DynamoDB`.
        status: String,
        /// Items that it holds, and items of the table: `DynamoDB` counts them every six hours or so.
        items: (i64, i64),
    },
    /// To have items deleted after they expire.
    Expire,
    /// To add an index: one at a time.
    Add(Index),
}

impl Step {
    /// Whether there is nothing to do but to wait.
    pub fn is_wait(&self) -> bool {
        matches!(self.what, What::Wait { .. })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.what {
            What::Make => write!(f, "make table {name}"),
            What::Wait { index: None, status, .. } => write!(f, "wait for table {name}: {status}"),
            What::Wait { index: Some(index), status, items: (items, all) } => {
                write!(f, "wait for index {index} of table {name}: {status}, {items} of {all} items")
            }
            What::Expire => write!(f, "let items of table {name} expire"),
            What::Add(index) => write!(f, "add index {} to table {name}", index.name),
        }
    }
}

impl Store {
    /// All steps that are missing, table by table, those of a table in their order.
    ///
    /// # Errors
    /// `unavailable` when the database is; `internal` when a table or an index has other keys than the schema's, which no step
    /// can mend.
    pub async fn missing(&self) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        for table in TABLES {
            steps.extend(self.missing_of(table).await?);
        }
        Ok(steps)
    }

    /// Takes the first missing step of each table, since `DynamoDB` adds one index to a table at a time. Tells which; call it
    /// again until it tells nothing, and pause when it only tells of waiting.
    ///
    /// # Errors
    /// As [`Store::missing`].
    pub async fn migrate(&self) -> Result<Vec<Step>> {
        let mut taken = Vec::new();
        for table in TABLES {
            let Some(step) = self.missing_of(table).await?.into_iter().next() else { continue };
            let done = match &step.what {
                What::Make => self.create_table(table).await,
                What::Wait { .. } => Ok(()),
                What::Expire => self.expire(table).await,
                What::Add(index) => self.add_index(table, index).await,
            };
            // What somebody else has done in the meantime is refused, and is done.
            if let Err(error) = done
                && self.missing_of(table).await?.contains(&step)
            {
                return Err(error);
            }
            taken.push(step);
        }
        Ok(taken)
    }

    async fn missing_of(&self, table: &Table) -> Result<Vec<Step>> {
        let name = self.name(table);
        let step = |what| Step { name: name.clone(), what };
        let Some(found) = self.describe(table).await? else {
            let expire = table.expires.then_some(What::Expire);
            return Ok([What::Make].into_iter().chain(expire).map(step).collect());
        };
        same_keys(&name, found.key_schema(), (PARTITION, SORT))?;
        let mut missing = Vec::new();
        let made = matches!(found.table_status(), Some(TableStatus::Active | TableStatus::Updating));
        if !made {
            missing.push(wait(&found, None));
        }
        let existing = found.global_secondary_indexes();
        missing
            .extend(existing.iter().filter(|index| !is_ready(index)).map(|index| wait(&found, Some(index))));
        if table.expires && !(made && self.expires(table).await?) {
            missing.push(What::Expire);
        }
        for index in table.indexes {
            match existing.iter().find(|found| found.index_name() == Some(index.name)) {
                Some(found) => {
                    let index_name = format!("{name}, index {}", index.name);
                    same_keys(&index_name, found.key_schema(), (index.partition, index.sort))?;
                }
                None => missing.push(What::Add(*index)),
            }
        }
        Ok(missing.into_iter().map(step).collect())
    }
}

fn is_ready(index: &GlobalSecondaryIndexDescription) -> bool {
    let active = matches!(index.index_status(), Some(IndexStatus::Active | IndexStatus::Updating));
    active && index.backfilling() != Some(true)
}

fn wait(table: &TableDescription, index: Option<&GlobalSecondaryIndexDescription>) -> What {
    let status = match index {
        None => table.table_status().map(TableStatus::as_str),
        Some(index) => index.index_status().map(IndexStatus::as_str),
    };
    let backfilling = index.and_then(GlobalSecondaryIndexDescription::backfilling) == Some(true);
    let items = index.and_then(GlobalSecondaryIndexDescription::item_count);
    What::Wait {
        index: index.and_then(|index| index.index_name()).map(str::to_owned),
        status: format!("{}{}", status.unwrap_or("?"), if backfilling { ", backfilling" } else { "" }),
        items: (items.unwrap_or(0), table.item_count().unwrap_or(0)),
    }
}

/// Refuses what has the right name and other keys: queries would find nothing in it, without a word.
fn same_keys(name: &str, found: &[KeySchemaElement], (partition, sort): (&str, &str)) -> Result<()> {
    if found == keys(partition, sort)? {
        return Ok(());
    }
    Err(Error::internal(format!("{name} has other keys than {partition} and {sort}; nothing was changed")))
}
