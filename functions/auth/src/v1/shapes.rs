//! Version 1: shapes and words of the source system.

use domain::{Booking, BookingState, Role, User};
use errors::{Error, FieldError, Result};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::session::SignedIn;

const PAGE_SIZE: usize = 20;
const MOST_PAGE_SIZE: usize = 100;

/// An account.
#[derive(Serialize, JsonSchema)]
pub(crate) struct UserV1 {
    user_id: String,
    /// The name to show.
    user_name: String,
    /// The name to sign in with.
    username: String,
    /// Null for who registered by phone.
    email: Option<String>,
    user_role: RoleV1,
}

/// A role as the source calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum RoleV1 {
    Admin,
    #[serde(rename = "Facility Manager")]
    FacilityManager,
    #[serde(rename = "moderator")]
    Moderator,
    Auditor,
    #[serde(rename = "regular user")]
    RegularUser,
    #[serde(rename = "Service Account")]
    ServiceAccount,
}

impl From<RoleV1> for Role {
    fn from(role: RoleV1) -> Self {
        match role {
            RoleV1::Admin => Self::Admin,
            RoleV1::FacilityManager => Self::Manager,
            RoleV1::Moderator => Self::Moderator,
            RoleV1::Auditor => Self::Auditor,
            RoleV1::RegularUser => Self::Customer,
            RoleV1::ServiceAccount => Self::Service,
        }
    }
}

impl From<Role> for RoleV1 {
    /// Roles that the source does not have are told as those they come closest to.
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Manager => Self::FacilityManager,
            Role::Moderator => Self::Moderator,
            Role::Auditor => Self::Auditor,
            Role::Service => Self::ServiceAccount,
            Role::Staff | Role::Merchant | Role::Customer => Self::RegularUser,
        }
    }
}

impl From<User> for UserV1 {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.to_string(),
            user_name: user.name.into(),
            username: user.user_name.into(),
            email: user.email.map(String::from),
            user_role: user.role.into(),
        }
    }
}

/// An account, and what was done to it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct One {
    pub(crate) message: &'static str,
    pub(crate) user: UserV1,
}

/// An account that was deactivated.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ended {
    pub(crate) message: &'static str,
    pub(crate) username: String,
}

/// What somebody who has logged in holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LoggedIn {
    message: &'static str,
    /// For `Authorization: Bearer …`; holds 15 minutes.
    token: String,
    /// For one `POST /auth/refresh`.
    refresh_token: String,
    user: UserV1,
}

impl From<SignedIn> for LoggedIn {
    fn from(signed_in: SignedIn) -> Self {
        let (token, refresh_token) = (signed_in.access_token, signed_in.refresh_token);
        Self { message: "Login successful", token, refresh_token, user: signed_in.user.into() }
    }
}

/// New tokens.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    token: String,
    refresh_token: String,
}

impl From<SignedIn> for Tokens {
    fn from(signed_in: SignedIn) -> Self {
        Self { token: signed_in.access_token, refresh_token: signed_in.refresh_token }
    }
}

web::request! {
    /// Which page of a list.
    pub(crate) struct Page {
        /// From 1.
        page: Option<usize> as usize,
        /// 1 to 100; 20 by default.
        page_size: Option<usize> as usize
    }
}

/// A page of accounts.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the name that the source has for it")]
pub(crate) struct Users {
    users: Vec<UserV1>,
    page: usize,
    page_size: usize,
    /// Of the first 1,000.
    total: usize,
    pages: usize,
}

impl Users {
    /// The page cut out of all.
    ///
    /// # Errors
    /// `bad_request` for a page size out of bounds.
    pub(crate) fn cut(all: Vec<User>, asked: &Page) -> Result<Self> {
        let (page, page_size) = (asked.page.unwrap_or(1), asked.page_size.unwrap_or(PAGE_SIZE));
        let mut wrong = Vec::new();
        if page == 0 {
            wrong.push(FieldError::new("/query/page", "out_of_range", "must be at least 1"));
        }
        if !(1..=MOST_PAGE_SIZE).contains(&page_size) {
            let message = format!("must be from 1 to {MOST_PAGE_SIZE}");
            wrong.push(FieldError::new("/query/page_size", "out_of_range", message));
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_query(wrong));
        }
        let total = all.len();
        let before = (page - 1).saturating_mul(page_size);
        let users = all.into_iter().skip(before).take(page_size).map(UserV1::from).collect();
        Ok(Self { users, page, page_size, total, pages: total.div_ceil(page_size) })
    }
}

/// Somebody's bookings.
#[derive(Serialize, JsonSchema)]
pub(crate) struct History {
    username: String,
    /// Of the latest 1,000.
    count: usize,
    bookings: Vec<BookingV1>,
}

/// A booking, by the wall clock of its room.
#[derive(Serialize, JsonSchema)]
pub(crate) struct BookingV1 {
    booking_id: String,
    user_id: String,
    room_id: String,
    /// `YYYY-MM-DD`
    booking_date: String,
    /// `HH:MM:SS`
    start_time: String,
    /// `HH:MM:SS`
    end_time: String,
    /// The day it ends on, which the source could not tell from the day it begins on.
    end_date: String,
    status: &'static str,
    created_at: String,
    updated_at: String,
}

impl History {
    pub(crate) fn of(user: &User, bookings: &[Booking], now: Timestamp) -> Self {
        let bookings: Vec<_> = bookings.iter().map(|booking| BookingV1::of(booking, now)).collect();
        Self { username: user.user_name.to_string(), count: bookings.len(), bookings }
    }
}

impl BookingV1 {
    fn of(booking: &Booking, now: Timestamp) -> Self {
        let (start, end) = (booking.zone.local(booking.span.start()), booking.zone.local(booking.span.end()));
        Self {
            booking_id: booking.id.to_string(),
            user_id: booking.user.to_string(),
            room_id: booking.resource.to_string(),
            booking_date: start.date().to_string(),
            start_time: start.strftime("%H:%M:%S").to_string(),
            end_time: end.strftime("%H:%M:%S").to_string(),
            end_date: end.date().to_string(),
            status: match booking.state_at(now) {
                BookingState::Held => "Held",
                BookingState::Expired => "Expired",
                BookingState::Confirmed => "Confirmed",
                BookingState::Completed => "Completed",
                BookingState::Cancelled => "Cancelled",
                BookingState::NoShow => "No-Show",
            },
            created_at: booking.created_at.to_string(),
            updated_at: booking.updated_at.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_roles_of_the_source_go_there_and_back() {
        for (name, role) in [
            ("Admin", Role::Admin),
            ("Facility Manager", Role::Manager),
            ("moderator", Role::Moderator),
            ("Auditor", Role::Auditor),
            ("regular user", Role::Customer),
            ("Service Account", Role::Service),
        ] {
            let read: RoleV1 = serde_json::from_value(name.into()).unwrap();
            assert_eq!((Role::from(read), RoleV1::from(role)), (role, read), "{name}");
            assert_eq!(serde_json::to_value(read).unwrap(), name);
        }
    }

    #[test]
    fn pages_out_of_bounds_are_refused() {
        for (page, page_size) in [(Some(0), None), (None, Some(0)), (None, Some(101))] {
            assert!(Users::cut(Vec::new(), &Page { page, page_size }).is_err());
        }
        let none = Users::cut(Vec::new(), &Page { page: Some(usize::MAX), page_size: Some(100) }).unwrap();
        assert_eq!((none.total, none.pages, none.users.len()), (0, 0, 0));
    }
}
