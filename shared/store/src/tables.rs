//! Making the tables of [`schema`](crate::schema), and adding what is missing to those of an older release.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use errors::{Error, Result};

use crate::Store;
use crate::schema::{EXPIRES, Index, PARTITION, SORT, TABLES, Table};
use crate::table::broken;

impl Store {
    /// Makes the tables that are missing and adds the first missing index to each that exists: `DynamoDB` takes one at a time.
    /// Tells what it did; call it again until it tells nothing.
    ///
    /// # Errors
    /// `unavailable` when the database is; `internal` when it refuses a definition.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        let mut done = Vec::new();
        for table in TABLES {
            match self.indexes_of(table).await? {
                None => {
                    self.create_table(table).await?;
                    done.push(format!("created table {}", self.name(table)));
                }
                Some(existing) => {
                    if let Some(index) = table.indexes.iter().find(|index| !existing.contains(index.name)) {
                        self.add_index(table, index).await?;
                        done.push(format!("adding index {} to table {}", index.name, self.name(table)));
                    }
                }
            }
        }
        Ok(done)
    }

    async fn indexes_of(&self, table: &Table) -> Result<Option<BTreeSet<String>>> {
        match self.client().describe_table().table_name(self.name(table)).send().await {
            Ok(answer) => {
                let indexes =
                    answer.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
                Ok(Some(indexes.into_iter().filter_map(|index| index.index_name).collect()))
            }
            Err(error) if error.as_service_error().is_some_and(aws_sdk_dynamodb::operation::describe_table::DescribeTableError::is_resource_not_found_exception) => {
                Ok(None)
            }
            Err(error) => Err(broken(error)),
        }
    }

    async fn create_table(&self, table: &Table) -> Result<()> {
        let mut request = self
            .client()
            .create_table()
            .table_name(self.name(table))
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys(PARTITION, SORT)?))
            .set_attribute_definitions(Some(attributes(table, table.indexes)?));
        for index in table.indexes {
            request = request.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name)
                    .set_key_schema(Some(keys(index.partition, index.sort)?))
                    .projection(Projection::builder().projection_type(ProjectionType::All).build())
                    .build()
                    .map_err(Error::internal)?,
            );
        }
        request.send().await.map_err(broken)?;
        if table.expires {
            let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
            let ttl = ttl.map_err(Error::internal)?;
            let request = self.client().update_time_to_live().table_name(self.name(table));
            request.time_to_live_specification(ttl).send().await.map_err(broken)?;
        }
        Ok(())
    }

    async fn add_index(&self, table: &Table, index: &Index) -> Result<()> {
        let action = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .set_key_schema(Some(keys(index.partition, index.sort)?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(Error::internal)?;
        self.client()
            .update_table()
            .table_name(self.name(table))
            .set_attribute_definitions(Some(attributes(table, &[*index])?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(action).build())
            .send()
            .await
            .map_err(broken)?;
        Ok(())
    }
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(Error::internal)
        })
        .collect()
}

fn attributes(table: &Table, indexes: &[Index]) -> Result<Vec<AttributeDefinition>> {
    let sort = if table.numeric_sort { ScalarAttributeType::N } else { ScalarAttributeType::S };
    let own = [(PARTITION, ScalarAttributeType::S), (SORT, sort)];
    let of_indexes = indexes.iter().flat_map(|index| [index.partition, index.sort]);
    own.into_iter()
        .chain(of_indexes.map(|name| (name, ScalarAttributeType::S)))
        .map(|(name, kind)| {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
            attribute.build().map_err(Error::internal)
        })
        .collect()
}
