//! Reading the feed by query, where no stream pushes it.

use std::collections::HashMap;

use domain::{Event, EventId};
use errors::Result;
use jiff::{SignedDuration, Timestamp};
use store::{ONLY_READER, Store};

/// An event carries the time at which its command began; it can be read once the command has committed. That takes at most a
/// call's longest time where this runs ([`store::CALL_TIMEOUT`]: the embedded database knows no conflicts and so no
/// further attempts). Until so long after an event's time, one with an earlier time may yet appear.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(2);
/// Events read at once.
pub(crate) const PORTION: u32 = 500;

/// A reader of the feed: what it has passed on lately.
#[derive(Debug, Default)]
pub struct Tail {
    since: Option<Timestamp>,
    saved: Option<Timestamp>,
    seen: HashMap<EventId, Timestamp>,
}

/// Gives what has appeared in the feed to all who read it; how many events. After a restart the last two minutes are given
/// again.
///
/// # Errors
/// `unavailable` when the database is, or what `readers` says; nothing is forgotten then.
pub async fn tail<R, F>(store: &Store, tail: &mut Tail, now: Timestamp, readers: R) -> Result<usize>
where
    R: Fn(Vec<Event>) -> F,
    F: Future<Output = Result<()>>,
{
    let since = match tail.since {
        Some(since) => since,
        None => begin(store, now).await?,
    };
    let (mut count, mut position) = (0, None);
    loop {
        let page = store.events_in((back(since), forward(now)), PORTION, position).await?;
        let new: Vec<_> = page.items.into_iter().filter(|event| !tail.seen.contains_key(&event.id)).collect();
        if !new.is_empty() {
            let given: Vec<_> = new.iter().map(|event| (event.id, event.at)).collect();
            readers(new).await?;
            count += given.len();
            tail.seen.extend(given);
        }
        position = page.next;
        if position.is_none() {
            break;
        }
    }
    tail.seen.retain(|_, at| *at >= back(now));
    tail.since = Some(now);
    // Saving on each look would cost more than the looks.
    if count > 0 && tail.saved.is_none_or(|saved| saved + SignedDuration::from_secs(5) <= now) {
        store.set_progress(ONLY_READER, now).await?;
        tail.saved = Some(now);
    }
    Ok(count)
}

/// Where the last reader stopped. The first one notes that it begins now, so that what happens before it notes its progress
/// is read by the next one, whenever that is.
async fn begin(store: &Store, now: Timestamp) -> Result<Timestamp> {
    match store.progress(ONLY_READER).await? {
        Some(since) => Ok(since),
        None => store.set_progress(ONLY_READER, now).await.map(|()| now),
    }
}

fn back(at: Timestamp) -> Timestamp {
    at.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN)
}

fn forward(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}
