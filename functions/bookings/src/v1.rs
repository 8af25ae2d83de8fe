//! Version 1: the source system's routes, names and shapes over the same use cases.

mod admin;
mod bookings;
mod lists;
mod paid;
mod pujas;
mod shapes;

use web::Route;

use crate::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    [lists::routes(), bookings::routes(), admin::routes(), pujas::routes(), paid::routes()].concat()
}
