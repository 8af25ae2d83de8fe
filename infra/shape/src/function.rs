//! A function with its environments: as many as there are calls at once, up to a bound.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::environment::{Ended, Environment, Tools};
use crate::{Function, Place};

/// The most environments of one function: enough for rivals, few enough for two cores.
const MOST: usize = 4;

/// A function that can be called.
pub(crate) struct Called {
    pub(crate) is: Function,
    tools: Tools,
    clock: PathBuf,
    logs: PathBuf,
    variables: BTreeMap<String, String>,
    client: Client,
    free: Semaphore,
    idle: Mutex<Vec<Arc<Environment>>>,
    busy: Mutex<Vec<Arc<Environment>>>,
    started: AtomicUsize,
    /// The end of the log of whichever failed last.
    failed: Mutex<String>,
}

impl Called {
    pub(crate) fn new(
        is: Function,
        tools: Tools,
        place: &Place,
        variables: BTreeMap<String, String>,
        client: Client,
    ) -> Self {
        Self {
            is,
            tools,
            clock: place.clock(),
            logs: place.logs(),
            variables,
            client,
            free: Semaphore::new(MOST),
            idle: Mutex::default(),
            busy: Mutex::default(),
            started: AtomicUsize::new(0),
            failed: Mutex::default(),
        }
    }

    /// Calls it in an environment that does nothing else meanwhile.
    pub(crate) async fn call(&self, event: &Value) -> io::Result<Ended> {
        let _free = self.free.acquire().await.map_err(io::Error::other)?;
        let idle = lock(&self.idle).pop();
        let mut environment = match idle {
            Some(environment) => environment,
            None => Arc::new(self.start()?),
        };
        let mut ended = self.called(&environment, event).await;
        if matches!(ended, Ok(Ended::Died)) && environment.never_began() {
            // As Lambda does, once: nothing has been done yet. Whoever reads the test's output sees why.
            eprintln!("shape: {}: its start failed and is repeated\n{}", self.is.name, environment.told());
            environment = Arc::new(self.start()?);
            ended = self.called(&environment, event).await;
        }
        if !matches!(ended, Ok(Ended::Returned(_))) {
            *lock(&self.failed) = environment.told();
        }
        match &ended {
            // Lambda ends an environment whose process died or whose call took too long.
            Ok(Ended::TimedOut | Ended::Died) | Err(_) => {}
            Ok(Ended::Failed(_) | Ended::Returned(_)) => lock(&self.idle).push(environment),
        }
        ended
    }

    async fn called(&self, environment: &Arc<Environment>, event: &Value) -> io::Result<Ended> {
        lock(&self.busy).push(Arc::clone(environment));
        let ended = environment.call(&self.client, event, Duration::from_secs(self.is.patience())).await;
        lock(&self.busy).retain(|busy| !Arc::ptr_eq(busy, environment));
        ended
    }

    /// Kills every process of the function that is at work this moment; how many.
    pub(crate) fn kill(&self) -> usize {
        lock(&self.busy).iter().filter(|environment| environment.kill()).count()
    }

    /// Ends the environments that nothing calls, as Lambda does after a while: the next call starts one.
    pub(crate) fn retire(&self) {
        lock(&self.idle).clear();
    }

    /// How many environments were started so far.
    pub(crate) fn environments(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// What the call that failed last left in its log.
    pub(crate) fn told(&self) -> String {
        lock(&self.failed).clone()
    }

    /// What all of its environments wrote to their logs.
    pub(crate) fn log(&self) -> io::Result<String> {
        (0..self.environments()).map(|number| std::fs::read_to_string(self.log_of(number))).collect()
    }

    fn start(&self) -> io::Result<Environment> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let folder = self.tools.bootstraps.join(&self.is.name);
        let mut command = self.tools.command(&self.tools.emulator, &self.clock);
        command.current_dir(folder);
        Environment::start(command, &self.is, &self.variables, self.log_of(number))
    }

    fn log_of(&self, number: usize) -> PathBuf {
        self.logs.join(format!("{}-{number}.log", self.is.name))
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
