//! Whether the protocol holds, and whether the check would notice if it did not.

use super::*;

fn show(report: &Report) {
    println!(
        "{}: {} generated, {} unique, depth {}, {:?}; reached {:?}; missed {:?}",
        report.name,
        report.generated,
        report.unique,
        report.depth,
        report.took,
        report.reached,
        report.missed
    );
    for counterexample in &report.counterexamples {
        println!("  AGAINST {}\n    {}", counterexample.property, counterexample.script.join("\n    "));
    }
}

fn holds(bounds: Bounds) {
    let report = explore(&bounds);
    show(&report);
    assert!(report.holds());
}

#[test]
fn timeline() {
    holds(Bounds::timeline());
}
#[test]
fn moves() {
    holds(Bounds::moves());
}
#[test]
fn counter() {
    holds(Bounds::counter());
}
#[test]
fn overbooking() {
    holds(Bounds::overbooking());
}
#[test]
fn operator() {
    holds(Bounds::operator());
}
#[test]
fn mixed() {
    holds(Bounds::mixed());
}
