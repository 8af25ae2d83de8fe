//! Redis killed in the middle, stopped, full, and lying.

use cache::{SharedStatistics, State};

use super::*;

/// Longer than any process answers unasked.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// Longer than anything is answered.
const LIFETIME: SignedDuration = SignedDuration::from_secs(300);

/// An installation of a process that writes, one that reads, and one without a cache to hold them against.
struct Trio {
    scene: Scene,
    reader: Cache,
}

impl Trio {
    async fn make(redis: &Redis) -> Self {
        let scene = Scene::make(Cache::new(Some(redis.shared("it-")))).await;
        Self { scene, reader: Cache::new(Some(redis.shared("it-"))) }
    }

    /// A change, and what each process answers: the one that wrote at once, the other one after it may answer unasked.
    async fn round(&mut self, within: SignedDuration, when: &str) {
        let paths = self.scene.paths.clone();
        let (off, other) = (self.scene.beside(Cache::off()), self.scene.beside(self.reader.clone()));
        other.read(&paths).await;
        self.scene.change().await;
        let truth = off.read(&paths).await;
        same(&self.scene.read().await, &truth, when);
        // On a busy machine an answer may take longer than anybody waits for it; then the other bound holds.
        let untold = self.writer().untold;
        self.scene.app.advance(if untold > 0 { LIFETIME } else { within });
        let (off, other) = (self.scene.beside(Cache::off()), self.scene.beside(self.reader.clone()));
        let truth = off.read(&paths).await;
        same(&other.read(&paths).await, &truth, when);
        same(&self.scene.read().await, &truth, when);
    }

    fn writer(&self) -> SharedStatistics {
        self.scene.app.server().core().reads.cache().statistics().shared
    }

    fn shared_hits(&self) -> u64 {
        self.reader.statistics().kinds.iter().map(|kind| kind.shared_hits).sum()
    }
}

#[tokio::test]
async fn one_that_is_killed_in_the_middle_and_comes_back_empty_changes_no_answer() {
    let Some(mut redis) = Redis::start() else { return };
    let mut trio = Trio::make(&redis).await;
    for _ in 0..8 {
        trio.round(FRESH, "while it lives").await;
    }
    assert!(trio.shared_hits() > 0);
    redis.kill();
    let (before, begun) = (trio.reader.statistics().shared, std::time::Instant::now());
    for _ in 0..8 {
        trio.round(FRESH, "while it is dead").await;
    }
    let after = trio.reader.statistics().shared;
    assert_ne!(after.state, State::Closed);
    // A hundred reads, and one attempt for each rest that they took.
    let rests = begun.elapsed().as_secs() / 5;
    let attempts = after.attempts - before.attempts;
    assert!((1..=1 + rests).contains(&attempts), "{attempts} attempts in {rests} rests");
    redis.start_again();
    for _ in 0..8 {
        trio.round(FRESH, "when it is back").await;
    }
}

#[tokio::test]
async fn one_that_stops_answering_and_goes_on_is_not_believed_what_it_missed() {
    let Some(redis) = Redis::start() else { return };
    let mut trio = Trio::make(&redis).await;
    trio.round(FRESH, "before").await;
    redis.stop(true);
    for _ in 0..8 {
        trio.round(LIFETIME, "while it is stopped").await;
    }
    redis.stop(false);
    for _ in 0..8 {
        trio.round(LIFETIME, "when it goes on").await;
    }
}

#[tokio::test]
async fn one_that_is_full_lets_go_of_what_changed() {
    let Some(redis) = Redis::start() else { return };
    let mut trio = Trio::make(&redis).await;
    for _ in 0..8 {
        trio.round(FRESH, "while there is room").await;
    }
    redis.tell(&[b"CONFIG", b"SET", b"maxmemory-policy", b"noeviction"]);
    redis.tell(&[b"CONFIG", b"SET", b"maxmemory", b"100kb"]);
    let refused = redis.tell(&[b"SET", b"x", b"y"]);
    assert!(refused[0].starts_with(b"OOM"), "{refused:?}");
    for _ in 0..16 {
        trio.round(FRESH, "while it is full").await;
    }
    let shared = trio.reader.statistics().shared;
    assert!(shared.state == State::Closed || shared.failures > 0, "it answers, and is asked: {shared:?}");
}

#[tokio::test]
async fn one_that_lies_is_found_out() {
    let Some(redis) = Redis::start() else { return };
    let mut trio = Trio::make(&redis).await;
    for lie in 0..32_usize {
        let keys = redis.tell(&[b"KEYS", b"it-*"]);
        let values: Vec<_> = keys.iter().map(|key| redis.tell(&[b"GET", key]).swap_remove(0)).collect();
        for (at, key) in keys.iter().enumerate() {
            match (at + lie) % 8 {
                0 => drop(redis.tell(&[b"SET", key, b"\xff\x00garbage"])),
                1 => {
                    redis.tell(&[b"DEL", key]);
                    redis.tell(&[b"LPUSH", key, b"another type"]);
                }
                2 => drop(redis.tell(&[b"SET", key, &values[(at + 1) % values.len()]])),
                3 => drop(redis.tell(&[b"SET", key, &values[at][..values[at].len() / 2]])),
                4 => {
                    let mut turned = values[at].clone();
                    let middle = turned.len() / 2;
                    if let Some(byte) = turned.get_mut(middle) {
                        *byte ^= 0x10;
                    }
                    // A flipped bit within a text may be a text again: not of an entry that is compressed or a generation.
                    if turned.first() != Some(&b'p') {
                        redis.tell(&[b"SET", key, &turned]);
                    }
                }
                5 => drop(redis.tell(&[b"DEL", key])),
                6 => drop(redis.tell(&[b"SET", key, b"p{\"name\":7}"])),
                _ => {}
            }
        }
        trio.round(FRESH, &format!("lie {lie}")).await;
    }
    let errors: u64 = trio.reader.statistics().kinds.iter().map(|kind| kind.errors).sum();
    assert!(errors > 0, "some lies were seen");
}
