//! Writing the expressions of a conditional update.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, Update};
use errors::{Error, Result};
use store::{Store, schema};

/// The condition and the effect of one update, put together cell by cell.
#[derive(Default)]
pub(crate) struct Expression {
    conditions: Vec<String>,
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// A short name for a value; expressions repeat few.
    pub(crate) fn value(&mut self, value: AttributeValue) -> String {
        if let Some((name, _)) = self.values.iter().find(|(_, known)| **known == value) {
            return name.clone();
        }
        let name = format!(":{}", self.values.len());
        self.values.insert(name.clone(), value);
        name
    }

    pub(crate) fn number(&mut self, number: impl std::fmt::Display) -> String {
        self.value(AttributeValue::N(number.to_string()))
    }

    pub(crate) fn require(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    pub(crate) fn set(&mut self, assignment: String) {
        self.set.push(assignment);
    }

    pub(crate) fn add(&mut self, addition: String) {
        self.add.push(addition);
    }

    pub(crate) fn remove(&mut self, name: String) {
        self.remove.push(name);
    }

    pub(crate) const fn sets_nothing(&self) -> bool {
        self.set.is_empty()
    }

    /// The update of the item of the ledger, which answers with the item as it is when the condition fails.
    ///
    /// # Errors
    /// `internal` when the SDK refuses it.
    pub(crate) fn update(self, store: &Store, (partition, number): (String, i64)) -> Result<Update> {
        let clause = |word: &str, parts: Vec<String>| {
            if parts.is_empty() { String::new() } else { format!("{word} {} ", parts.join(",")) }
        };
        let effect = [("SET", self.set), ("ADD", self.add), ("REMOVE", self.remove)]
            .map(|(word, parts)| clause(word, parts));
        Update::builder()
            .table_name(store.name(&schema::LEDGER))
            .key(schema::PARTITION, AttributeValue::S(partition))
            .key(schema::SORT, AttributeValue::N(number.to_string()))
            .condition_expression(self.conditions.join(" AND "))
            .update_expression(effect.concat().trim_end())
            .set_expression_attribute_values(Some(self.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(Error::internal)
    }
}
