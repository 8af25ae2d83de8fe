//! Version 2: routes.

mod accounts;
mod codes;
mod own;
mod sessions;
mod views;

use domain::Permission::{ManageAccounts, ReadAccounts};
use serde::{Deserialize, Deserializer};
use web::{Access, Fields, Group, Key, Patch, Route, get, patch, post};

use crate::App;
pub(crate) use codes::phone;
use views::{AccountView, HistoryView, SentView, SessionView};

pub(crate) fn routes() -> Vec<Route<App>> {
    let mut routes = of_oneself();
    routes.extend(of_others());
    routes
}

fn of_oneself() -> Vec<Route<App>> {
    vec![
        post("/auth/register", Access::Anyone, own::register)
            .named("register", "Make an account for yourself")
            .keyed(Key::Accepted)
            .takes::<own::Register>()
            .answers::<AccountView>(201),
        post("/auth/login", Access::Anyone, sessions::log_in)
            .named("logIn", "Begin a session by user name or e-mail address and password")
            .takes::<sessions::LogIn>()
            .answers::<SessionView>(200),
        post("/auth/otp", Access::Anyone, codes::ask)
            .named("askForCode", "Have a code sent to a phone or a mail address, whoever has it")
            .takes::<codes::AskForCode>()
            .answers::<SentView>(202),
        post("/auth/otp/verify", Access::Anyone, codes::log_in)
            .named("logInByCode", "Begin a session by a code; with a name, of a new customer")
            .takes::<codes::UseCode>()
            .answers::<SessionView>(200),
        post("/auth/me/phone", Access::SignedIn, codes::prove)
            .limited(Group::SignIn)
            .named("proveOwnPhone", "Prove by a code that a phone is yours, to sign in with it")
            .takes::<codes::ProvePhone>()
            .answers::<AccountView>(200),
        post("/auth/refresh", Access::Anyone, sessions::refresh)
            .named("refreshSession", "Take a refresh token for new tokens")
            .keyed(Key::Accepted)
            .takes::<sessions::Refresh>()
            .answers::<SessionView>(200),
        post("/auth/logout", Access::SignedIn, sessions::log_out)
            .named("logOut", "End this session, or all of them")
            .takes::<sessions::LogOut>()
            .answers_empty(204),
        get("/auth/me", Access::SignedIn, own::me)
            .named("readOwnAccount", "Read your account")
            .answers::<AccountView>(200),
        patch("/auth/me", Access::SignedIn, own::change)
            .named("changeOwnAccount", "Change your profile")
            .takes::<own::ChangeProfile>()
            .answers::<AccountView>(200),
        post("/auth/me/password", Access::SignedIn, own::change_password)
            .limited(Group::SignIn)
            .named("changeOwnPassword", "Change your password; your other sessions end")
            .keyed(Key::Accepted)
            .takes::<own::ChangePassword>()
            .answers::<AccountView>(200),
        post("/auth/password/forgot", Access::Anyone, own::ask_for_link)
            .named("askForPasswordLink", "Have a one-time link sent, if an account has this address")
            .takes::<own::Forgot>()
            .answers::<SentView>(202),
        post("/auth/password/reset", Access::Anyone, own::use_link)
            .named("useOneTimeLink", "Set a password by a one-time link; all sessions end")
            .keyed(Key::Accepted)
            .takes::<own::UseLink>()
            .answers_empty(204),
    ]
}

fn of_others() -> Vec<Route<App>> {
    vec![
        get("/accounts", Access::Needs(ReadAccounts), accounts::list)
            .named("listAccounts", "All accounts, oldest first")
            .paged()
            .answers::<Vec<AccountView>>(200),
        post("/accounts", Access::Needs(ManageAccounts), accounts::create)
            .named("createAccount", "Make an account and invite its owner to set a password")
            .keyed(Key::Accepted)
            .takes::<accounts::NewAccount>()
            .answers::<AccountView>(201),
        get("/accounts/{id}", Access::SignedIn, accounts::show)
            .named("readAccount", "Read an account: your own, or any with the permission")
            .answers::<AccountView>(200),
        patch("/accounts/{id}", Access::Needs(ManageAccounts), accounts::change)
            .named("changeAccount", "Change names, role and scope; deactivate, reactivate")
            .takes::<accounts::ChangeAccount>()
            .answers::<AccountView>(200),
        post("/accounts/{id}/reset-password", Access::Needs(ManageAccounts), accounts::reset_password)
            .named("sendOneTimeLink", "Send the owner a one-time link to set a password")
            .keyed(Key::Accepted)
            .answers::<SentView>(202),
        get("/accounts/{id}/bookings", Access::SignedIn, accounts::bookings)
            .named("listBookingsOfAccount", "An account's bookings, latest start first")
            .paged()
            .answers::<Vec<HistoryView>>(200),
    ]
}

/// The new value of a field that cannot be taken away.
fn given<T>(patch: Patch<T>, pointer: &str, fields: &mut Fields) -> Option<T> {
    match patch {
        Patch::Absent => None,
        Patch::Set(value) => Some(value),
        Patch::Null => {
            fields.refuse(pointer, "required", "cannot be taken away");
            None
        }
    }
}

/// Reads a field of a nested merge patch; with `#[serde(default)]` a missing one is [`Patch::Absent`].
fn patched<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Patch<T>, D::Error> {
    Option::deserialize(from).map(|value| value.map_or(Patch::Null, Patch::Set))
}
