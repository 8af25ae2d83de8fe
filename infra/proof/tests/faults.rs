//! Clients with wrong clocks over bad wires.

use env::Clock;
use proof::base::Base;
use proof::faults::{self, Size};
use proof::venue::Venue;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sold_twice_over_bad_wires_and_what_clients_are_told_is_so() {
    let operations = env::parsed("HOLDFAST_PROOF_OPERATIONS", 2_000).unwrap();
    let seed = env::parsed("HOLDFAST_PROOF_SEED", 1).unwrap();
    let clock = Clock::at(Venue::opens());
    let base = Base::start(&clock).await.unwrap();
    let report = faults::run(&base, &clock, Size { operations, clients: 64, seed }).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    assert!(report.violations.is_empty(), "{}", report.violations.join("\n"));
    assert_eq!(report.faults.len(), proof::wire::Fault::ALL.len(), "each kind of fault was injected");
    base.stop().await.unwrap();
}
