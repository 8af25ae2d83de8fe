//! The queue's own client against the endpoint.

use errors::{Code, Error};

use super::*;

fn busy() -> Error {
    Error::unavailable("the provider is away")
}

#[tokio::test]
async fn a_job_is_worked_off_once_and_gone() {
    let world = World::new().await;
    world.send(1).await;
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 1)]);
    world.advance(86_400);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn a_delayed_job_is_not_received_before_it_is_due() {
    let world = World::new().await;
    world.queue.send(&job(1), Duration::from_mins(1)).await.unwrap();
    world.advance(59);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
    world.advance(1);
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 1)]);
}

#[tokio::test]
async fn a_waiting_poll_wakes_when_a_job_comes_and_when_the_clock_is_advanced() {
    let world = World::new().await;
    let feed = async {
        world.queue.send(&job(1), Duration::from_mins(10)).await.unwrap();
        world.send(2).await;
        world.advance(600);
    };
    let (seen, ()) = tokio::join!(work(&world.queue, 2, |_| Ok(())), feed);
    assert_eq!(seen, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn a_delay_that_sqs_cannot_keep_is_refused_and_not_shortened() {
    let world = World::new().await;
    let error = world.queue.send(&job(1), queue::MAX_DELAY + Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn a_batch_of_any_size_arrives_whole() {
    let world = World::new().await;
    let jobs: Vec<_> = (0..25).map(job).collect();
    world.queue.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await.unwrap();
    let seen = work(&world.queue, 25, |_| Ok(())).await;
    assert_eq!(seen, (0..25).map(|number| (number, 1)).collect::<Vec<_>>());
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn one_failing_job_comes_again_and_does_not_hold_up_the_others() {
    let world = World::new().await;
    for number in 1..=3 {
        world.send(number).await;
    }
    let outcome = |number| if number == 2 { Err(busy()) } else { Ok(()) };
    assert_eq!(work(&world.queue, 3, outcome).await, [(1, 1), (2, 1), (3, 1)]);
    world.advance(10);
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(2, 2)]);
    world.advance(86_400);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
}

/// Fails the only job until it is dead: three attempts, then the next look moves it.
async fn kill(world: &World, outcome: impl Fn(u8) -> Result<()>) {
    for attempt in 1..=SETTINGS.max_receives {
        assert_eq!(work(&world.queue, 1, &outcome).await, [(1, attempt)]);
        world.advance(900);
    }
    world.send(99).await;
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(99, 1)]);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
    assert_eq!(world.queue.dead_letters().await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_that_always_fails_becomes_a_dead_letter_and_can_be_sent_round_again() {
    let world = World::new().await;
    world.send(1).await;
    kill(&world, |_| Err(busy())).await;
    assert_eq!(world.queue.redrive(100).await.unwrap(), 1);
    assert_eq!(world.queue.dead_letters().await.unwrap(), 0);
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 1)]);
}

#[tokio::test]
async fn an_error_that_looks_permanent_loses_no_job_either() {
    let world = World::new().await;
    world.send(1).await;
    kill(&world, |_| Err(Error::internal("a defect"))).await;
}

#[tokio::test]
async fn a_handler_that_panics_loses_no_job_and_stops_no_poll() {
    let world = World::new().await;
    world.send(1).await;
    kill(&world, |_| panic!("a defect in a handler")).await;
}

#[tokio::test]
async fn a_redrive_stops_at_its_bound_and_leaves_the_rest_where_it_is() {
    let world = World::new().await;
    for number in 1..=5 {
        world.send(number).await;
    }
    for _ in 0..SETTINGS.max_receives {
        work(&world.queue, 5, |_| Err(busy())).await;
        world.advance(900);
    }
    world.send(99).await;
    work(&world.queue, 1, |_| Ok(())).await;
    assert_eq!(world.queue.redrive(2).await.unwrap(), 2);
    assert_eq!((world.queue.waiting().await.unwrap(), world.queue.dead_letters().await.unwrap()), (2, 3));
}

#[tokio::test]
async fn a_worker_that_dies_gives_its_job_back_when_its_time_is_over() {
    let world = World::new().await;
    world.send(1).await;
    let never = poll(&world.queue, |_| std::future::pending(), std::future::pending());
    let taken = async {
        while world.queue.waiting().await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { () = never => {}, () = taken => {} }
    world.advance(29);
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
    world.advance(1);
    assert_eq!(work(&world.queue, 1, |_| Ok(())).await, [(1, 2)]);
}

#[tokio::test]
async fn creating_a_queue_again_keeps_its_messages_and_takes_the_new_settings() {
    let world = World::new().await;
    world.send(1).await;
    let settings = Settings { visibility: Duration::from_secs(5), max_receives: 1 };
    let again = world.sqs.create("notify", settings).await.unwrap();
    assert_eq!(again.url(), world.queue.url());
    work(&again, 1, |_| Err(busy())).await;
    world.advance(10);
    world.send(2).await;
    assert_eq!(work(&again, 1, |_| Ok(())).await, [(2, 1)]);
    assert_eq!(again.dead_letters().await.unwrap(), 1);
}

#[tokio::test]
async fn the_handlers_futures_can_be_spawned() {
    let world = World::new().await;
    world.send(1).await;
    let (queue, done) = (world.queue.clone(), std::sync::Arc::new(Notify::new()));
    let stop = done.clone();
    let worker = tokio::spawn(async move {
        let handle = |_: Job, _: Attempt| async {
            done.notify_one();
            Ok(())
        };
        poll(&queue, |event| consume(&queue, event, handle), stop.notified()).await;
    });
    worker.await.unwrap();
    assert_eq!(world.queue.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn a_queue_that_cannot_be_reached_is_unavailable_and_one_that_does_not_exist_is_a_defect() {
    let world = World::new().await;
    let nowhere = world.sqs.queue(format!("{}/000000000000/nowhere", world.endpoint.url()));
    assert_eq!(nowhere.send(&job(1), Duration::ZERO).await.unwrap_err().code(), Code::Internal);
    world.endpoint.stop().await.unwrap();
    assert_eq!(world.queue.send(&job(1), Duration::ZERO).await.unwrap_err().code(), Code::Unavailable);
}

/// What needs no set clock, also against another SQS: `HOLDFAST_TEST_SQS_ENDPOINT=http://127.0.0.1:5555`.
#[tokio::test]
async fn any_sqs_takes_and_gives_jobs() {
    let own = start(&Data::Memory, Clock::system()).await.unwrap();
    let sqs = Sqs::local(env::optional("HOLDFAST_TEST_SQS_ENDPOINT").unwrap_or_else(|| own.url().to_owned()));
    let queue = sqs.create("any", SETTINGS).await.unwrap();
    let queue_again = sqs.create("any", Settings { max_receives: 4, ..SETTINGS }).await.unwrap();
    assert_eq!(queue_again.url(), queue.url());
    let jobs: Vec<_> = (0..12).map(job).collect();
    queue.send_batch(jobs.iter().map(|job| (job, Duration::ZERO))).await.unwrap();
    assert_eq!(work(&queue, 12, |_| Ok(())).await, (0..12).map(|number| (number, 1)).collect::<Vec<_>>());
    assert_eq!((queue.waiting().await.unwrap(), queue.dead_letters().await.unwrap()), (0, 0));
    assert_eq!(queue.redrive(1).await.unwrap(), 0);
    own.stop().await.unwrap();
}
