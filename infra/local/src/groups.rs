//! Every group's routes: the same libraries that run on Lambda.

use domain::DialCode;
use insights::Webhooks;
use providers::razorpay::Razorpay;
use queue::Queue;
use web::{Api, Core};

/// The routes of each group that answers HTTP, by the name of its function.
pub fn groups(core: &Core, queue: &Queue, gateway: Option<Razorpay>) -> Vec<(&'static str, Api)> {
    hearing(core, queue, gateway, (Webhooks::default(), DialCode::default()))
}

/// The same, where providers of messages are heard, and phone numbers are of a country.
pub(crate) fn hearing(
    core: &Core,
    queue: &Queue,
    gateway: Option<Razorpay>,
    (webhooks, country): (Webhooks, DialCode),
) -> Vec<(&'static str, Api)> {
    vec![
        ("auth", auth::api(&auth::App::new(core).in_country(country.clone()))),
        ("bookings", bookings::api(&bookings::App::new(core, crate::server::SENDER))),
        ("catalog", catalog::api(&catalog::App::new(core))),
        (
            "insights",
            insights::api(&insights::App::new(core, queue.clone()).hearing(webhooks).in_country(country)),
        ),
        ("payments", payments::api(&payments::App::new(core, gateway))),
        ("stays", stays::api(&stays::App::new(core))),
    ]
}

/// The whole API.
pub fn api(core: &Core, queue: &Queue, gateway: Option<Razorpay>) -> Api {
    merged(groups(core, queue, gateway))
}

pub(crate) fn merged(groups: Vec<(&'static str, Api)>) -> Api {
    groups.into_iter().fold(Api::new(), |all, (_, group)| all.merge(group))
}
