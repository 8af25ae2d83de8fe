//! What is kept from the feed of events.

use aws_lambda_events::dynamodb;
use cache::{Cache, Tag};
use domain::Event;
use errors::{Error, Result};
use store::Store;

use crate::figures;

/// Forgets what was kept of what the events tell of, notes who brought them about, and counts what figures are kept of. An event that
/// comes again changes nothing.
///
/// # Errors
/// `unavailable` when the database is; some events may have been noted by then.
pub async fn consume(store: &Store, cache: &Cache, events: &[Event]) -> Result<()> {
    cache.touched(events.iter().flat_map(Tag::told)).await;
    store.note_deeds(events).await?;
    figures::count(store, events).await?;
    cache.touched(figures::counted(events)).await;
    Ok(())
}

/// Consumes a batch of the stream of the Events table. An error gives the whole batch back.
///
/// # Errors
/// As [`consume`]; `internal` when a record is no event.
pub async fn handle(store: &Store, cache: &Cache, batch: dynamodb::Event) -> Result<()> {
    let new = batch.records.into_iter().filter(|record| record.event_name == "INSERT");
    let events = new
        .map(|record| serde_dynamo::from_item(record.change.new_image).map_err(Error::internal))
        .collect::<Result<Vec<Event>>>()?;
    consume(store, cache, &events).await
}
