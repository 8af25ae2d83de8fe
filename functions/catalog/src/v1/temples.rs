//! Temples, as a source system called its places.

use domain::{Location, LocationId};
use schemars::JsonSchema;
use serde::Serialize;
use web::{Path, Query, ReplyV1, State};

use super::pages::{Cut, GATHERED, Pages};
use crate::App;

/// A temple.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TempleV1")]
pub(crate) struct Temple {
    id: String,
    name: String,
    /// Its address.
    location: Option<String>,
    /// By whose wall clock its pujas begin.
    zone: String,
}

/// A page of temples.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TemplesV1")]
pub(crate) struct List {
    temples: Vec<Temple>,
    page: u32,
    page_size: u32,
    total: usize,
    pages: usize,
}

pub(crate) async fn list(State(app): State<App>, Query(pages): Query<Pages>) -> web::Result<ReplyV1<List>> {
    let (locations, _) = app.store.all_locations(GATHERED).await?;
    let Cut { items, page, page_size, total, pages } = pages.cut(locations);
    let temples = items.iter().map(Temple::of).collect();
    Ok(ReplyV1::ok(List { temples, page, page_size, total, pages }))
}

pub(crate) async fn show(State(app): State<App>, Path(id): Path<LocationId>) -> web::Result<ReplyV1<Temple>> {
    Ok(ReplyV1::ok(Temple::of(&*app.reads.location(id).await?)))
}

impl Temple {
    fn of(location: &Location) -> Self {
        Self {
            id: location.id.to_string(),
            name: location.name.to_string(),
            location: location.address.as_ref().map(ToString::to_string),
            zone: location.zone.to_string(),
        }
    }
}
