//! What is free.

use domain::availability::{Reason, Slot};
use domain::text::Tag;
use domain::{LocationId, Resource, ResourceId, Span, Zone};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::{Access, Group, Path, Query, Reply, Result, Route, State, get, request};

use crate::App;
use crate::availability::{Free, Question, Suitable, of_room, of_rooms};
use crate::v2::view::Local;
use crate::when::Bound;

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/rooms/{id}/availability", Access::Anyone, of_one)
            .limited(Group::Search)
            .named("roomAvailability", "What is free of a room, and why the rest is not")
            .queried::<OfRoom>()
            .answers::<Availability>(200),
        get("/availability", Access::Anyone, of_all)
            .limited(Group::Search)
            .named("availability", "What is free of all rooms that suit")
            .queried::<OfAll>()
            .answers::<Vec<RoomFree>>(200),
    ]
}

request! {
    /// A range of at most 32 days, and the slots wanted in it.
    pub(crate) struct OfRoom {
        /// An instant with its offset, or a date: its start by the room's wall clock.
        from: Bound as String,
        /// Likewise; not part of the range.
        to: Bound as String,
        /// Length of a slot in minutes; the room's shortest booking when unset.
        length: Option<u32> as u32,
        /// Minutes from the start of one slot to the next; the room's grid when unset.
        step: Option<u32> as u32,
        /// Tell of slots that are not free too, and why they are not.
        explain: Option<bool> as bool,
    }
}

/// What is free of a room.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Availability {
    room_id: String,
    /// IANA name of the zone of the room's wall clock.
    zone: String,
    /// The release of the time zone database.
    tzdb: String,
    from: String,
    to: String,
    /// Length of a slot in minutes.
    length: u32,
    /// Minutes from one start to the next.
    step: u32,
    slots: Vec<SlotView>,
    /// Where bookings fit, as long as can be.
    free: Vec<SpanView>,
}

#[derive(Serialize, JsonSchema)]
struct SlotView {
    #[serde(flatten)]
    span: SpanView,
    free: bool,
    /// Every rule and every claim that is against it, each with `code`, `message` and its data.
    reasons: Vec<Value>,
}

#[derive(Serialize, JsonSchema)]
struct SpanView {
    #[schemars(with = "String")]
    start: Timestamp,
    #[schemars(with = "String")]
    end: Timestamp,
    /// On the room's wall clock, with its offset then.
    #[schemars(with = "String")]
    local_start: Local,
    #[schemars(with = "String")]
    local_end: Local,
}

impl SpanView {
    fn of(zone: &TimeZone, span: &Span) -> Self {
        Self {
            start: span.start(),
            end: span.end(),
            local_start: Local::new(zone, span.start()),
            local_end: Local::new(zone, span.end()),
        }
    }

    fn all(room: &Resource, spans: &[Span]) -> Vec<Self> {
        let zone = room.zone.rules();
        spans.iter().map(|span| Self::of(&zone, span)).collect()
    }
}

impl SlotView {
    fn all(room: &Resource, slots: Vec<Slot>) -> Vec<Self> {
        let zone = room.zone.rules();
        let view = |slot: Slot| Self {
            span: SpanView::of(&zone, &slot.span),
            free: slot.is_free(),
            reasons: slot.reasons.iter().map(Reason::told).collect(),
        };
        slots.into_iter().map(view).collect()
    }
}

async fn of_one(
    State(app): State<App>,
    Path(id): Path<ResourceId>,
    Query(query): Query<OfRoom>,
) -> Result<Reply<Availability>> {
    let question = Question {
        from: query.from,
        to: query.to,
        length: query.length,
        step: query.step,
        explain: query.explain.unwrap_or(false),
    };
    Ok(Reply::ok(Availability::of(of_room(&app, id, question).await?)))
}

impl Availability {
    /// What is free of a room.
    pub(crate) fn of(free: Free) -> Self {
        let Free { room, ask, slots, spans } = free;
        Self {
            room_id: room.id.to_string(),
            zone: room.zone.to_string(),
            tzdb: Zone::database().to_owned(),
            from: ask.range.start().to_string(),
            to: ask.range.end().to_string(),
            length: ask.length,
            step: ask.step,
            slots: SlotView::all(&room, slots),
            free: SpanView::all(&room, &spans),
        }
    }
}

request! {
    /// A range of at most seven days, how long a booking is to be, and which rooms suit.
    pub(crate) struct OfAll {
        /// An instant with its offset, or a date: its start by the wall clock of each room.
        from: Bound as String,
        /// Likewise; not part of the range.
        to: Bound as String,
        /// How long the booking is to be, in minutes; each room's shortest when unset.
        length: Option<u32> as u32,
        /// People who come.
        capacity: Option<u32> as u32,
        /// Only rooms there.
        location: Option<LocationId> as String,
        /// Only rooms with all of this; several times, or separated by commas.
        equipment: Option<Tags> as String,
        /// Tell of every slot of every room, and why those that are not free are not; for at most one day.
        explain: Option<bool> as bool,
    }
}

/// Tags separated by commas, or in several parameters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Several")]
struct Tags(Vec<Tag>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Several {
    One(String),
    Many(Vec<String>),
}

impl TryFrom<Several> for Tags {
    type Error = domain::text::InvalidText;

    fn try_from(several: Several) -> Result<Self, Self::Error> {
        let texts = match several {
            Several::One(text) => vec![text],
            Several::Many(texts) => texts,
        };
        let tags = texts.iter().flat_map(|text| text.split(',')).map(str::parse);
        tags.collect::<Result<_, _>>().map(Self)
    }
}

/// A room and where bookings fit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RoomFree {
    room_id: String,
    name: String,
    location_id: String,
    zone: String,
    capacity: u32,
    equipment: Vec<String>,
    /// Where bookings of the length fit, as long as can be.
    free: Vec<SpanView>,
    /// With `explain`, each slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Vec<SlotView>>,
}

async fn of_all(State(app): State<App>, Query(query): Query<OfAll>) -> Result<Reply<Vec<RoomFree>>> {
    let suitable = Suitable {
        location: query.location,
        capacity: query.capacity,
        equipment: query.equipment.map(|tags| tags.0).unwrap_or_default(),
    };
    let explain = query.explain.unwrap_or(false);
    let question = Question { from: query.from, to: query.to, length: query.length, step: None, explain };
    let (found, more) = of_rooms(&app, &suitable, question).await?;
    let rooms = found.into_iter().map(|Free { room, spans, slots, .. }| RoomFree {
        slots: explain.then(|| SlotView::all(&room, slots)),
        free: SpanView::all(&room, &spans),
        room_id: room.id.to_string(),
        name: room.name.to_string(),
        location_id: room.location.to_string(),
        zone: room.zone.to_string(),
        capacity: room.capacity,
        equipment: room.equipment.iter().map(ToString::to_string).collect(),
    });
    let reply = Reply::ok(rooms.collect::<Vec<_>>());
    Ok(reply.meta("more_rooms", more).meta("tzdb", Zone::database()))
}
