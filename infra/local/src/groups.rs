//! Every group's routes: the same libraries that run on Lambda.

use queue::Queue;
use web::{Api, Core};

/// The whole API.
pub fn api(core: &Core, queue: &Queue) -> Api {
    Api::new()
        .merge(bookings::api(bookings::App::new(core)))
        .merge(catalog::api(&catalog::App::new(core)))
        .merge(insights::api(&insights::App::new(core, queue.clone())))
}
