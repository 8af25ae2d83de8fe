//! Scripts of what clients do, against the real database.

use env::Clock;
use jiff::Timestamp;
use proof::base::Base;
use proof::machine::{self, Size};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_does_what_the_reference_does() {
    let cases = env::parsed("HOLDFAST_PROOF_CASES", 64).unwrap();
    let seed = env::parsed("HOLDFAST_PROOF_SEED", 1).unwrap();
    let clock = Clock::at("2027-01-20T00:00:00Z".parse::<Timestamp>().unwrap());
    let base = Base::start(&clock).await.unwrap();
    let report = machine::run(&base, Size { cases, steps: 30, seed }).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    assert!(report.violations.is_empty(), "seed {seed}:\n{}", report.violations.join("\n"));
    base.stop().await.unwrap();
}
