//! A shared cache that is not there, hangs, or has no address.

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::*;
use crate::{Cache, Kind, Name};

const NUMBER: Kind<u64> = Kind::of(Name::Room);

/// Asks for a hundred values after each other; how long that took by tokio's clock, which stands still but for what somebody waits
/// for, and how often the shared cache was asked.
async fn ask(shared: Shared) -> (Duration, u64) {
    let cache = Cache::new(Some(shared));
    let begun = tokio::time::Instant::now();
    for number in 0..100 {
        let (key, tags) = (number.to_string(), [Tag::record("resource", number)]);
        let load = || async { Ok(number) };
        let value = cache.get_or_load(NUMBER, &key, &tags, Timestamp::UNIX_EPOCH, load).await;
        assert_eq!(*value.unwrap(), number);
        cache.touched(tags).await;
    }
    let statistics = cache.statistics();
    let room = statistics.kinds.iter().find(|kind| kind.kind == "room").unwrap();
    assert_eq!((room.loads, room.misses, room.errors), (100, 100, 0));
    assert_eq!(statistics.shared.untold, 100);
    assert_eq!(statistics.shared.state, State::Open);
    (begun.elapsed(), statistics.shared.attempts)
}

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_makes_one_caller_wait_once() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let (waited, attempts) = ask(Shared::new(&url, String::new()).unwrap()).await;
    assert!(waited <= PATIENCE + Duration::from_millis(1), "{waited:?}");
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_there_changes_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let shared = Shared::new(&format!("redis://{nobody}"), String::new()).unwrap();
    let (waited, attempts) = ask(shared).await;
    assert!(waited <= PATIENCE + Duration::from_millis(1), "{waited:?}");
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn what_is_no_address_is_refused_at_the_start() {
    for url in ["", "cache", "http://localhost", "redis://"] {
        assert!(Shared::new(url, String::new()).is_err(), "{url}");
    }
}

#[tokio::test]
async fn amazons_roots_can_be_read() {
    assert!(Shared::new("rediss://c.serverless.euc1.cache.amazonaws.com:6379", String::new()).is_ok());
    assert!(Shared::new("rediss://cache.example.org:6379", String::new()).is_ok());
}
