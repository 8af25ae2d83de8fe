//! Version 1: the health check that the source systems' load balancers asked for, the administrator's figures, and sending to
//! many.

mod campaigns;
mod dashboard;
mod stats;

use domain::Permission;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Access, Group, Key, ReplyV1, Route, get, post};

use crate::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    let mut routes = vec![
        get("/health", Access::Anyone, alive)
            .limited(Group::Probe)
            .never_kept()
            .named("healthV1", "Whether the service is alive")
            .answers::<ServiceView>(200),
        post("/bulk-whatsapp/send", Access::Needs(Permission::SendCampaigns), campaigns::send)
            .named("bulkWhatsappV1", "Send an approved template to a list of numbers, by a campaign")
            .keyed(Key::Accepted)
            .takes::<campaigns::BulkSend>()
            .answers::<campaigns::BulkSent>(202),
    ];
    routes.extend(dashboard::routes());
    routes.extend(stats::routes());
    routes
}

/// The service is alive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServiceHealth")]
struct ServiceView {
    /// `ok`.
    status: &'static str,
    /// `holdfast`.
    service: &'static str,
}

async fn alive() -> ReplyV1<ServiceView> {
    ReplyV1::ok(ServiceView { status: "ok", service: "holdfast" })
}
