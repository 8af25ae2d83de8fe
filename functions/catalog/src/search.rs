//! Finding rooms: by place in order of names, or everywhere from the smallest that is large enough.
//!
//! What an index does not answer is judged while a page is being filled, a bounded number of rooms at a time. Whether a
//! room is free in a window is asked of its rules and of the ledger: an answer, not a promise.

use std::collections::BTreeSet;

use domain::text::Tag;
use domain::{LocationId, Resource, ResourceId, Span, availability, rules};
use errors::Result;
use store::{Page, Position};

use crate::App;
use crate::filling::{BATCH, Filling};

/// The ledger is asked about as many rooms at once as the page may have, and about so many at least.
const FEWEST: usize = 20;

/// What to look for; all of it must hold.
#[derive(Debug, Default, PartialEq, Eq)]
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

    /// Those of these rooms that fit and are free.
    async fn found(&self, app: &App, rooms: &[(Resource, Position)]) -> Result<BTreeSet<ResourceId>> {
        let fitting = rooms.iter().map(|(room, _)| room).filter(|room| self.fits(room));
        let Some(span) = self.free else { return Ok(fitting.map(|room| room.id).collect()) };
        let now = app.clock.now();
        let open = fitting.filter(|room| rules::refusals(room, span, now).is_empty());
        let windows: Vec<_> = open.map(|room| (room.id, availability::window(room, span))).collect();
        let busy = ledger::busy(&app.store, &windows, now).await?;
        Ok(windows.into_iter().map(|(id, _)| id).filter(|id| !busy.contains(id)).collect())
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
    let at_once = usize::try_from(limit).unwrap_or(usize::MAX).max(FEWEST);
    while page.wants_more() {
        let batch = match search.location {
            Some(location) => app.reads.rooms_at(location, BATCH, page.after()).await?,
            None => app.reads.rooms(search.capacity, BATCH, page.after()).await?,
        };
        let mut items = batch.items.iter();
        while items.len() > 0 && !page.is_full() {
            let some = items.as_slice();
            let (some, rest) = some.split_at(at_once.min(some.len()));
            items = rest.iter();
            let found = search.found(app, some).await?;
            for (room, place) in some {
                // What is behind the last of a full page is looked at again for the next one.
                if page.is_full() {
                    return Ok(page.done());
                }
                page.look_at(found.contains(&room.id).then(|| room.clone()), place.clone());
            }
        }
        if items.len() == 0 {
            page.end_of_batch(batch.next.clone());
        }
    }
    Ok(page.done())
}
