//! Version 2: routes and wire types.

mod channels;
mod desk;
mod document;
mod folio;
mod guests;
mod house;
mod invoice;
mod moving;
mod plans;
mod rooms;
mod search;
mod stays;
mod view;

use domain::Caller;
use web::{Asked, Idempotency, IfMatch, Route};

use crate::App;

pub(crate) fn routes() -> Vec<Route<App>> {
    [
        house::routes(),
        plans::routes(),
        rooms::routes(),
        search::routes(),
        stays::routes(),
        desk::routes(),
        folio::routes(),
        guests::routes(),
        moving::routes(),
        channels::routes(),
    ]
    .concat()
}

/// Who asks, on what condition, under which key.
fn asked(caller: Caller, if_match: IfMatch, idem: Idempotency) -> Asked {
    Asked { caller, if_match, idem }
}
