//! A machine of what clients do, step by step, against the real database: after each step the answer, the records and the
//! numbers of the ledger must be those of a reference that is nothing but plain maps, and the judge must have nothing to say.

mod case;
mod reference;
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use errors::{Error, Result};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use serde::Serialize;
use store::Store;

use self::case::Case;
use self::reference::{Reference, World};
use self::script::Transition;
use crate::acts::Outcome;
use crate::base::Base;
use crate::chance::Chance;

/// Cases that share tables; the judge reads all of them after each step.
const CASES_PER_TABLES: u64 = 16;
/// The most tries at a shorter script.
const MOST_SHRINKS: u32 = 4_000;

/// What is to be tried.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Scripts.
    pub cases: u32,
    /// Steps of each, in the mean.
    pub steps: usize,
    /// Decides all of them.
    pub seed: u64,
}

/// What was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Scripts carried out, those of a search for a shorter failure included.
    pub cases: u64,
    /// Their steps.
    pub steps: u64,
    /// Answers by name.
    pub outcomes: BTreeMap<String, u64>,
    /// The shortest script that fails, and how; nothing when none does.
    pub violations: Vec<String>,
}

/// Carries out scripts until one fails; that one is shrunk.
///
/// # Errors
/// `unavailable` when the database is.
pub async fn run(base: &Base, size: Size) -> Result<Report> {
    let count = size.cases.div_ceil(u32::try_from(CASES_PER_TABLES).unwrap_or(u32::MAX));
    let mut tables = Vec::new();
    for _ in 0..count.max(1) {
        tables.push(Store::new(base.tables().await?));
    }
    let handle = tokio::runtime::Handle::current();
    let search = move || {
        let tally = Arc::new(Tally::default());
        let config = Config {
            cases: size.cases,
            max_shrink_iters: MOST_SHRINKS,
            failure_persistence: None,
            ..Config::default()
        };
        let seed: Vec<u8> = (0..4).flat_map(|n| Chance::at(size.seed, &[n]).draw().to_le_bytes()).collect();
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let scripts = Reference::sequential_strategy(1..size.steps.saturating_mul(2).max(2));
        let play = |world: World, script: Vec<Transition>, seen: Option<Arc<AtomicUsize>>| {
            let number = tally.cases.fetch_add(1, Ordering::Relaxed);
            let at = usize::try_from(number / CASES_PER_TABLES).unwrap_or_default() % tables.len();
            let store = tables.get(at).cloned().ok_or_else(|| TestCaseError::fail("no tables"))?;
            let case = Case::new(store, Chance::at(size.seed, &[number]));
            let work = async { case.map_err(failed)?.play(world, script, seen, &tally).await };
            handle.block_on(work)
        };
        let found = runner.run(&scripts, |(world, script, seen)| play(world, script, seen));
        let violations = match found {
            Ok(()) => Vec::new(),
            Err(TestError::Fail(reason, (world, script, _))) => {
                let (script, reason) = shortest(&world, script, reason.to_string(), play);
                script.iter().map(|step| format!("{step:?}")).chain([format!("=> {reason}")]).collect()
            }
            Err(TestError::Abort(reason)) => vec![format!("given up: {reason}")],
        };
        Report { violations, ..tally.report() }
    };
    tokio::task::spawn_blocking(search).await.map_err(Error::internal)
}

/// Leaves out every step without which the script still fails. Proptest does this before it makes the steps themselves simpler,
/// which makes more of them superfluous.
fn shortest(
    world: &World,
    mut script: Vec<Transition>,
    mut reason: String,
    play: impl Fn(World, Vec<Transition>, Option<Arc<AtomicUsize>>) -> std::result::Result<(), TestCaseError>,
) -> (Vec<Transition>, String) {
    let mut at = script.len();
    while at > 0 {
        at -= 1;
        let mut shorter = script.clone();
        shorter.remove(at);
        if !possible(world.clone(), &shorter) {
            continue;
        }
        if let Err(error) = play(world.clone(), shorter.clone(), None) {
            (script, reason) = (shorter, error.to_string());
            at = script.len();
        }
    }
    (script, reason)
}

fn possible(world: World, script: &[Transition]) -> bool {
    let step = |world: World, step: &Transition| {
        Reference::preconditions(&world, step).then(|| Reference::apply(world, step))
    };
    script.iter().try_fold(world, step).is_some()
}

#[derive(Default)]
struct Tally {
    cases: AtomicU64,
    steps: AtomicU64,
    outcomes: std::sync::Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    fn step(&self, answers: &[Outcome]) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        let mut outcomes = self.outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for answer in answers {
            *outcomes.entry(answer.name().to_owned()).or_default() += 1;
        }
    }

    fn report(&self) -> Report {
        Report {
            cases: self.cases.load(Ordering::Relaxed),
            steps: self.steps.load(Ordering::Relaxed),
            outcomes: self.outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
            violations: Vec::new(),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "stands where an error is mapped")]
fn failed(error: Error) -> TestCaseError {
    TestCaseError::fail(error.chain())
}
