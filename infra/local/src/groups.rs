//! Every group's routes: the same libraries that run on Lambda.

use domain::DialCode;
use insights::Webhooks;
use providers::razorpay::Razorpay;
use queue::Queues;
use web::{Api, Core};

/// The routes of each group that answers HTTP, by the name of its function.
pub fn groups(core: &Core, queues: &Queues, gateway: Option<Razorpay>) -> Vec<(&'static str, Api)> {
    hearing(core, queues, gateway, (Webhooks::default(), DialCode::default()))
}

/// The same, where providers of messages are heard, and phone numbers are of a country.
pub(crate) fn hearing(
    core: &Core,
    queues: &Queues,
    gateway: Option<Razorpay>,
    (webhooks, country): (Webhooks, DialCode),
) -> Vec<(&'static str, Api)> {
    let insights = insights::App::new(core, queues).hearing(webhooks).in_country(country.clone());
    vec![
        ("auth", auth::api(&auth::App::new(core).in_country(country))),
        ("bookings", bookings::api(&bookings::App::new(core, crate::server::SENDER))),
        ("catalog", catalog::api(&catalog::App::new(core))),
        ("insights", insights::api(&insights)),
        ("payments", payments::api(&payments::App::new(core, gateway))),
        ("stays", stays::api(&stays::App::new(core))),
    ]
}

/// The whole API.
pub fn api(core: &Core, queues: &Queues, gateway: Option<Razorpay>) -> Api {
    merged(groups(core, queues, gateway))
}

pub(crate) fn merged(groups: Vec<(&'static str, Api)>) -> Api {
    groups.into_iter().fold(Api::new(), |all, (_, group)| all.merge(group))
}
