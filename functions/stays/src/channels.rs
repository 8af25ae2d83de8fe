//! Calendars of channels, taken over: each event becomes an order of one unit of a room type, by the same counter as everything else.
//!
//! An event and its order are written in one transaction, so that an import that stops in the middle goes on with the next one. What
//! has no room is refused and told; importing again tries it again, and changes only what differs.

use std::collections::BTreeMap;

use calendar::Status;
use domain::hotel::RoomType;
use domain::hotel::stay::line;
use domain::order::OrderAction;
use domain::pool::{MOST_NIGHTS, Nights};
use domain::text::{Note, Tag};
use domain::{Location, Order, OrderId, OrderState, Permission, Requests, RoomTypeId, Span};
use errors::{Code, Error, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{ChannelEvent, Tx};
use web::{Asked, Idempotency};

use crate::App;

/// Events of one calendar.
const MOST_EVENTS: usize = 500;
/// So far ahead nights are taken over.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 500);

/// What became of an import.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) removed: usize,
    pub(crate) unchanged: usize,
    pub(crate) refused: Vec<Refused>,
}

/// An event that was not taken over.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) line: usize,
    pub(crate) uid: Option<String>,
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

/// An event as the file has it.
struct Told {
    line: usize,
    uid: String,
    nights: Nights,
}

/// A calendar that is taken over.
struct Import<'a> {
    app: &'a App,
    asked: &'a Asked,
    room_type: &'a RoomType,
    channel: &'a Tag,
    today: Date,
    now: Timestamp,
}

/// Takes a channel's calendar of a room type over: new events claim nights, others are changed by the difference, and what is in the
/// file no more is given back, unless some of the file could not be read.
///
/// # Errors
/// `not_found`, `forbidden` outside the caller's scope, `validation_failed` for what is no calendar or too large; `unavailable` in the
/// middle, after which the same import goes on.
pub(crate) async fn import(
    app: &App,
    asked: &Asked,
    (room_type, channel, file): (RoomTypeId, &Tag, &str),
) -> Result<Report> {
    let room_type = app.store.room_type(room_type).await?;
    asked.caller.require_at(Permission::BookForOthers, room_type.location)?;
    let (place, known) = tokio::try_join!(
        app.store.location(room_type.location),
        app.store.channel_events(room_type.id, channel, MOST_EVENTS),
    )?;
    let now = app.clock.now();
    let today = place.zone.local(now).date();
    let mut report = Report::default();
    let mut told = told(file, (&place, today, now), &mut report)?;
    // Without a key of its own: what is done is known by the event.
    let asked = Asked { idem: Idempotency::default(), ..asked.clone() };
    let import = Import { app, asked: &asked, room_type: &room_type, channel, today, now };
    // A file that could not be read as a whole does not say what is gone.
    let whole = report.refused.is_empty();
    // What is given back first makes room for what comes.
    let mut kept = Vec::new();
    for event in known {
        match told.remove(&event.name) {
            Some(wanted) => kept.push((event, wanted)),
            None if !whole || event.nights.to() <= today => {}
            None => {
                import.remove(&event).await?;
                report.removed += 1;
            }
        }
    }
    for (event, wanted) in kept {
        let done = import.change(&event, &wanted).await;
        report.note(wanted, done)?;
    }
    for (name, wanted) in told {
        let done = import.add(name, &wanted).await;
        report.note(wanted, done)?;
    }
    Ok(report)
}

/// What was done with an event.
enum Done {
    Added,
    Changed,
    Nothing,
}

impl Report {
    /// Counts what was done, or why it was not. What passes is told to the caller as it is.
    fn note(&mut self, wanted: Told, done: Result<Done>) -> Result<()> {
        match done {
            Ok(Done::Added) => self.added += 1,
            Ok(Done::Changed) => self.changed += 1,
            Ok(Done::Nothing) => self.unchanged += 1,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => self.refused.push(Refused {
                line: wanted.line,
                uid: Some(wanted.uid),
                code: error.code().as_str(),
                reason: error.to_string(),
            }),
        }
        Ok(())
    }
}

/// The events of a file that take up nights, by name.
fn told(
    file: &str,
    (place, today, now): (&Location, Date, Timestamp),
    report: &mut Report,
) -> Result<BTreeMap<String, Told>> {
    let read = calendar::parse(file.as_bytes(), &place.zone);
    let from = now - SignedDuration::from_hours(24 * 60);
    let window = Span::new(from, now + AHEAD).ok_or_else(|| Error::internal("a window without an end"))?;
    let mut told = BTreeMap::new();
    let refuse = |refusal: calendar::Refusal| Refused {
        line: refusal.line,
        uid: refusal.uid,
        code: Code::ValidationFailed.as_str(),
        reason: refusal.reason,
    };
    for event in read.events {
        let entry = match event {
            Ok(entry) if entry.busy && entry.status != Status::Cancelled => entry,
            Ok(_) => continue,
            Err(refusal) => {
                report.refused.push(refuse(refusal));
                continue;
            }
        };
        for occurrence in entry.occurrences(&window) {
            let occurrence = match occurrence {
                Ok(occurrence) => occurrence,
                Err(refusal) => {
                    report.refused.push(refuse(refusal));
                    continue;
                }
            };
            let day = |at| place.zone.local(at).date();
            let (arrival, last) = (day(occurrence.span.start()), day(occurrence.span.end()));
            // What begins and ends on one day takes its night.
            let departure = last.max(arrival.tomorrow().unwrap_or(arrival));
            // Nights that have passed are nobody's business any more.
            let Some(nights) = Nights::new(arrival.max(today), departure) else { continue };
            let uid = entry.uid.clone();
            let original = occurrence.original_start.map(|at| at.to_string()).unwrap_or_default();
            told.insert(name(&uid, &original), Told { line: entry.line, uid, nights });
        }
    }
    if told.len() > MOST_EVENTS {
        let message = format!("has more than {MOST_EVENTS} events");
        return Err(Error::field("/calendar", "too_long", message));
    }
    Ok(told)
}

