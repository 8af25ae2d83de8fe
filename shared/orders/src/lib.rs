//! Commands on orders that more than one group gives: units of the pools of a location, claimed together or not at all.
//!
//! [`make()`] reads what must be known in one trip, or two where something has a price, and writes in one; [`claim()`] has what follows
//! when that is refused: what is left is read, and the order is either overbooked where that is allowed, or told what is left and when.

mod claim;
mod demand;
mod lines;
mod make;
mod price;
mod refused;
pub mod v1;
mod view;

use domain::{Caller, LocationId, Permission, UserId};
use errors::{Error, Result};
use store::Together;

pub use claim::claim;
pub use demand::Demand;
pub use lines::place;
pub use make::{Wanted, make, replayed};
pub use price::{promo_code_id, quote};
pub use view::PriceView;

/// For whom it is: the caller, or an active account that the caller may book for at the location.
///
/// # Errors
/// `forbidden`, or `validation_failed` without such an account.
pub fn for_whom(
    caller: &Caller,
    user: Option<UserId>,
    location: LocationId,
    known: &Together,
) -> Result<UserId> {
    let Some(user) = user.filter(|user| !caller.is(*user)) else { return Ok(caller.user) };
    caller.require_at(Permission::BookForOthers, location)?;
    match known.user(user) {
        Some(account) if account.active => Ok(user),
        Some(_) => Err(Error::field("/user_id", "inactive", "is an account that was deactivated")),
        None => Err(Error::field("/user_id", "unknown", "there is no such account")),
    }
}
