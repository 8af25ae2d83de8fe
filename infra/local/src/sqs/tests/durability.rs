//! What is kept when the process goes at any moment.

use super::*;

async fn opened(dir: &tempfile::TempDir, clock: &Clock) -> World {
    World::with(&Data::Dir(dir.path().to_owned()), clock.clone()).await
}

fn clock() -> Clock {
    Clock::at(Timestamp::from_second(1_800_000_000).unwrap())
}

#[tokio::test]
async fn stopping_and_starting_again_loses_nothing() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let world = opened(&dir, &clock).await;
    world.send(1).await;
    world.queue.send(&job(2), Duration::from_mins(5)).await.unwrap();
    world.endpoint.stop().await.unwrap();

    let world = opened(&dir, &clock).await;
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 1)]);
    world.advance(300);
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(2, 1)]);
}

#[tokio::test]
async fn attempts_are_counted_across_a_restart() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let world = opened(&dir, &clock).await;
    world.send(1).await;
    work(&world.queue, 1, |_| Err(errors::Error::internal("a defect"))).await;
    world.endpoint.stop().await.unwrap();

    clock.advance(SignedDuration::from_secs(900));
    let world = opened(&dir, &clock).await;
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 2)]);
}

#[tokio::test]
async fn a_killed_process_leaves_every_job_that_it_answered() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), clock());
    let world = opened(&dir, &clock).await;
    for number in 1..=20 {
        world.send(number).await;
        // What a process killed now leaves behind: the file as it is.
        let left = tempfile::tempdir().unwrap();
        std::fs::copy(dir.path().join("queues.journal"), left.path().join("queues.journal")).unwrap();
        let after = opened(&left, &clock).await;
        assert_eq!(after.queue.waiting().await.unwrap(), u64::from(number));
        after.endpoint.stop().await.unwrap();
    }
}
