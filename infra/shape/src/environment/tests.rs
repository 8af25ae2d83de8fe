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

#[test]
fn the_semaphore_stays_as_long_as_the_memory_does() {
    // What cannot be removed: with the semaphore gone, the next process of that number would end with status 1.
    let [memory, semaphore] =
        ["faketime_shm_", "sem.faketime_sem_"].map(|name| format!("/dev/shm/{name}{}", u32::MAX - 1));
    std::fs::create_dir(&memory).unwrap();
    std::fs::write(&semaphore, [0; 32]).unwrap();
    forget_dead_clocks();
    let kept = std::fs::exists(&semaphore).unwrap();
    std::fs::remove_dir(&memory).unwrap();
    forget_dead_clocks();
    assert!(kept && !std::fs::exists(&semaphore).unwrap());
}
