//! Events: by the record they are about, and by time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Event;
use errors::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::page::{Page, Position};
use crate::schema::{BY_TIME, EVENTS, Table};
use crate::table::{Item, Query, Range, Record, moment, read, text};
use crate::{Store, Tx};

/// Partitions that a day of events is spread over, so that no single one bounds the writes of an installation.
const SHARDS: u8 = 4;

impl Record for Event {
    const TABLE: Table = EVENTS;
    const NAME: &'static str = "event";

    fn key(&self) -> (String, String) {
        (self.subject.clone(), self.sequence.to_string())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let shard = self.subject.bytes().fold(0_u8, u8::wrapping_add) % SHARDS;
        vec![
            (BY_TIME.partition, text(partition(self.at, shard))),
            (BY_TIME.sort, text(format!("{}#{}", moment(self.at), self.id))),
        ]
    }
}

fn partition(at: Timestamp, shard: u8) -> String {
    format!("{}#{shard}", day(at))
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Tx {
    /// What happened, as part of making it so.
    pub fn event(&mut self, store: &Store, event: &Event) {
        self.insert(store, event, || {
            Error::new(errors::Code::Changed, "the record was changed by another request")
        });
    }
}

impl Store {
    /// What happened to a record, oldest first.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn events_of(&self, subject: &str, limit: u32, after: Option<Position>) -> Result<Page<Event>> {
        self.query(Query {
            table: &EVENTS,
            index: None,
            partition: subject.to_owned(),
            range: Range::All,
            descending: false,
            limit,
            after,
        })
        .await
    }

    /// One event of a record.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn event(&self, subject: &str, sequence: u64) -> Result<Event> {
        self.get(subject, &sequence.to_string()).await?.ok_or_else(|| Error::not_found("event"))
    }

    /// What happened from `from` until just before `to`, oldest first, up to `most`; and whether there was more.
    /// A query for each day and shard: keep the range short.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn events_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Result<(Vec<Event>, bool)> {
        let mut events: Vec<Event> = Vec::new();
        let mut more = false;
        let (mut date, last) = (day(from), day(to));
        while date <= last && !more {
            for shard in 0..SHARDS {
                let (found, cut) = self
                    .query_all(most, |after| Query {
                        table: &EVENTS,
                        index: Some(&BY_TIME),
                        partition: format!("{date}#{shard}"),
                        range: Range::Between(moment(from), moment(to)),
                        descending: false,
                        limit: 500,
                        after,
                    })
                    .await?;
                events.extend(found);
                more |= cut;
            }
            more |= events.len() > most;
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        events.sort_by(|a: &Event, b: &Event| (a.at, a.id).cmp(&(b.at, b.id)));
        events.truncate(most);
        Ok((events, more))
    }
}

/// An event from an item of the table or its stream.
///
/// # Errors
/// `internal` when it is not one.
pub fn event_from(item: Item) -> Result<Event> {
    read(item)
}
