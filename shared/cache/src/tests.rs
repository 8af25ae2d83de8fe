//! What is kept in one process: how long, how often it is loaded, and what changes make of it.

use std::sync::atomic::{AtomicU64, Ordering};

use errors::{Code, Error, Result};
use jiff::Timestamp;
use proptest::prelude::*;
use tokio::sync::Barrier;

use super::*;

const NUMBER: Kind<u64> = Kind::of(Name::Room);
const LIST: Kind<Vec<u64>> = Kind::of(Name::Rooms);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + seconds).unwrap()
}

fn tag() -> [Tag; 1] {
    [Tag::record("resource", 1)]
}

/// A cache that never loads early.
fn calm() -> Cache {
    Cache::with_chance(None, || u64::MAX)
}

fn counted(cache: &Cache) -> KindStatistics {
    cache.statistics().kinds.into_iter().find(|kind| kind.kind == "room").unwrap()
}

/// Asks for what would be loaded as `value`.
async fn ask(cache: &Cache, now: Timestamp, value: u64) -> u64 {
    *cache.get_or_load(NUMBER, "1", &tag(), now, || async { Ok(value) }).await.unwrap()
}

#[tokio::test]
async fn every_kind_says_a_bound_and_keeps_to_it() {
    for name in Name::ALL {
        let (about, kind) = (name.about(), Kind::<u64>::of(name));
        assert!(0 < about.fresh && about.fresh <= about.lifetime && about.absent <= about.fresh, "{about:?}");
        assert!(about.lifetime <= 300, "{about:?}: what could not be told is distrusted for so long");
        let cache = calm();
        let ask = async |seconds, value| {
            let load = || async { Ok(value) };
            *cache.get_or_load(kind, "1", &[], at(seconds), load).await.unwrap()
        };
        assert_eq!(ask(0, 1).await, 1, "{}", about.name);
        assert_eq!(ask(about.fresh - 1, 2).await, 1, "{}", about.name);
        assert_eq!(ask(about.fresh, 3).await, 3, "{}", about.name);
        assert_eq!(ask(1, 4).await, 3, "{}: a clock that was set back a little", about.name);
        assert_eq!(ask(0, 5).await, 5, "{}: what is from further ahead than it would last", about.name);
    }
}

#[test]
fn the_documented_bounds_are_those_of_the_code() {
    let document = include_str!("../../../docs/cache.md");
    for name in Name::ALL {
        let about = name.about();
        let row = document.lines().find(|line| line.starts_with(&format!("| `{}`", about.name)));
        let absent = if about.absent > 0 { about.absent.to_string() } else { "–".to_owned() };
        let shared = if about.shared { "yes" } else { "no" };
        let bounds = [about.fresh.to_string(), about.lifetime.to_string(), absent];
        let expected = format!(" | {} | {} | {shared} | ", bounds.join(" | "), about.bytes / (1_024 * 1_024));
        assert!(
            row.is_some_and(|row| row.contains(&expected)),
            "docs/cache.md lacks{expected}of {}",
            about.name
        );
    }
}

#[test]
fn names_are_their_own() {
    let names: std::collections::BTreeSet<_> = Name::ALL.iter().map(|name| name.about().name).collect();
    assert_eq!(names.len(), Name::ALL.len());
    for (at, name) in Name::ALL.into_iter().enumerate() {
        assert_eq!(name.index(), at, "{name:?} stands elsewhere in `ALL`");
    }
}

#[tokio::test]
async fn a_thousand_who_ask_at_once_are_one_load() {
    let cache = calm();
    let (loads, together) = (AtomicU64::new(0), Barrier::new(1_000));
    let asks = (0..1_000).map(|_| async {
        together.wait().await;
        let load = || async {
            loads.fetch_add(1, Ordering::SeqCst);
            // Everybody else asks before this is done.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            Ok(7)
        };
        *cache.get_or_load(NUMBER, "1", &tag(), at(0), load).await.unwrap()
    });
    let answers = futures::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| *answer == 7));
    assert_eq!(loads.into_inner(), 1);
    let counted = counted(&cache);
    assert_eq!((counted.loads, counted.misses, counted.asked()), (1, 1, 1_000));
}

