//! Version 2 of the catalog's API.

mod fields;
mod locations;
mod reading;
mod reviews;
mod rooms;
mod rules;

use domain::Permission::{ManageCatalog, ModerateReviews, ReadReviews, Review};
use errors::FieldError;
pub(crate) use fields::{Capacity, Equipment};
use web::{Access, Group, Key, Route, delete, get, patch, post};

use crate::App;

/// Seconds for which anybody may keep what is known of places, and of rooms.
const PLACES_KEPT: u32 = 30;
const ROOMS_KEPT: u32 = 5;

pub(crate) fn routes() -> Vec<Route<App>> {
    let manages = Access::Needs(ManageCatalog);
    let mut routes = vec![
        get("/locations", Access::Anyone, locations::list)
            .named("listLocations", "List locations by name")
            .cached_publicly(PLACES_KEPT)
            .paged()
            .answers::<Vec<locations::View>>(200),
        post("/locations", manages, locations::create)
            .named("createLocation", "Add a location")
            .keyed(Key::Accepted)
            .takes::<locations::New>()
            .answers::<locations::View>(201),
        get("/locations/{id}", Access::Anyone, locations::show)
            .named("showLocation", "Read a location")
            .cached_publicly(PLACES_KEPT)
            .answers::<locations::View>(200),
        patch("/locations/{id}", manages, locations::change)
            .named("changeLocation", "Change a location")
            .takes::<locations::Changes>()
            .answers::<locations::View>(200),
        get("/rooms", Access::Anyone, reading::list)
            .limited(Group::Search)
            .named("searchRooms", "Find rooms by what they are and when they are free")
            .cached_publicly(ROOMS_KEPT)
            .queried::<rooms::Wanted>()
            .paged()
            .answers::<Vec<rooms::View>>(200),
        post("/rooms", manages, rooms::create)
            .named("createRoom", "Add a room")
            .keyed(Key::Accepted)
            .takes::<rooms::New>()
            .answers::<rooms::View>(201),
        get("/rooms/{id}", Access::Anyone, reading::show)
            .named("showRoom", "Read a room")
            .cached_publicly(ROOMS_KEPT)
            .queried::<reading::Telling>()
            .answers::<rooms::View>(200),
        patch("/rooms/{id}", manages, rooms::change)
            .named("changeRoom", "Change a room")
            .takes::<rooms::Changes>()
            .answers::<rooms::View>(200),
        delete("/rooms/{id}", manages, rooms::retire)
            .named("retireRoom", "Take a room without bookings ahead off the offer for ever")
            .answers::<rooms::View>(200),
        post("/rooms/{id}/out-of-service", manages, rooms::out_of_service)
            .named("takeRoomOutOfService", "Take a room out of service and list the bookings this touches")
            .keyed(Key::Accepted)
            .takes::<rooms::Outage>()
            .answers::<rooms::OutageView>(200),
        delete("/rooms/{id}/out-of-service", manages, rooms::in_service)
            .named("putRoomIntoService", "Put a room back into service")
            .answers::<rooms::View>(200),
    ];
    routes.extend(of_reviews());
    routes
}

fn of_reviews() -> Vec<Route<App>> {
    let reviews = Access::Needs(Review);
    vec![
        get("/rooms/{id}/reviews", Access::Anyone, reviews::of_room)
            .named("listReviewsOfRoom", "List what the caller may see of a room's reviews, newest first")
            .paged()
            .answers::<Vec<reviews::View>>(200),
        get("/rooms/{id}/reviews/report", Access::Anyone, reviews::report)
            .named("reportReviewsOfRoom", "Read a room's reviews in figures")
            .answers::<reviews::ReportView>(200),
        get("/reviews", Access::SignedIn, reviews::list)
            .named("listReviews", "List a person's reviews, or all of them, newest first")
            .queried::<reviews::Whose>()
            .paged()
            .answers::<Vec<reviews::View>>(200),
        post("/reviews", reviews, reviews::write)
            .named("writeReview", "Review one's own completed booking")
            .keyed(Key::Accepted)
            .takes::<reviews::New>()
            .answers::<reviews::View>(201),
        get("/reviews/flagged", Access::Needs(ReadReviews), reviews::flagged)
            .named("listFlaggedReviews", "List reviews that wait for a moderator, longest waiting first")
            .paged()
            .answers::<Vec<reviews::View>>(200),
        get("/reviews/{id}", Access::Anyone, reviews::show)
            .named("showReview", "Read a review")
            .answers::<reviews::View>(200),
        patch("/reviews/{id}", reviews, reviews::edit)
            .named("editReview", "Change rating or text of a review")
            .takes::<reviews::Changes>()
            .answers::<reviews::View>(200),
        delete("/reviews/{id}", reviews, reviews::take_back)
            .named("takeBackReview", "Take a review back")
            .answers::<reviews::View>(200),
        post("/reviews/{id}/flag", reviews, reviews::flag)
            .named("flagReview", "Ask a moderator to look at a review")
            .keyed(Key::Accepted)
            .takes::<reviews::Why>()
            .answers::<reviews::View>(200),
        post("/reviews/{id}/moderation", Access::Needs(ModerateReviews), reviews::moderate)
            .named("moderateReview", "Unflag, hide, restore or remove a review")
            .keyed(Key::Accepted)
            .takes::<reviews::Decision>()
            .answers::<reviews::View>(200),
    ]
}

/// Errors of a field's parts, with the field's own pointer in front.
fn under(pointer: &str, errors: Vec<FieldError>) -> impl Iterator<Item = FieldError> {
    errors
        .into_iter()
        .map(move |error| FieldError::new(format!("{pointer}{}", error.pointer), error.code, error.message))
}
