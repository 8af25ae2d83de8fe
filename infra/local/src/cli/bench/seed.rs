//! A store with many bookings: the records, events and claims that booking writes, a day of a room in a transaction.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::text::Email;
use domain::{Actor, Booking, BookingId, BookingState, EventId, Requests, ResourceId, Span, UserId, Zone};
use errors::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use ledger::{Changes, Claims};
use local::Installation;
use local::database::Data;
use store::{Store, Tx};

use super::scene::{EMAIL, Scene};

/// Bookings of one room.
pub(super) const PER_ROOM: usize = 1_000;
/// Bookings written together: half of each hour of a day, the other half is left free. With the ledger's four blocks these
/// are 52 of the 100 actions that a transaction may have.
const TOGETHER: usize = 24;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// They are said to have been made so long ago, that the relay does not take them for new and tells nobody.
const AGO: SignedDuration = SignedDuration::from_hours(1);

/// Writes the bookings from the `from`-th until just before the `to`-th; how long it took. Nobody may be serving the directory.
pub(super) async fn bookings(
    data: &Path,
    scene: &Scene,
    (from, to): (usize, usize),
    now: Timestamp,
) -> io::Result<Duration> {
    let begun = Instant::now();
    let installation = Installation::open(&Data::Dir(data.to_owned())).await?;
    let at = now.saturating_sub(AGO).map_err(io::Error::other)?;
    let written = write(installation.store(), scene, (from, to), at).await;
    installation.close().await?;
    written.map_err(io::Error::other)?;
    Ok(begun.elapsed())
}

async fn write(store: &Store, scene: &Scene, (from, to): (usize, usize), at: Timestamp) -> Result<()> {
    let email: Email = EMAIL.parse().map_err(Error::internal)?;
    let account = store.account_with_email(&email).await?.ok_or_else(|| Error::not_found("account"))?;
    let mut n = from;
    while n < to {
        let room = scene.booked.get(n / PER_ROOM).ok_or_else(|| Error::not_found("room"))?;
        // Neither beyond the room nor beyond what is wanted.
        let many = TOGETHER.min(PER_ROOM - n % PER_ROOM).min(to - n);
        let (mut tx, mut changes) = (Tx::new(), Changes::new());
        for k in n % PER_ROOM..n % PER_ROOM + many {
            let booking = booking(scene, *room, account.user.id, k, at)?;
            changes = booking.claims().iter().fold(changes, Changes::take);
            tx.insert_booking(store, &booking);
            let event = EventId::new(at, env::random());
            tx.event(store, &booking.event(event, "booking.confirmed", None, Actor::system()));
        }
        changes.add_to(&mut tx, store, at)?;
        store.commit(tx).await?;
        n += many;
    }
    Ok(())
}

/// The k-th booking of a room: the first half of the k-th hour.
fn booking(scene: &Scene, resource: ResourceId, user: UserId, k: usize, at: Timestamp) -> Result<Booking> {
    let span = slot(scene.begins, HOUR, k).and_then(|hour| {
        let half = hour.start().checked_add(SignedDuration::from_mins(30)).ok()?;
        Span::new(hour.start(), half)
    });
    Ok(Booking {
        id: BookingId::new(at, env::random()),
        resource,
        location: scene.place,
        zone: Zone::utc(),
        user,
        booked_by: None,
        span: span.ok_or_else(|| Error::internal("a booking beyond time"))?,
        buffers: (0, 0),
        state: BookingState::Confirmed,
        hold_until: None,
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: at,
        updated_at: at,
        version: 1,
        request: None,
        requests: Requests::default(),
    })
}

/// The n-th span of this length from there on.
pub(super) fn slot(begins: Timestamp, length: SignedDuration, n: usize) -> Option<Span> {
    let start = begins.checked_add(length.checked_mul(i32::try_from(n).ok()?)?).ok()?;
    Span::new(start, start.checked_add(length).ok()?)
}
