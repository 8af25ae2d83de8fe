//! Explores, and tells what came of it.

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Path};

use super::bounds::{Bounds, Reach};
use super::properties;
use super::script;
use super::world::{Action, State, World};

/// What an exploration found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The name of its bounds.
    pub name: &'static str,
    /// States that were generated, with repeats.
    pub generated: usize,
    /// States that differ: all that there are within the bounds, unless a search for one property stopped early.
    pub unique: usize,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Properties that were checked in each state.
    pub checked: Vec<&'static str>,
    /// Properties that do not hold, each with the shortest way there.
    pub counterexamples: Vec<Counterexample>,
    /// Situations and how many steps led into each.
    pub reached: Vec<(Reach, u64)>,
    /// Situations that the bounds are meant to reach and do not.
    pub missed: Vec<Reach>,
}

/// A way to a state, or by a step, that a property forbids.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// What does not hold.
    pub property: &'static str,
    /// The way there, a line for each step.
    pub script: Vec<String>,
}

impl Report {
    /// Whether every property holds and nothing was missed.
    pub fn holds(&self) -> bool {
        self.counterexamples.is_empty() && self.missed.is_empty()
    }

    /// The counterexample of a property.
    pub fn against(&self, property: &str) -> Option<&Counterexample> {
        self.counterexamples.iter().find(|counterexample| counterexample.property == property)
    }
}

/// Visits every state within the bounds.
pub fn explore(bounds: &Bounds) -> Report {
    run(bounds, HasDiscoveries::All)
}

/// Visits states, the nearest first, until the property is found not to hold; every state, if it does.
pub fn refute(bounds: &Bounds, property: &'static str) -> Report {
    run(bounds, HasDiscoveries::AnyOf([property].into()))
}

fn run(bounds: &Bounds, until: HasDiscoveries) -> Report {
    let start = Instant::now();
    let checker = World::new(bounds.clone()).checker().finish_when(until).spawn_bfs().join();
    let took = start.elapsed();
    let world = checker.model();
    let reached: Vec<_> = Reach::ALL.map(|reach| (reach, world.reached(reach))).into();
    let missed = bounds.reaches.iter().copied().filter(|reach| world.reached(*reach) == 0).collect();
    let mut discoveries = checker.discoveries();
    let mut found = |property: &'static str| {
        let path: Path<State, Action> = discoveries.remove(property)?;
        Some(Counterexample { property, script: script::of(bounds, path) })
    };
    Report {
        name: bounds.name,
        generated: checker.state_count(),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        took,
        checked: properties::ALWAYS.to_vec(),
        counterexamples: properties::ALWAYS.into_iter().filter_map(&mut found).collect(),
        reached,
        missed,
    }
}
