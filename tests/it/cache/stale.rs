//! How old an answer can be in a process that does not hear of a change: as `docs/cache.md` says of each kind, and no older.

use cache::Name;

use super::*;

/// What is changed, by which path it is seen, and for how long another process may answer as before.
fn seen(scene: &Scene) -> Vec<(u32, String, Name)> {
    let Scene { location, room, offering, pool, .. } = scene;
    let day = "from=2027-01-05T08:00:00Z&to=2027-01-05T18:00:00Z";
    vec![
        (0, format!("/v2/locations/{location}"), Name::Location),
        (7, "/v2/locations".to_owned(), Name::Locations),
        (1, format!("/v2/rooms/{room}"), Name::Room),
        (4, format!("/v2/rooms?location={location}"), Name::Rooms),
        (2, format!("/v2/rooms/{room}/availability?{day}&length=60"), Name::Taken),
        (3, format!("/v2/pools/{pool}/availability"), Name::Counts),
        (5, format!("/v2/offerings/{offering}/sessions?from=2027-01-05T00:00:00Z"), Name::Sessions),
        (6, format!("/v2/pools/{pool}"), Name::Pool),
    ]
}

#[tokio::test]
async fn another_process_sees_a_change_when_the_bound_of_its_kind_is_over() {
    let mut scene = Scene::make(Cache::memory()).await;
    for (change, path, kind) in seen(&scene) {
        let fresh = SignedDuration::from_secs(kind.about().fresh);
        // By this chance nothing is read before it must be.
        let other = scene.beside(Cache::with_chance(None, || u64::MAX));
        let before = other.front.get(&path).await.body;
        while (scene.changes + 1) % 8 != change {
            scene.changes += 1;
        }
        scene.change().await;
        let now = scene.beside(Cache::off()).front.get(&path).await.body;
        assert_ne!(now, before, "{path} shows what changed");
        scene.app.advance(fresh - SignedDuration::from_millis(1));
        assert_eq!(other.front.get(&path).await.body, before, "{path}: kept until the bound");
        scene.app.advance(SignedDuration::from_millis(1));
        assert_eq!(other.front.get(&path).await.body, now, "{path}: and not beyond it");
    }
}
