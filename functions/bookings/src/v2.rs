//! Version 2: routes and wire types.

mod availability;
mod batch;
mod bookings;
mod expand;
mod feeds;
mod offerings;
mod orders;
mod pools;
mod promos;
mod series;
mod steps;
mod tools;
mod view;

use web::Route;

use crate::App;

pub(crate) use view::Local;

pub(crate) fn routes() -> Vec<Route<App>> {
    [
        batch::routes(),
        bookings::routes(),
        steps::routes(),
        tools::routes(),
        availability::routes(),
        series::routes(),
        feeds::routes(),
        pools::routes(),
        orders::routes(),
        offerings::routes(),
        promos::routes(),
    ]
    .concat()
}
