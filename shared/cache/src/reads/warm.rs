//! Reading before anybody asks: after a release, or before a rush.

use domain::LocationId;
use errors::Result;
use futures::{StreamExt, TryStreamExt, stream};

use super::Reads;

/// Most locations of one request.
const MOST_LOCATIONS: usize = 100;
/// Items of the pages that lists and searches go through.
const PAGE: u32 = 100;
/// Reads under way at once.
const AT_ONCE: usize = 8;

impl Reads {
    /// Reads what is asked for most at these locations, or at the first hundred by name where none is named: the locations, their
    /// rooms, offerings, room types and rate plans, by the pages that searches go through, and each room. How much there is now.
    /// What is kept already is not read again.
    ///
    /// # Errors
    /// `not_found` for a location that is not there, `unavailable` when the database is.
    pub async fn warm(&self, locations: &[LocationId]) -> Result<usize> {
        let named: Vec<LocationId> = if locations.is_empty() {
            self.locations(PAGE, None).await?.items.iter().map(|location| location.id).collect()
        } else {
            locations.iter().copied().take(MOST_LOCATIONS).collect()
        };
        let each = named.into_iter().map(|location| Box::pin(self.warm_one(location)));
        stream::iter(each).buffer_unordered(AT_ONCE).try_fold(0, async |all, one| Ok(all + one)).await
    }

    async fn warm_one(&self, location: LocationId) -> Result<usize> {
        self.location(location).await?;
        let rooms = self.rooms_at(location, PAGE, None).await?;
        let offerings = self.offerings(location, PAGE, None).await?;
        let types = self.room_types(location, PAGE, None).await?;
        let plans = self.rate_plans(location, PAGE, None).await?;
        for (room, _) in &rooms.items {
            self.room(room.id).await?;
        }
        Ok(1 + rooms.items.len() + offerings.items.len() + types.items.len() + plans.items.len())
    }
}
