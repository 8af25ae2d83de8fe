//! Tests of what is kept apart between processes.

use super::forget_dead_clocks;

#[test]
fn what_a_killed_process_left_of_its_clock_is_removed_and_nothing_else() {
    // No process has so high a number; this one has its own.
    let (dead, alive) = (
        format!("/dev/shm/faketime_shm_{}", u32::MAX),
        format!("/dev/shm/faketime_shm_{}", std::process::id()),
    );
    for path in [&dead, &alive] {
        std::fs::write(path, [0; 8]).unwrap();
    }
    forget_dead_clocks();
    assert!(!std::fs::exists(&dead).unwrap());
    assert!(std::fs::exists(&alive).unwrap());
    std::fs::remove_file(&alive).unwrap();
}