#[tokio::test]
async fn an_error_is_everybodys_and_is_not_kept() {
    let cache = calm();
    let (loads, together) = (AtomicU64::new(0), Barrier::new(50));
    let asks = (0..50).map(|_| async {
        together.wait().await;
        let load = || async {
            loads.fetch_add(1, Ordering::SeqCst);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            Err(Error::unavailable("the database is away"))
        };
        cache.get_or_load(NUMBER, "1", &tag(), at(0), load).await.unwrap_err()
    });
    for error in futures::future::join_all(asks).await {
        assert_eq!((error.code(), error.retry_after()), (Code::Unavailable, Some(1)));
        assert!(error.chain().contains("the database is away"), "{}", error.chain());
    }
    assert_eq!(loads.into_inner(), 1);
    assert_eq!(ask(&cache, at(0), 7).await, 7);
    assert_eq!(counted(&cache).errors, 1);
}

#[tokio::test]
async fn whoever_waits_for_one_that_goes_away_loads_itself() {
    let cache = calm();
    let begun = tokio::sync::Notify::new();
    let goes_away = async {
        let load = || async {
            begun.notify_one();
            std::future::pending::<Result<u64>>().await
        };
        let _ = cache.get_or_load(NUMBER, "1", &tag(), at(0), load).await;
    };
    let mut goes_away = Box::pin(goes_away);
    tokio::select! {
        () = &mut goes_away => panic!("it never ends"),
        () = begun.notified() => {}
    }
    let waits = ask(&cache, at(0), 7);
    let mut waits = std::pin::pin!(waits);
    assert!(futures::poll!(&mut waits).is_pending());
    drop(goes_away);
    assert_eq!(waits.await, 7);
}

#[tokio::test]
async fn a_load_that_began_before_a_change_answers_nobody_who_asks_after_it() {
    let cache = calm();
    let (begun, go_on) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
    let before = async {
        let load = || async {
            begun.notify_one();
            go_on.notified().await;
            Ok(1)
        };
        *cache.get_or_load(NUMBER, "1", &tag(), at(0), load).await.unwrap()
    };
    let after = async {
        begun.notified().await;
        cache.touched(tag()).await;
        let mut asks = std::pin::pin!(ask(&cache, at(0), 2));
        assert!(futures::poll!(&mut asks).is_pending(), "it waits for the load that is under way");
        go_on.notify_one();
        asks.await
    };
    assert_eq!(tokio::join!(before, after), (1, 2));
    assert_eq!(ask(&cache, at(0), 3).await, 2, "what was read before is not kept");
}

#[tokio::test]
async fn what_changed_is_forgotten_with_its_lists_and_nothing_else() {
    let cache = calm();
    let list = async |value| {
        let load = || async { Ok(vec![value]) };
        let list = cache.get_or_load(LIST, "all", &[Tag::all("resource")], at(0), load).await.unwrap();
        list[0]
    };
    let other = async |value| {
        let load = || async { Ok(value) };
        *cache.get_or_load(NUMBER, "2", &[Tag::record("resource", 2)], at(0), load).await.unwrap()
    };
    assert_eq!((ask(&cache, at(0), 1).await, list(1).await, other(1).await), (1, 1, 1));
    cache.touched([Tag::record("resource", 1), Tag::all("resource")]).await;
    assert_eq!((ask(&cache, at(0), 2).await, list(2).await, other(2).await), (2, 2, 1));
    cache.delete(NUMBER, "1").await;
    assert_eq!(cache.get(NUMBER, "1", &tag(), at(0)).await, None);
    cache.set(NUMBER, "1", &tag(), at(0), 9).await;
    assert_eq!(cache.get(NUMBER, "1", &tag(), at(0)).await.as_deref(), Some(&9));
}