/// What an event is kept by.
fn name(uid: &str, original: &str) -> String {
    let digest = Sha256::digest(format!("{uid}\n{original}"));
    digest.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Import<'_> {
    fn event(&self, name: String, order: OrderId, nights: Nights) -> ChannelEvent {
        let (room_type, channel) = (self.room_type.id, self.channel.clone());
        ChannelEvent { room_type, channel, name, order, nights, version: 1 }
    }

    /// Claims the nights of a new event.
    async fn add(&self, name: String, wanted: &Told) -> Result<Done> {
        bounded(wanted.nights)?;
        let id = OrderId::new(self.now, env::random());
        let event = self.event(name, id, wanted.nights);
        let order = self.order(id, wanted.nights)?;
        let add = |tx: &mut Tx| tx.insert_channel_event(&self.app.store, &event);
        orders::claim(&self.app.store, self.asked, None, order, ("order.confirmed", self.today), &add)
            .await?;
        Ok(Done::Added)
    }

    /// Claims the difference, if there is one. An order that somebody cancelled here is made anew.
    async fn change(&self, event: &ChannelEvent, wanted: &Told) -> Result<Done> {
        let before = self.app.store.order(event.order).await?;
        let stands = before.state == OrderState::Confirmed;
        if stands && (event.nights == wanted.nights || same_to_come(event.nights, wanted.nights, self.today))
        {
            return Ok(Done::Nothing);
        }
        bounded(wanted.nights)?;
        if !stands {
            let id = OrderId::new(self.now, env::random());
            let after = ChannelEvent {
                version: event.version + 1,
                ..self.event(event.name.clone(), id, wanted.nights)
            };
            let order = self.order(id, wanted.nights)?;
            let add = |tx: &mut Tx| tx.update_channel_event(&self.app.store, &after);
            let kind = ("order.confirmed", self.today);
            orders::claim(&self.app.store, self.asked, None, order, kind, &add).await?;
            return Ok(Done::Added);
        }
        let after = before.clone().change(vec![line(self.room_type.id, wanted.nights)], self.now)?;
        let event = ChannelEvent { nights: wanted.nights, version: event.version + 1, ..event.clone() };
        let add = |tx: &mut Tx| tx.update_channel_event(&self.app.store, &event);
        let kind = (OrderAction::Change.event(), self.today);
        orders::claim(&self.app.store, self.asked, Some(&before), after, kind, &add).await?;
        Ok(Done::Changed)
    }

    /// Gives back what is in the file no more.
    async fn remove(&self, event: &ChannelEvent) -> Result<()> {
        let before = self.app.store.order(event.order).await?;
        let gone = |tx: &mut Tx| tx.delete_channel_event(&self.app.store, event);
        if before.state != OrderState::Confirmed {
            let mut tx = Tx::new();
            gone(&mut tx);
            return self.app.store.commit(tx).await.map(drop);
        }
        let after = before.clone().cancel(None, self.now)?;
        let kind = (OrderAction::Cancel.event(), self.today);
        orders::claim(&self.app.store, self.asked, Some(&before), after, kind, &gone).await.map(drop)
    }

    /// One unit of the room type, for the channel.
    fn order(&self, id: OrderId, nights: Nights) -> Result<Order> {
        let note: Note =
            format!("Taken over from the calendar of {}", self.channel).parse().map_err(Error::internal)?;
        Ok(Order {
            id,
            location: self.room_type.location,
            user: self.asked.caller.user,
            booked_by: None,
            lines: vec![line(self.room_type.id, nights)],
            state: OrderState::Confirmed,
            hold_until: None,
            sale: None,
            stay: None,
            note: Some(note),
            reason: None,
            created_at: self.now,
            updated_at: self.now,
            version: 1,
            request: None,
            requests: Requests::default(),
        })
    }
}

/// Whether both are the same from today on: nights that have passed are in no file for ever.
fn same_to_come(known: Nights, wanted: Nights, today: Date) -> bool {
    known.to() == wanted.to() && known.from().max(today) == wanted.from().max(today)
}

fn bounded(nights: Nights) -> Result<()> {
    if nights.count() <= MOST_NIGHTS {
        return Ok(());
    }
    let message = format!("takes more than {MOST_NIGHTS} nights; close them by an offer instead");
    Err(Error::field("/calendar", "too_long", message))
}
