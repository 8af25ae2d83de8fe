//! Version 1: the source system's paths.
//!
//! `username` is the name to sign in with, `user_name` the one to show. What the source did not have, and a client of it
//! needs: `refresh_token` beside `token`, and `POST /auth/refresh`.

mod admin;
mod codes;
mod own;
mod shapes;

use domain::Permission::{ManageAccounts, ReadAccounts};
use web::{Access, Key, Route, delete, get, post, put};

use errors::Result;
use store::Position;

use crate::App;
use shapes::{Ended, History, LoggedIn, One, Page, Tokens, UserV1, Users};

/// The source's lists have no end; ours have one, and count up to it.
const MOST: usize = 1_000;
/// Items read in one trip.
const AT_ONCE: u32 = 250;

pub(crate) fn routes() -> Vec<Route<App>> {
    let mut routes = of_anybody();
    routes.extend(of_oneself());
    routes.extend(of_administrators());
    routes
}

fn of_anybody() -> Vec<Route<App>> {
    vec![
        post("/register", Access::Anyone, own::register)
            .named("registerV1", "Make an account for yourself; always as a regular user")
            .keyed(Key::Accepted)
            .takes::<own::Register>()
            .answers::<One>(201),
        post("/login", Access::Anyone, own::log_in)
            .named("logInV1", "Begin a session")
            .takes::<own::LogIn>()
            .answers::<LoggedIn>(200),
        post("/auth/login", Access::Anyone, own::log_in)
            .named("logInAtAuthV1", "Begin a session")
            .takes::<own::LogIn>()
            .answers::<LoggedIn>(200),
        post("/auth/request-otp", Access::Anyone, codes::request)
            .named("requestOtpV1", "Have a code sent to a phone")
            .takes::<codes::RequestOtp>()
            .answers::<codes::OtpSent>(200),
        post("/auth/verify-otp", Access::Anyone, codes::verify)
            .named("verifyOtpV1", "Begin a session by a code; with a name, of a new customer")
            .takes::<codes::VerifyOtp>()
            .answers::<LoggedIn>(200),
        post("/auth/refresh", Access::Anyone, own::refresh)
            .named("refreshV1", "Take a refresh token for new tokens")
            .keyed(Key::Accepted)
            .takes::<own::Refresh>()
            .answers::<Tokens>(200),
    ]
}

fn of_oneself() -> Vec<Route<App>> {
    vec![
        get("/regular_user/{username}", Access::SignedIn, own::show)
            .named("readRegularUser", "Your account")
            .answers::<UserV1>(200),
        put("/regular_user/update", Access::SignedIn, own::update)
            .named("updateRegularUser", "Change your profile or password")
            .takes::<own::Update>()
            .answers::<UserV1>(200),
        get("/regular_user/{username}/booking_history", Access::SignedIn, own::history)
            .named("listOwnHistory", "Your bookings, newest first")
            .answers::<History>(200),
        get("/facility_manager/{username}", Access::SignedIn, own::show_manager)
            .named("readFacilityManager", "Your account")
            .answers::<UserV1>(200),
        put("/facility_manager/update", Access::SignedIn, own::update_manager)
            .named("updateFacilityManager", "Change your profile or password")
            .takes::<own::Update>()
            .answers::<UserV1>(200),
    ]
}

fn of_administrators() -> Vec<Route<App>> {
    vec![
        get("/admin/users", Access::Needs(ManageAccounts), admin::list)
            .named("listUsers", "All accounts")
            .queried::<Page>()
            .answers::<Users>(200),
        get("/auditor/users", Access::Needs(ReadAccounts), admin::list)
            .named("listUsersForAuditors", "All accounts")
            .queried::<Page>()
            .answers::<Users>(200),
        get("/admin/users/{username}", Access::Needs(ManageAccounts), admin::show)
            .named("readUser", "An account")
            .answers::<UserV1>(200),
        post("/admin/users/add", Access::Needs(ManageAccounts), admin::add)
            .named("addUser", "Make an account; its owner is sent a link to set a password")
            .keyed(Key::Accepted)
            .takes::<admin::Add>()
            .answers::<One>(201),
        put("/admin/user/update", Access::Needs(ManageAccounts), admin::update)
            .named("updateUser", "Change an account")
            .takes::<admin::Update>()
            .answers::<UserV1>(200),
        put("/admin/update/user_role", Access::Needs(ManageAccounts), admin::update_role)
            .named("updateUserRole", "Change a role")
            .takes::<admin::UpdateRole>()
            .answers::<UserV1>(200),
        delete("/admin/users/delete/{username}", Access::Needs(ManageAccounts), admin::deactivate)
            .named("deleteUser", "Deactivate an account; its bookings stay")
            .answers::<Ended>(200),
        put("/admin/reset_password", Access::Needs(ManageAccounts), admin::reset_password)
            .named("resetPassword", "Send the owner a one-time link; a new_password is ignored")
            .keyed(Key::Accepted)
            .takes::<admin::ResetPassword>()
            .answers::<One>(200),
        get("/admin/users/{username}/booking_history", Access::Needs(ManageAccounts), admin::history)
            .named("listHistory", "An account's bookings, newest first")
            .answers::<History>(200),
    ]
}

/// The first items of a list, up to [`MOST`].
async fn first<T, F>(read: impl Fn(Option<Position>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<store::Page<T>>>,
{
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = read(after).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() || all.len() >= MOST {
            all.truncate(MOST);
            return Ok(all);
        }
    }
}
