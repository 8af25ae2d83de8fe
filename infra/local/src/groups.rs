//! Every group's routes: the same libraries that run on Lambda.

use cache::Shared;
use insights::Webhooks;
use queue::Queue;
use web::{Api, Core};

/// The routes of each group that answers HTTP, by the name of its function.
pub fn groups(core: &Core, queue: &Queue, shared: Option<Shared>) -> Vec<(&'static str, Api)> {
    hearing(core, queue, shared, Webhooks::default())
}

/// The same, where providers of messages are heard.
pub(crate) fn hearing(
    core: &Core,
    queue: &Queue,
    shared: Option<Shared>,
    webhooks: Webhooks,
) -> Vec<(&'static str, Api)> {
    vec![
        ("auth", auth::api(&auth::App::new(core))),
        ("bookings", bookings::api(&bookings::App::new(core, crate::server::SENDER, shared))),
        ("catalog", catalog::api(&catalog::App::new(core))),
        ("insights", insights::api(&insights::App::new(core, queue.clone()).hearing(webhooks))),
    ]
}

/// The whole API.
pub fn api(core: &Core, queue: &Queue, shared: Option<Shared>) -> Api {
    merged(groups(core, queue, shared))
}

pub(crate) fn merged(groups: Vec<(&'static str, Api)>) -> Api {
    groups.into_iter().fold(Api::new(), |all, (_, group)| all.merge(group))
}
