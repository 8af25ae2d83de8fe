//! Processes that all start at once.

use std::path::Path;

use env::Clock;
use proof::base::Base;
use proof::storm::{self, Size};
use proof::venue::Venue;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_of_two_hundred_clients_sell_nothing_twice() {
    let operations = env::parsed("HOLDFAST_PROOF_STORM", 2).unwrap();
    let seed = env::parsed("HOLDFAST_PROOF_SEED", 1).unwrap();
    let base = Base::start(&Clock::at(Venue::opens())).await.unwrap();
    let size = Size { processes: 4, clients: 200, operations, seed };
    let report = storm::run(&base, Path::new(env!("CARGO_BIN_EXE_proof")), size).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    assert!(report.violations.is_empty(), "{}", report.violations.join("\n"));
    assert_eq!(report.exact, (150, 150), "each of the 150 units is sold once");
    assert_eq!(report.beyond, (155, 155), "and so are those that may be overbooked");
    base.stop().await.unwrap();
}
