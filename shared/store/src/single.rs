//! Writes of one item by itself, at half the price of a transaction: for records that no event tells of.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use errors::{Code, Error, Result};

use crate::table::{Record, broken, number};
use crate::{Store, meter};

impl Store {
    /// Writes a record unless one with its key is there; whether it did.
    pub(crate) async fn create<T: Record>(&self, record: &T) -> Result<bool> {
        self.put_if(record, Some("attribute_not_exists(pk)"), None).await
    }

    /// Writes a record over the version before it.
    pub(crate) async fn change<T: Record>(&self, record: &T, version: u64) -> Result<()> {
        let before = number(version.saturating_sub(1));
        if self.put_if(record, Some("version = :before"), Some((":before", before))).await? {
            Ok(())
        } else {
            Err(Error::new(Code::Changed, format!("the {} was changed by another request", T::NAME)))
        }
    }

    /// Writes a record whatever was there.
    pub(crate) async fn overwrite<T: Record>(&self, record: &T) -> Result<()> {
        self.put_if(record, None, None).await.map(drop)
    }

    async fn put_if<T: Record>(
        &self,
        record: &T,
        condition: Option<&str>,
        value: Option<(&str, AttributeValue)>,
    ) -> Result<bool> {
        let values = value.map(|(name, value)| std::collections::HashMap::from([(name.to_owned(), value)]));
        let request = self
            .client()
            .put_item()
            .table_name(self.name(&T::TABLE))
            .set_item(Some(record.to_item()?))
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_values(values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(answer) => {
                meter::written(answer.consumed_capacity.as_slice());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(broken(error)),
        }
    }
}
