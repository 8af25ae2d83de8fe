//! Tables and indexes of [`schema`](crate::schema) as `DynamoDB` is told of them; [`migration`](crate::migration) says when.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TableDescription, TimeToLiveSpecification, TimeToLiveStatus,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use errors::{Error, Result};

use crate::Store;
use crate::schema::{EXPIRES, Index, PARTITION, SORT, Table};
use crate::table::broken;

impl Store {
    /// The table as it is, or `None` when there is none.
    pub(crate) async fn describe(&self, table: &Table) -> Result<Option<TableDescription>> {
        match self.client().describe_table().table_name(self.name(table)).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeTableError::is_resource_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(broken(error)),
        }
    }

    /// Whether items of the table expire, or will in a moment.
    pub(crate) async fn expires(&self, table: &Table) -> Result<bool> {
        let request = self.client().describe_time_to_live().table_name(self.name(table));
        let ttl = request.send().await.map_err(broken)?.time_to_live_description;
        let status = ttl.and_then(|ttl| ttl.time_to_live_status);
        Ok(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
    }

    pub(crate) async fn create_table(&self, table: &Table) -> Result<()> {
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
        not_now(request.send().await)
    }

    pub(crate) async fn expire(&self, table: &Table) -> Result<()> {
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(EXPIRES).build();
        let ttl = ttl.map_err(Error::internal)?;
        let request = self.client().update_time_to_live().table_name(self.name(table));
        not_now(request.time_to_live_specification(ttl).send().await)
    }

    pub(crate) async fn add_index(&self, table: &Table, index: &Index) -> Result<()> {
        let action = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .set_key_schema(Some(keys(index.partition, index.sort)?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(Error::internal)?;
        let request = self
            .client()
            .update_table()
            .table_name(self.name(table))
            .set_attribute_definitions(Some(attributes(table, &[*index])?))
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(action).build());
        not_now(request.send().await)
    }
}

/// A refusal because somebody else is at the same table is no failure: the next look shows what came of it.
fn not_now<T, E>(answer: std::result::Result<T, SdkError<E>>) -> Result<()>
where
    E: std::error::Error + Send + Sync + ProvideErrorMetadata + 'static,
{
    match answer {
        Ok(_) => Ok(()),
        Err(error) => match error.code() {
            Some("ResourceInUseException" | "LimitExceededException") => Ok(()),
            _ => Err(broken(error)),
        },
    }
}

pub(crate) fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>> {
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
