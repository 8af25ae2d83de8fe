//! Version 1: the health check that the source systems' load balancers asked for, and the administrator's figures.

mod dashboard;

use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, ReplyV1, Route, get};

use crate::App;
use crate::health::HealthView;

pub(crate) fn routes() -> Vec<Route<App>> {
    let mut routes = vec![
        get("/health", Access::Anyone, alive)
            .named("healthV1", "Whether the service is alive")
            .answers::<ServiceView>(200),
    ];
    routes.extend(dashboard::routes());
    routes
}

/// The service is alive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceHealth")]
struct ServiceView {
    #[serde(flatten)]
    health: HealthView,
    /// `holdfast`.
    service: &'static str,
}

async fn alive() -> ReplyV1<ServiceView> {
    ReplyV1::ok(ServiceView { health: HealthView { status: "ok" }, service: "holdfast" })
}