#[tokio::test]
async fn that_there_is_none_is_kept_for_a_little_while() {
    let cache = calm();
    let ask = async |seconds, found: Result<u64>| {
        let answer = cache.get_or_load(NUMBER, "1", &tag(), at(seconds), || async { found }).await;
        answer.map(|value| *value).map_err(|error| (error.code(), error.to_string()))
    };
    let none = Err((Code::NotFound, "there is no such room".to_owned()));
    let absent = Name::Room.about().absent;
    assert_eq!(ask(0, Err(Error::not_found("room"))).await, none);
    assert_eq!(ask(absent - 1, Ok(7)).await, none);
    assert_eq!(ask(absent, Ok(7)).await, Ok(7));
    cache.touched(tag()).await;
    assert_eq!(ask(absent, Err(Error::not_found("room"))).await, none);
    cache.touched(tag()).await;
    assert_eq!(ask(absent, Ok(8)).await, Ok(8), "made since");
}

#[tokio::test]
async fn chance_has_one_load_before_the_others_must_wait() {
    // The smallest chance there is: what took a millisecond is loaded anew 44 milliseconds before its end, and not before.
    let cache = Cache::with_chance(None, || 0);
    let slow = || async {
        std::thread::park_timeout(std::time::Duration::from_millis(2));
        Ok(1)
    };
    assert_eq!(*cache.get_or_load(NUMBER, "1", &tag(), at(0), slow).await.unwrap(), 1);
    assert_eq!(ask(&cache, at(3), 2).await, 1);
    let nearly = at(Name::Room.about().fresh) - jiff::SignedDuration::from_millis(1);
    let failing = || async { Err(Error::unavailable("away")) };
    let kept = cache.get_or_load(NUMBER, "1", &tag(), nearly, failing).await;
    assert_eq!(*kept.unwrap(), 1, "what is kept is still good");
    assert_eq!(ask(&cache, nearly, 3).await, 3);
    assert_eq!(counted(&cache).early, 2);
}

#[tokio::test]
async fn memory_is_bounded_in_bytes() {
    let cache = calm();
    for number in 0..200_u64 {
        let load = || async { Ok(vec![number; 50_000]) };
        cache.get_or_load(LIST, &number.to_string(), &[], at(0), load).await.unwrap();
    }
    let rooms = cache.statistics().kinds.into_iter().find(|kind| kind.kind == "rooms").unwrap();
    assert!(rooms.bytes <= rooms.most_bytes && rooms.entries < 200, "{rooms:?}");
    assert!(rooms.entries > 10, "{rooms:?}");
}

#[tokio::test]
async fn switched_off_it_keeps_nothing() {
    let cache = Cache::off();
    assert_eq!((ask(&cache, at(0), 1).await, ask(&cache, at(0), 2).await), (1, 2));
    assert_eq!(cache.state(), State::Off);
    assert_eq!(cache.statistics().kinds, []);
}

/// What happens to a record that one process writes and reads.
#[derive(Debug, Clone, Copy)]
enum Step {
    Write,
    Read,
    /// Somebody else writes; nobody tells.
    Elsewhere,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![Just(Step::Write), Just(Step::Read), Just(Step::Elsewhere), (1_i64..4).prop_map(Step::Pass)]
}

proptest! {
    /// A reader sees its own process's latest write at once, and everybody's after the bound.
    #[test]
    fn nobody_sees_what_is_older_than_the_bound(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let cache = Cache::memory();
            let (mut now, mut truth, mut told) = (0, 0_u64, 0_u64);
            let mut written = vec![0_i64];
            for step in steps {
                match step {
                    Step::Pass(seconds) => now += seconds,
                    Step::Write | Step::Elsewhere => {
                        truth += 1;
                        written.push(now);
                        if matches!(step, Step::Write) {
                            told = truth;
                            cache.touched(tag()).await;
                        }
                    }
                    Step::Read => {
                        let seen = ask(&cache, at(now), truth).await;
                        prop_assert!(seen >= told, "its own write");
                        let next = usize::try_from(seen).unwrap() + 1;
                        if let Some(replaced) = written.get(next) {
                            prop_assert!(now - replaced < Name::Room.about().fresh, "replaced at {replaced}, seen at {now}");
                        }
                    }
                }
            }
            Ok(())
        })?;
    }
}
