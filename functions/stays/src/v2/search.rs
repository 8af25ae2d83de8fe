//! What may be had, on the wire.

use domain::LocationId;
use domain::hotel::room_type::{MOST_AGE, MOST_GUESTS, Party};
use domain::order::MOST_LINES;
use domain::pool::{MOST_NIGHTS, Nights};
use errors::{Error, FieldError};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use web::{Access, Group, Query, Reply, Result, Route, State, get, request};

use super::house::TypeView;
use crate::App;
use crate::search::{Found, Offer, search};

pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        get("/stays/search", Access::Anyone, find)
            .limited(Group::Search)
            .named(
                "searchStays",
                "What room types may be had for some nights, at what price, and why others not",
            )
            .queried::<SearchQuery>()
            .answers::<Vec<FoundView>>(200),
    ]
}

request! {
    /// For when and whom.
    pub(crate) struct SearchQuery {
        location_id: LocationId as String,
        /// The day of the first night.
        arrival: Date as String,
        /// The day after the last one: at most 60 nights.
        departure: Date as String,
        /// In each room; 2 when unset.
        adults: Option<u8> as u8,
        /// The ages of the children in each room, `4,7`.
        children: Option<String> as String,
        /// So many rooms; 1 when unset.
        rooms: Option<u32> as u32,
    }
}

impl SearchQuery {
    fn wanted(&self) -> errors::Result<(Nights, Party, u32)> {
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, code, message: String| {
            wrong.push(FieldError::new(format!("/query/{field}"), code, message));
        };
        let nights = Nights::new(self.arrival, self.departure);
        if nights.is_none() {
            refuse("departure", "not_after_start", "must be after the arrival".to_owned());
        }
        if nights.is_some_and(|nights| nights.count() > MOST_NIGHTS) {
            refuse(
                "departure",
                "too_long",
                format!("must be at most {MOST_NIGHTS} nights after the arrival"),
            );
        }
        let ages = self.children.as_deref().unwrap_or_default();
        let ages = ages.split(',').map(str::trim).filter(|age| !age.is_empty()).map(str::parse::<u8>);
        let children = ages.collect::<std::result::Result<Vec<u8>, _>>().unwrap_or_else(|_| vec![u8::MAX]);
        if children.iter().any(|age| *age > MOST_AGE) || children.len() > usize::from(MOST_GUESTS) {
            refuse("children", "invalid_format", format!("must be ages from 0 to {MOST_AGE}: 4,7"));
        }
        let rooms = self.rooms.unwrap_or(1);
        if rooms == 0 || usize::try_from(rooms).is_ok_and(|rooms| rooms > MOST_LINES) {
            refuse("rooms", "out_of_range", format!("must be 1 to {MOST_LINES}"));
        }
        let adults = self.adults.unwrap_or(2);
        match nights {
            Some(nights) if wrong.is_empty() => Ok((nights, Party { adults, children }, rooms)),
            _ => Err(Error::invalid_query(wrong)),
        }
    }
}

/// A room type with what is left of it for these nights.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FoundRoomType")]
pub(crate) struct FoundView {
    room_type: TypeView,
    /// Whether as many rooms as wanted can be had by at least one plan.
    available: bool,
    /// Rooms that are left in every night.
    left: i64,
    /// For each night why not enough are left: `cell`, `code`, `message`, `left`.
    reasons: Vec<Value>,
    /// What one room costs by each plan that has a price for it.
    offers: Vec<OfferView>,
}

/// What a room costs by a plan.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StayOffer")]
struct OfferView {
    rate_plan_id: String,
    name: String,
    meals: &'static str,
    currency: String,
    /// Minor units for each night.
    nightly: Vec<i64>,
    /// For the stay, taxes included.
    total: i64,
    /// Why it cannot be had by this plan: `code`, `message`.
    reasons: Vec<Value>,
}

impl FoundView {
    fn of(found: Found) -> Self {
        let offer = |offer: Offer| OfferView {
            rate_plan_id: offer.plan.id.to_string(),
            name: offer.plan.name.to_string(),
            meals: offer.plan.meals.as_str(),
            currency: offer.plan.rates.currency.code().to_owned(),
            nightly: offer.nightly,
            total: offer.total,
            reasons: offer.obstacles.iter().map(domain::hotel::price::Obstacle::told).collect(),
        };
        let offers: Vec<OfferView> = found.offers.into_iter().map(offer).collect();
        Self {
            available: found.lacks.is_empty() && offers.iter().any(|offer| offer.reasons.is_empty()),
            left: found.left,
            reasons: found.lacks.iter().map(|(cell, lack)| lack.told(*cell)).collect(),
            offers,
            room_type: TypeView::of(found.room_type),
        }
    }
}

async fn find(State(app): State<App>, Query(query): Query<SearchQuery>) -> Result<Reply<Vec<FoundView>>> {
    let wanted = query.wanted()?;
    let found = Box::pin(search(&app, query.location_id, wanted)).await?;
    Ok(Reply::ok(found.into_iter().map(FoundView::of).collect()))
}
