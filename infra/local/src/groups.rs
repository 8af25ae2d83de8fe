//! Every group's routes: the same libraries that run on Lambda.

use web::{Api, Core};

/// The whole API.
pub fn api(core: &Core) -> Api {
    Api::new().merge(bookings::api(&bookings::App::new(core)))
}
