//! Events: by the record they are about, and by time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Event;
use errors::{Error, Result};
use futures::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::page::{Page, Position};
use crate::schema::{BY_TIME, EVENTS, Table};
use crate::table::{Item, Query, Range, Record, moment, read, text};
use crate::{Store, Tx, meter};

/// Partitions that a day of events is spread over, so that no single one bounds the writes of an installation.
const SHARDS: u8 = 4;
/// Days looked through for one page, so that an empty month is read in a few requests and not in one long one.
const DAYS_AT_ONCE: usize = 8;

impl Record for Event {
    const TABLE: Table = EVENTS;
    const NAME: &'static str = "event";

    fn key(&self) -> (String, String) {
        (self.subject.clone(), self.sequence.to_string())
    }

    fn extra(&self) -> Vec<(&'static str, AttributeValue)> {
        let shard = self.subject.bytes().fold(0_u8, u8::wrapping_add) % SHARDS;
        vec![(BY_TIME.partition, text(partition(self.at, shard))), (BY_TIME.sort, text(place(self)))]
    }
}

fn partition(at: Timestamp, shard: u8) -> String {
    format!("{}#{shard}", day(at))
}

/// Where an event stands among all.
fn place(event: &Event) -> String {
    format!("{}#{}", moment(event.at), event.id)
}

/// The first place after an event: ids are of one length, so nothing lies between.
fn after(place: &str) -> String {
    format!("{place}~")
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Tx {
    /// What happened, as part of making it so.
    pub fn event(&mut self, store: &Store, event: &Event) {
        let mut event = event.clone();
        event.actor.request = event.actor.request.or_else(meter::request);
        self.insert(store, &event, || {
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
        events.sort_by_key(|a| (a.at, a.id));
        events.truncate(most);
        Ok((events, more))
    }
}

impl Store {
    /// When the first thing happened from `from` on, today or yesterday.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub(crate) async fn first_event(&self, from: Timestamp, now: Timestamp) -> Result<Option<Timestamp>> {
        let today = day(now);
        let days = [today.yesterday().ok(), Some(today)].into_iter().flatten();
        let partitions = days
            .filter(|date| *date >= day(from))
            .flat_map(|date| (0..SHARDS).map(move |shard| format!("{date}#{shard}")));
        let each = partitions.map(|partition| {
            self.query::<Event>(Query {
                table: &EVENTS,
                index: Some(&BY_TIME),
                partition,
                range: Range::Between(moment(from), moment(Timestamp::MAX)),
                descending: false,
                limit: 1,
                after: None,
            })
        });
        let pages = try_join_all(each).await?;
        Ok(pages.iter().flat_map(|page| &page.items).map(|event| event.at).min())
    }

    /// What happened from `from` until just before `to`, oldest first, in pages: each event is on one of them, however many
    /// share an instant. A page can have few events or none and still not be the last.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn events_in(
        &self,
        (from, to): (Timestamp, Timestamp),
        limit: u32,
        position: Option<Position>,
    ) -> Result<Page<Event>> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let on = |bound: String| Some(Position::at(BY_TIME.sort, bound));
        let begin = position.as_ref().and_then(|position| position.text(BY_TIME.sort));
        let mut bound = begin.map_or_else(|| moment(from), str::to_owned);
        let mut date: Date =
            bound.get(..10).and_then(|date| date.parse().ok()).ok_or_else(|| Error::internal("no date"))?;
        let last = day(to);
        let mut items: Vec<Event> = Vec::new();
        for _ in 0..DAYS_AT_ONCE {
            let (found, cut) = self.events_on(date, &bound, to, limit).await?;
            items.extend(found);
            let more = cut.is_some() || items.len() > most || date < last;
            items.truncate(most);
            if !more {
                return Ok(Page { items, next: None });
            }
            if items.len() == most {
                let next = items.last().map(|event| after(&place(event)));
                return Ok(Page { items, next: next.and_then(on) });
            }
            if let Some(cut) = cut {
                return Ok(Page { items, next: on(after(&cut)) });
            }
            date = date.tomorrow().map_err(Error::internal)?;
            bound = format!("{date}T");
        }
        Ok(Page { items, next: on(bound) })
    }

    /// The first events of a day from `bound` on, by place; and how far all shards were read, if not to the end.
    async fn events_on(
        &self,
        date: Date,
        bound: &str,
        to: Timestamp,
        limit: u32,
    ) -> Result<(Vec<Event>, Option<String>)> {
        let (mut events, mut cut): (Vec<Event>, Option<String>) = (Vec::new(), None);
        for shard in 0..SHARDS {
            let page: Page<Event> = self
                .query(Query {
                    table: &EVENTS,
                    index: Some(&BY_TIME),
                    partition: format!("{date}#{shard}"),
                    range: Range::Between(bound.to_owned(), moment(to)),
                    descending: false,
                    limit,
                    after: None,
                })
                .await?;
            let reached = page.next.and(page.items.last().map(place));
            cut = match (cut, reached) {
                (Some(cut), Some(reached)) => Some(cut.min(reached)),
                (cut, reached) => cut.or(reached),
            };
            events.extend(page.items);
        }
        events.sort_by_key(place);
        if let Some(cut) = &cut {
            events.retain(|event| place(event) <= *cut);
        }
        Ok((events, cut))
    }
}

/// An event from an item of the table or its stream.
///
/// # Errors
/// `internal` when it is not one.
pub fn event_from(item: Item) -> Result<Event> {
    read(item)
}
