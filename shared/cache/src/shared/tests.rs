//! A shared cache that is not there, hangs, or has no address.

use std::sync::atomic::AtomicUsize;

use tokio::net::TcpListener;

use super::*;
use crate::Tiers;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Asks for a value a hundred times after each other, in a process that keeps nothing; how long that took by tokio's clock, which
/// stands still but for what somebody waits for.
async fn ask(shared: Shared) -> Duration {
    let tiers = Tiers::<u64, u64>::new("number.1", 1, 0, Some(shared));
    let loads = AtomicUsize::new(0);
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        let load = async { Ok::<_, ()>(loads.fetch_add(1, Ordering::Relaxed)).map(|_| 7) };
        assert_eq!(tiers.get_or_load(1, at(0), load).await, Ok(7));
    }
    assert_eq!(loads.into_inner(), 100);
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn one_that_never_answers_makes_one_caller_wait_once() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    assert!(ask(Shared::new(&url, String::new()).unwrap()).await <= PATIENCE + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_there_changes_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let shared = Shared::new(&format!("redis://{nobody}"), String::new()).unwrap();
    assert!(ask(shared).await <= PATIENCE + Duration::from_millis(1));
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

#[test]
fn after_a_failure_one_tries_when_it_has_rested() {
    let start = Instant::now();
    let breaker = Breaker::new(start);
    assert!(breaker.lets_through(start) && breaker.lets_through(start));
    breaker.open(start);
    assert!(!breaker.lets_through(start));
    assert!(!breaker.lets_through(start + (REST / 2)));
    assert!(breaker.lets_through(start + REST), "one tries");
    assert!(!breaker.lets_through(start + REST), "and only one");
    assert!(breaker.lets_through(start + 2 * REST), "and another when that one was never heard of again");
    breaker.close();
    assert!(breaker.lets_through(start + 2 * REST) && breaker.lets_through(start + 2 * REST));
}
