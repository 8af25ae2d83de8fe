//! Names that stays show are copies: whoever or whatever is renamed is renewed in them, some time after.

use std::time::Duration;

use domain::hotel::guest::user_of;
use domain::{Actor, EventId, GuestId, HotelRoomId, Order, OrderId};
use errors::{Code, Error, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use queue::Job;
use store::{Position, Tx};

use crate::App;

/// Stays that one job looks at; what is left is another one.
const MOST: u32 = 100;
/// Stays that are renewed at once.
const AT_ONCE: usize = 8;
/// Attempts at a stay that changes meanwhile.
const ROUNDS: u32 = 5;

/// Renews the name of a guest in their stays; those of a guest who was merged become the other's. Begins after a place that an
/// earlier job has come to.
pub(crate) async fn of_guest(app: &App, id: GuestId, after: Option<String>) -> Result<()> {
    let found = match app.store.guest(id).await {
        Err(error) if error.code() == Code::NotFound => return Ok(()),
        found => found?,
    };
    let guest = match found.merged_into {
        Some(other) => app.store.guest(other).await?,
        None => found,
    };
    let after: Option<Position> =
        after.map(|place| serde_json::from_str(&place)).transpose().map_err(Error::internal)?;
    let page = app.store.orders_of(user_of(id), MOST, after).await?;
    let mut renewed = Vec::new();
    for stay in page.items.iter().filter(|order| order.stay.is_some()) {
        renewed.push(renew(app, stay.id, |order, now| order.of_guest(&guest, now)));
    }
    stream::iter(renewed).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let Some(next) = page.next else { return Ok(()) };
    let after = Some(serde_json::to_string(&next).map_err(Error::internal)?);
    app.queue.send(&Job::RenameGuest { guest: id, after }, Duration::ZERO).await
}

/// Renews the number of a room in the stays that are put into it.
pub(crate) async fn of_room(app: &App, id: HotelRoomId) -> Result<()> {
    let room = match app.store.hotel_room(id).await {
        Err(error) if error.code() == Code::NotFound => return Ok(()),
        room => room?,
    };
    for assigned in &room.assigned {
        renew(app, assigned.order, |order, now| order.renumbered(room.id, &room.number, now)).await?;
    }
    Ok(())
}

/// Writes the stay with its copies as they are now, unless they are that already.
async fn renew(app: &App, id: OrderId, change: impl Fn(Order, Timestamp) -> Option<Order>) -> Result<()> {
    for _ in 0..ROUNDS {
        let before = match app.store.order(id).await {
            Err(error) if error.code() == Code::NotFound => return Ok(()),
            order => order?,
        };
        let now = app.clock.now();
        let Some(after) = change(before.clone(), now) else { return Ok(()) };
        let mut tx = Tx::new();
        tx.update_order(&app.store, &before, &after);
        let event = EventId::new(now, env::random());
        tx.event(&app.store, &after.event(event, "order.renamed", Some(&before), Actor::system()));
        match app.store.commit(tx).await {
            Err(error) if error.code() == Code::Changed => {}
            done => return done.map(drop),
        }
    }
    Err(Error::unavailable("a stay changes again and again while a name in it is renewed"))
}
