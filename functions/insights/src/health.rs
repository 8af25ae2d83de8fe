//! Whether the service is alive, whether it can work, and what it is.

use std::time::Duration;

use domain::Zone;
use errors::Result;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Group, Plain, Route, State, StatusCode, Version, get};

use crate::App;

/// A dependency that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/health", Access::Anyone, alive)
            .limited(Group::Probe)
            .never_kept()
            .named("health", "Whether the service is alive")
            .answers::<HealthView>(200),
        get("/ready", Access::Anyone, ready)
            .limited(Group::Probe)
            .never_kept()
            .named("ready", "Whether all that the service depends on answers")
            .answers::<ReadyView>(200)
            .answers::<ReadyView>(503),
        get("/version", Access::Anyone, version)
            .limited(Group::Probe)
            .named("version", "What is running")
            .answers::<VersionView>(200),
    ]
}

/// The service is alive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub(crate) struct HealthView {
    /// `ok`.
    pub(crate) status: &'static str,
}

async fn alive() -> Plain {
    json(&HealthView { status: "ok" })
}

/// Whether the service can work, and what keeps it from it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Readiness")]
struct ReadyView {
    /// `ready`; `degraded` when it works, and slower, without the cache; or `unavailable`.
    status: &'static str,
    /// What each of them says.
    dependencies: DependenciesView,
}

/// What the service depends on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Dependencies")]
struct DependenciesView {
    /// `ok` or `unavailable`.
    database: &'static str,
    /// `ok` or `unavailable`.
    queue: &'static str,
    /// The cache that processes share: `off` without one, `closed` while it is asked, `open` while it is left alone since it did not
    /// answer, `half-open` while one request tries it.
    cache: &'static str,
}

async fn ready(State(app): State<App>) -> (StatusCode, Plain) {
    let waiting = async { app.queue.waiting().await.map(drop) };
    let (database, queue) = tokio::join!(answers("database", app.store.ping()), answers("queue", waiting));
    let word = |ready| if ready { "ok" } else { "unavailable" };
    // Known, and not asked for: a cache that is away keeps nobody waiting.
    let cache = app.reads.cache().state();
    let dependencies =
        DependenciesView { database: word(database), queue: word(queue), cache: cache.as_str() };
    if database && queue {
        let status = if cache.is_degraded() { "degraded" } else { "ready" };
        (StatusCode::OK, json(&ReadyView { status, dependencies }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, json(&ReadyView { status: "unavailable", dependencies }))
    }
}

async fn answers(name: &str, call: impl Future<Output = Result<()>>) -> bool {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(dependency = name, error = error.chain(), "a dependency does not answer");
            false
        }
        Err(_) => {
            tracing::warn!(dependency = name, "a dependency takes too long to answer");
            false
        }
    }
}

/// What is running.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Release")]
struct VersionView {
    release: &'static str,
    /// The commit it was built from, if the build said so in `HOLDFAST_COMMIT`.
    commit: Option<&'static str>,
    /// Versions of the API.
    api_versions: Vec<&'static str>,
    /// The version that a request gets that asks for none.
    default_api_version: &'static str,
    /// Release of the IANA time zone database.
    time_zones: &'static str,
}

async fn version() -> Plain {
    json(&VersionView {
        release: env!("CARGO_PKG_VERSION"),
        commit: option_env!("HOLDFAST_COMMIT"),
        api_versions: Version::ALL.iter().map(|version| version.as_str()).collect(),
        default_api_version: Version::DEFAULT.as_str(),
        time_zones: Zone::database(),
    })
}

fn json(view: &impl Serialize) -> Plain {
    // A view of texts can always be written.
    Plain { kind: "application/json", text: serde_json::to_string(view).unwrap_or_default() }
}
