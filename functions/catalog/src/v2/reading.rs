//! Reading rooms: one, those that are searched for, or several by their ids; each with its place, if that is asked for.

use domain::ResourceId;
use errors::{Error, FieldError};
use serde::Deserialize;
use store::{Ids, Page, Together};
use web::{Expand, Listed, PageQuery, Path, Query, Reply, Result, State};

use super::locations;
use super::rooms::{View, Wanted};
use crate::{App, search};

/// Rooms of one request by id.
const MOST: usize = 50;
/// What a room names.
const NAMED: [&str; 1] = ["location"];

/// 1 to 50 ids with commas between, each once.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RoomIds(Vec<ResourceId>);

impl TryFrom<String> for RoomIds {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let mut ids: Vec<ResourceId> = Vec::new();
        for part in text.split(',') {
            let id = part.trim().parse().map_err(|_| format!("{part} is no id of a room"))?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        if ids.len() > MOST { Err(format!("must be at most {MOST}")) } else { Ok(Self(ids)) }
    }
}

web::request! {
    /// How it is told.
    pub(crate) struct Telling {
        /// `location`: told in full with the room.
        expand: Option<Expand> as String,
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(id): Path<ResourceId>,
    Query(telling): Query<Telling>,
) -> Result<Reply<View>> {
    let expand = Expand::among(telling.expand, &NAMED)?;
    let room = app.reads.room(id).await?;
    let version = room.version;
    let places = places(&app, &expand, std::iter::once(room.location)).await?;
    Ok(Reply::ok(told(&room, &places)).version(version))
}

pub(crate) async fn list(
    State(app): State<App>,
    Query(mut wanted): Query<Wanted>,
    page: PageQuery,
) -> Result<Listed<View>> {
    let expand = Expand::among(wanted.expand.take(), &NAMED)?;
    let ids = wanted.ids.take();
    let search = wanted.search()?;
    let (found, missing) = match ids {
        None => (search::page(&app, &search, page.limit, page.after.clone()).await?, None),
        Some(_) if search != search::Search::default() => {
            let message = "goes with nothing else to look for";
            return Err(Error::invalid_query(vec![FieldError::new("/query/ids", "conflict", message)]).into());
        }
        Some(RoomIds(ids)) => {
            let items = app.store.resources_by_id(&ids).await?;
            let there: Vec<_> = items.iter().map(|room| room.id).collect();
            let missing: Vec<_> =
                ids.iter().filter(|id| !there.contains(id)).map(ToString::to_string).collect();
            (Page { items, next: None }, Some(missing))
        }
    };
    let places = places(&app, &expand, found.items.iter().map(|room| room.location)).await?;
    let reply = page.reply(found.map(|room| told(&room, &places)));
    Ok(match missing {
        Some(missing) => reply.meta("missing", missing),
        None => reply,
    })
}

/// The places of rooms, in one read, if they are wanted.
async fn places(
    app: &App,
    expand: &Expand,
    rooms: impl Iterator<Item = domain::LocationId>,
) -> errors::Result<Together> {
    if expand.is_empty() {
        return Ok(Together::default());
    }
    app.store.together(&Ids { locations: rooms.collect(), ..Ids::default() }).await
}

fn told(room: &domain::Resource, places: &Together) -> View {
    let mut view = View::of(room);
    view.location = places.location(room.location).map(locations::View::of);
    view
}
