//! Who hears what was written, in the process that wrote it.

use std::pin::Pin;
use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::schema::{PARTITION, SORT};
use crate::table::Item;

/// What hearing it takes.
pub type Told = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An item that was written, or may have been: an answer can get lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its table, without the installation's prefix.
    pub table: String,
    /// Its partition key.
    pub partition: String,
    /// Its sort key, as text.
    pub sort: String,
}

/// Nobody, unless [`crate::Store::heard_by`] says who.
#[derive(Clone, Default)]
pub(crate) struct Heard(Option<Arc<dyn Fn(Vec<Written>) -> Told + Send + Sync>>);

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Heard" } else { "Unheard" })
    }
}

impl Heard {
    pub(crate) fn by(heard: impl Fn(Vec<Written>) -> Told + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(heard)))
    }

    pub(crate) fn tell(&self, prefix: &str, actions: &[TransactWriteItem]) -> Option<Told> {
        let heard = self.0.as_ref()?;
        Some(heard(actions.iter().filter_map(|action| written(prefix, action)).collect()))
    }
}

fn written(prefix: &str, action: &TransactWriteItem) -> Option<Written> {
    let (table, key): (&str, &Item) = match action {
        TransactWriteItem { put: Some(put), .. } => (put.table_name(), put.item()),
        TransactWriteItem { update: Some(update), .. } => (update.table_name(), update.key()),
        TransactWriteItem { delete: Some(delete), .. } => (delete.table_name(), delete.key()),
        _ => return None,
    };
    let part = |name| {
        let value = key.get(name)?;
        value.as_s().or_else(|_| value.as_n()).ok().cloned()
    };
    Some(Written {
        table: table.strip_prefix(prefix)?.to_owned(),
        partition: part(PARTITION)?,
        sort: part(SORT)?,
    })
}
