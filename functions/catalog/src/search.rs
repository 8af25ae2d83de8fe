//! Finding rooms: by place in order of names, or everywhere from the smallest that is large enough.
//!
//! What an index does not answer is judged while a page is being filled, a bounded number of rooms at a time. Whether a
//! room is free in a window is asked of its rules and of the ledger: an answer, not a promise.

use std::collections::BTreeSet;

use domain::text::Tag;
use domain::{LocationId, Resource, Span, availability, rules};
use errors::Result;
use futures::{StreamExt, stream};
use store::{Page, Position};

use crate::App;
use crate::filling::{BATCH, Filling};

/// Rooms that the ledger is asked about at once.
const AT_ONCE: usize = 16;

/// What to look for; all of it must hold.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// At least so many people.
    pub(crate) capacity: u32,
    pub(crate) location: Option<LocationId>,
    /// All of it.
    pub(crate) equipment: BTreeSet<Tag>,
    /// Part of the name, in lower case.
    pub(crate) name: Option<String>,
    /// Bookable for exactly this span.
    pub(crate) free: Option<Span>,
}

impl Search {
    fn fits(&self, room: &Resource) -> bool {
        !room.retired
            && room.capacity >= self.capacity
            && self.equipment.is_subset(&room.equipment)
            && self.name.as_ref().is_none_or(|part| room.name.folded().contains(part.as_str()))
    }

    async fn is_free(&self, app: &App, room: &Resource) -> Result<bool> {
        let Some(span) = self.free else { return Ok(true) };
        let now = app.clock.now();
        if !rules::refusals(room, span, now).is_empty() {
            return Ok(false);
        }
        let window = availability::window(room, span);
        Ok(ledger::taken(&app.store, room.id, window, now).await?.is_empty())
    }
}

/// A page of the rooms that fit.
///
/// # Errors
/// `unavailable` when the database is.
pub(crate) async fn page(
    app: &App,
    search: &Search,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Resource>> {
    let mut page = Filling::new(limit, after);
    while page.wants_more() {
        let batch = match search.location {
            Some(location) => app.store.resources_at(location, BATCH, page.after()).await?,
            None => app.store.resources(search.capacity, BATCH, page.after()).await?,
        };
        let mut judged = stream::iter(batch.items)
            .map(|(room, place)| async move {
                let keep = search.fits(&room) && search.is_free(app, &room).await?;
                Result::Ok((keep.then_some(room), place))
            })
            .buffered(AT_ONCE);
        let mut through = true;
        while let Some(next) = judged.next().await {
            let (room, place) = next?;
            if page.is_full() {
                through = false;
                break;
            }
            page.look_at(room, place);
        }
        if through {
            page.end_of_batch(batch.next);
        }
    }
    Ok(page.done())
}
