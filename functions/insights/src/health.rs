//! Whether the service is alive, whether it can work, and what it is.

use std::time::Duration;

use domain::alert::broken;
use domain::{Permission, Zone};
use errors::Result;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Group, MaybeSigned, Plain, Route, State, StatusCode, Version, get};

use crate::App;
use crate::operations::{LATELY, Sight};
use crate::v2::figures::DeliveryView;
use crate::v2::scalability::AlertView;

/// A dependency that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/health", Access::Anyone, alive)
            .limited(Group::Probe)
            .never_kept()
            .named("health", "Whether the service is alive; and how all of it does, for operators")
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
struct HealthView {
    /// `ok`.
    status: &'static str,
    /// How all of it does, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<PartsView>,
}

/// How all of it does.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HealthParts")]
struct PartsView {
    /// `ok`, `warning` or `critical`: of the worst rule that is broken in the last two hours.
    status: &'static str,
    /// Rules that are broken, the worst first.
    alerts: Vec<AlertView>,
    /// What each dependency says.
    dependencies: DependenciesView,
    /// Jobs that wait in the queues.
    queue_waiting: u64,
    /// Jobs that failed every time.
    dead_letters: u64,
    /// How long ago the first thing happened that figures and the audit trail lack, in seconds.
    feed_lag_seconds: u64,
    /// What became of messages that were due today or yesterday, by channel and provider.
    providers: Vec<DeliveryView>,
}

async fn alive(State(app): State<App>, MaybeSigned(caller): MaybeSigned) -> Result<Plain, web::Problem> {
    let parts = match caller {
        Some(caller) if caller.may(Permission::ReadOperations) => Some(Box::pin(parts(&app)).await?),
        _ => None,
    };
    Ok(json(&HealthView { status: "ok", parts }))
}

async fn parts(app: &App) -> Result<PartsView> {
    let asked = async { Ok(Box::pin(dependencies(app)).await) };
    let (Sight { seen, delivered, .. }, (_, dependencies)) = tokio::try_join!(app.watch.seen(LATELY), asked)?;
    let alerts = broken(&seen);
    Ok(PartsView {
        status: alerts.first().map_or("ok", |alert| alert.level.as_str()),
        alerts: alerts.iter().map(AlertView::of).collect(),
        dependencies,
        queue_waiting: seen.waiting,
        dead_letters: seen.dead_letters,
        feed_lag_seconds: seen.feed_lag_seconds,
        providers: delivered.iter().map(DeliveryView::of).collect(),
    })
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
    let (works, dependencies) = Box::pin(dependencies(&app)).await;
    if !works {
        return (StatusCode::SERVICE_UNAVAILABLE, json(&ReadyView { status: "unavailable", dependencies }));
    }
    let status = if app.reads.cache().state().is_degraded() { "degraded" } else { "ready" };
    (StatusCode::OK, json(&ReadyView { status, dependencies }))
}

/// Whether the service can work, and what all that it depends on says.
async fn dependencies(app: &App) -> (bool, DependenciesView) {
    let waiting = async { app.watch.queues().notify.waiting().await.map(drop) };
    let (database, queue) = tokio::join!(answers("database", app.store.ping()), answers("queue", waiting));
    let word = |ready| if ready { "ok" } else { "unavailable" };
    // Known, and not asked for: a cache that is away keeps nobody waiting.
    let cache = app.reads.cache().state();
    let view = DependenciesView { database: word(database), queue: word(queue), cache: cache.as_str() };
    (database && queue, view)
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
