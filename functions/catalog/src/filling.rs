//! Filling a page with those of a list that somebody wants or may see, in bounded reads.

use store::{Page, Placed, Position};

/// Items read from the list at once.
pub(crate) const BATCH: u32 = 100;
/// Items looked at for one page; beyond that the page stays short and its cursor goes on.
const MOST_LOOKED_AT: usize = 500;

/// A page on its way to being full.
pub(crate) struct Filling<T> {
    kept: Vec<T>,
    limit: usize,
    looked_at: usize,
    after: Option<Position>,
    over: bool,
}

impl<T> Filling<T> {
    /// An empty page of at most `limit` items that begins after a place.
    pub(crate) fn new(limit: u32, after: Option<Position>) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { kept: Vec::new(), limit, looked_at: 0, after, over: false }
    }

    /// Where to read on.
    pub(crate) fn after(&self) -> Option<Position> {
        self.after.clone()
    }

    /// Whether another batch is worth reading.
    pub(crate) fn wants_more(&self) -> bool {
        !self.over && !self.is_full() && self.looked_at < MOST_LOOKED_AT
    }

    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }

    /// Looks at an item: kept, or passed over.
    pub(crate) fn look_at(&mut self, kept: Option<T>, place: Position) {
        self.looked_at += 1;
        self.after = Some(place);
        self.kept.extend(kept);
    }

    /// A batch was looked at to its end, behind which the list goes on at `next`.
    pub(crate) fn end_of_batch(&mut self, next: Option<Position>) {
        self.over = next.is_none();
        self.after = next;
    }

    /// Looks at a batch, keeping what `keep` gives.
    pub(crate) fn look_through<U>(&mut self, batch: Placed<U>, mut keep: impl FnMut(U) -> Option<T>) {
        let mut items = batch.items.into_iter();
        for (item, place) in items.by_ref() {
            self.look_at(keep(item), place);
            if self.is_full() {
                break;
            }
        }
        if items.len() == 0 {
            self.end_of_batch(batch.next);
        }
    }

    /// The page as far as it got.
    pub(crate) fn done(self) -> Page<T> {
        Page { items: self.kept, next: self.after.filter(|_| !self.over) }
    }
}
