//! Version 1: the paths and shapes of the source system, over the same use cases.
//!
//! - A room is called by its name. Where several locations have a room of that name, `?location=` says which; without
//!   it the answer is 409 with the candidates.
//! - `room_location` is the name of a location that exists; who means a new one makes it first.
//! - `room_status` is `Out-of-Service` as stored, `Booked` while the ledger says so, else `Available`. `Booked` cannot be
//!   set: book the room.
//! - Deleting a room retires it, and is refused while it is booked ahead. Deleting a review takes it back.
//! - Lists are cut out of the first 1,000.

mod pages;
mod reviews;
mod room_calls;
mod rooms;
mod temples;

use domain::Permission::{self, ManageCatalog, ModerateReviews, ReadAudit, ReadReviews};
use web::{Access, Group, Key, Route, delete, get, post, put};

use crate::App;
use pages::Pages;

/// Seconds for which anybody may keep what is known of rooms.
const ROOMS_KEPT: u32 = 5;

pub(crate) fn routes() -> Vec<Route<App>> {
    let (manages, audits) = (Access::Needs(ManageCatalog), Access::Needs(ReadAudit));
    let mut routes = vec![
        get("/rooms", Access::Anyone, rooms::list)
            .named("listRoomsV1", "List rooms by id")
            .cached_publicly(ROOMS_KEPT)
            .queried::<Pages>()
            .answers::<rooms::List>(200),
        get("/rooms/search", Access::Anyone, rooms::search)
            .limited(Group::Search)
            .named("searchRoomsV1", "Find rooms by capacity, location and equipment")
            .cached_publicly(ROOMS_KEPT)
            .queried::<rooms::Search>()
            .answers::<rooms::List>(200),
        get("/rooms/available", Access::Anyone, rooms::available)
            .limited(Group::Search)
            .named("listAvailableRoomsV1", "List rooms that can be used and that nobody has right now")
            .cached_publicly(ROOMS_KEPT)
            .queried::<Pages>()
            .answers::<rooms::List>(200),
        get("/rooms/{room_name}", Access::Anyone, rooms::show)
            .named("showRoomV1", "Read a room")
            .cached_publicly(ROOMS_KEPT)
            .queried::<rooms::Narrowed>()
            .answers::<rooms::Room>(200),
        post("/rooms/add", manages, room_calls::add)
            .named("addRoomV1", "Add a room at a location that exists")
            .keyed(Key::Accepted)
            .takes::<room_calls::New>()
            .answers::<rooms::Room>(201),
        put("/rooms/update", manages, room_calls::update)
            .named("updateRoomV1", "Change capacity, equipment and status of a room")
            .takes::<room_calls::Update>()
            .answers::<rooms::Room>(200),
        delete("/rooms/delete/{room_name}", manages, room_calls::retire)
            .named("deleteRoomV1", "Retire a room that is not booked ahead")
            .queried::<rooms::Narrowed>()
            .answers::<room_calls::Deleted>(200),
        put("/rooms/toggle_status/{room_name}", manages, room_calls::toggle)
            .named("toggleRoomStatusV1", "Put a room back into service")
            .queried::<rooms::Narrowed>()
            .takes::<room_calls::Toggle>()
            .answers::<rooms::Room>(200),
        put("/facility_manager/rooms/out_of_service/{room_name}", manages, room_calls::out_of_service)
            .named("takeRoomOutOfServiceV1", "Take a room out of service and list the bookings this touches")
            .queried::<rooms::Narrowed>()
            .takes::<room_calls::Outage>()
            .answers::<room_calls::OutOfService>(200),
        get("/auditor/rooms", audits, rooms::list)
            .named("auditRoomsV1", "List rooms by id")
            .queried::<Pages>()
            .answers::<rooms::List>(200),
        get("/auditor/rooms/{room_name}", audits, rooms::show)
            .named("auditRoomV1", "Read a room")
            .queried::<rooms::Narrowed>()
            .answers::<rooms::Room>(200),
    ];
    routes.extend(of_temples());
    routes.extend(of_reviews());
    routes
}

fn of_temples() -> Vec<Route<App>> {
    vec![
        get("/temples", Access::Anyone, temples::list)
            .named("listTemplesV1", "List the places where sessions are, by name")
            .cached_publicly(ROOMS_KEPT)
            .queried::<Pages>()
            .answers::<temples::List>(200),
        get("/temples/{id}", Access::Anyone, temples::show)
            .named("showTempleV1", "Read a place")
            .cached_publicly(ROOMS_KEPT)
            .answers::<temples::Temple>(200),
    ]
}

fn of_reviews() -> Vec<Route<App>> {
    let (writes, moderates) = (Access::Needs(Permission::Review), Access::Needs(ModerateReviews));
    vec![
        get("/reviews", Access::Needs(ReadReviews), reviews::list)
            .named("listReviewsV1", "List all reviews, newest first")
            .queried::<Pages>()
            .answers::<reviews::List>(200),
        get("/auditor/reviews", Access::Needs(ReadAudit), reviews::list)
            .named("auditReviewsV1", "List all reviews, newest first")
            .queried::<Pages>()
            .answers::<reviews::List>(200),
        get("/reviews/flagged", Access::Needs(ReadReviews), reviews::flagged)
            .named("listFlaggedReviewsV1", "List reviews that wait for a moderator")
            .queried::<Pages>()
            .answers::<reviews::List>(200),
        get("/reviews/{id}", Access::SignedIn, reviews::show)
            .named("showReviewV1", "Read a review")
            .answers::<reviews::Review>(200),
        get("/reviews/room/{room_id}", Access::SignedIn, reviews::of_room)
            .named("listReviewsOfRoomV1", "List what the caller may see of a room's reviews")
            .queried::<Pages>()
            .answers::<reviews::List>(200),
        get("/reviews/user/{user_id}", Access::SignedIn, reviews::of_user)
            .named("listReviewsOfUserV1", "List a person's reviews")
            .queried::<Pages>()
            .answers::<reviews::List>(200),
        post("/reviews", writes, reviews::write)
            .named("writeReviewV1", "Review one's latest completed booking of a room")
            .keyed(Key::Accepted)
            .takes::<reviews::New>()
            .answers::<reviews::Review>(201),
        put("/reviews/{id}", writes, reviews::edit)
            .named("editReviewV1", "Change rating or comment of a review")
            .takes::<reviews::Edit>()
            .answers::<reviews::Review>(200),
        put("/admin/reviews/{id}", Access::Needs(Permission::ManageAccounts), reviews::edit)
            .named("adminEditReviewV1", "Change rating or comment of a review")
            .takes::<reviews::Edit>()
            .answers::<reviews::Review>(200),
        delete("/reviews/{id}", writes, reviews::take_back)
            .named("deleteReviewV1", "Take a review back")
            .answers::<reviews::Deleted>(200),
        post("/reviews/{id}/flag", writes, reviews::flag)
            .named("flagReviewV1", "Ask a moderator to look at a review")
            .keyed(Key::Accepted)
            .takes::<reviews::Why>()
            .answers::<reviews::Review>(200),
        put("/moderator/reviews/{id}/unflag", moderates, reviews::unflag)
            .named("unflagReviewV1", "Let a flagged review stand")
            .answers::<reviews::Review>(200),
        delete("/moderator/reviews/{id}/remove", moderates, reviews::remove)
            .named("removeReviewV1", "Remove a review")
            .answers::<reviews::Review>(200),
    ]
}
