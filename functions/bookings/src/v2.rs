//! Version 2: routes and wire types.

mod bookings;
mod steps;
mod view;

use web::Route;

use crate::App;

pub(crate) use view::local;

pub(crate) fn routes() -> Vec<Route<App>> {
    [bookings::routes(), steps::routes()].concat()
}
