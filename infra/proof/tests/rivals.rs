//! What a claim costs, and that it does not depend on what it need not depend on.

use database::Data;
use env::Clock;
use proof::rivals;
use store::{Config, Store};

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_costs_the_same_however_long_it_is_within_a_block_and_however_busy_the_day() {
    let database = database::start(&Data::Memory, Clock::system()).await.unwrap();
    let store = Store::new(Config::local(database.url().to_owned()));
    store.migrate().await.unwrap();
    let report = rivals::compare(&store).await.unwrap();
    println!("{report:#?}");
    let ours: Vec<u64> = report.time.iter().map(|line| line.ours).collect();
    assert_eq!(ours, [2, 2, 4, 26], "two units for each block of six hours");
    assert!(report.by_bookings.iter().all(|(_, units)| *units == 2), "{:?}", report.by_bookings);
    let units: Vec<u64> = report.units.iter().map(|line| line.ours).collect();
    assert_eq!(units, [2, 2, 4, 2, 40]);
    assert_eq!(report.attempts.ours, 100, "who wants what nobody else wants has it at the first attempt");
    assert!(report.attempts.day > report.attempts.ours);
    database.stop().await.unwrap();
}
