//! Clients whose transactions get in each other's way, and who want nothing that another one has.

use std::time::Duration;

use database::Data;
use env::Clock;
use proof::conflict::{one_block, one_pool};
use store::{Config, Store};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_wants_a_free_quantum_is_sent_away_because_others_want_its_neighbours() {
    let database = database::start(&Data::Memory, Clock::system()).await.unwrap();
    let config = Config::local(database.url().to_owned());
    Store::new(config.clone()).migrate().await.unwrap();
    let takes = Duration::from_millis(10);
    let block = one_block(&config, takes).await.unwrap();
    println!("{block:?}");
    assert_eq!((block.clients, block.won, block.told_to_wait), (72, 72, 0));
    // More than can be served one after the other in time: who is not served is told to come back, and nothing else.
    let pool = one_pool(&config, 200, takes).await.unwrap();
    println!("{pool:?}");
    assert_eq!(pool.won + pool.told_to_wait, 200);
    database.stop().await.unwrap();
}
