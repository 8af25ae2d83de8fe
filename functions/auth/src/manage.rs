//! What administrators do with others' accounts.

use domain::text::{Email, Name, UserName};
use domain::{Booking, Caller, EventId, Permission, Role, Scope, User, UserId};
use errors::{Error, Result};
use store::{Account, Page, Position, Tx, account_from};
use web::{Fields, Idempotency, IfMatch};

use crate::App;
use crate::link::link_for;
use crate::register::{self, Reached};
use crate::save::{Change, tell_of};

/// Locations in a scope.
const MOST_LOCATIONS: usize = 100;

/// An account for somebody else.
pub(crate) struct NewAccount {
    pub(crate) name: Name,
    pub(crate) user_name: UserName,
    pub(crate) email: Email,
    pub(crate) role: Role,
    pub(crate) scope: Option<Scope>,
}

/// What is to change of an account.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) name: Option<Name>,
    pub(crate) user_name: Option<UserName>,
    pub(crate) email: Option<Email>,
    pub(crate) role: Option<Role>,
    pub(crate) scope: Option<Scope>,
    pub(crate) active: Option<bool>,
}

/// Makes an account and invites its owner; whether an earlier request with the same key had.
///
/// # Errors
/// `validation_failed` for a scope that does not go with the role; `already_exists`.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    new: NewAccount,
    idem: &Idempotency,
) -> Result<(User, bool)> {
    let now = app.clock().now();
    let mut user = register::user(idem, now, (new.name, new.user_name), Reached::By(new.email));
    user.role = new.role;
    user.scope = scope_of(new.role, new.scope, None)?;
    let created = user.event(EventId::new(now, env::random()), "account.created", None, caller.actor());
    let mut account = Account::new(user.clone().touched(now));
    let (link, kind) = link_for(&account, now);
    let mut invited = account.user.event(EventId::new(now, env::random()), kind, Some(&user), caller.actor());
    tell_of(&mut invited, &link);
    account.link = Some(link);
    account.request = idem.request();
    let mut tx = Tx::new();
    tx.insert_account(app.store(), &account);
    tx.event(app.store(), &created);
    tx.event(app.store(), &invited);
    tx.require_active_admin(app.store(), caller.user);
    let (account, replayed) = account_from(app.store().commit(tx).await?, account)?;
    Ok((account.user, replayed))
}

/// Changes an account. Nobody takes their own role or deactivates themselves, and whoever does it to another is an
/// administrator at that very moment: so there is always one left.
///
/// # Errors
/// `forbidden` for one's own role, scope or state; `validation_failed` for a scope that does not go with the role;
/// `precondition_failed`, `already_exists`.
pub(crate) async fn change(
    app: &App,
    caller: &Caller,
    before: Account,
    changes: Changes,
    if_match: IfMatch,
) -> Result<User> {
    if_match.check(before.user.version)?;
    let mut after = before.clone();
    let user = &mut after.user;
    user.name = changes.name.unwrap_or_else(|| user.name.clone());
    user.user_name = changes.user_name.unwrap_or_else(|| user.user_name.clone());
    user.email = changes.email.or_else(|| user.email.clone());
    user.active = changes.active.unwrap_or(user.active);
    if changes.role.is_some() || changes.scope.is_some() {
        let kept = user.role.is_scoped().then(|| user.scope.clone());
        user.role = changes.role.unwrap_or(user.role);
        user.scope = scope_of(user.role, changes.scope, kept)?;
    }
    if after == before {
        return Ok(before.user);
    }
    let (new, old) = (&after.user, &before.user);
    let kind = match (old.active, new.active) {
        (true, false) => "account.deactivated",
        (false, true) => "account.reactivated",
        _ if (new.role, &new.scope) != (old.role, &old.scope) => "account.role_changed",
        _ => "account.updated",
    };
    let mut change = Change::new(kind, caller.actor(), &before);
    if !caller.is(old.id) {
        change.tx.require_active_admin(app.store(), caller.user);
    } else if kind != "account.updated" {
        return Err(Error::forbidden("another administrator must change your role or deactivate you"));
    }
    if !after.user.active {
        after.generation += 1;
        after.link = None;
    }
    Ok(change.save(app, after).await?.user)
}

/// An account: one's own, or anybody's for those who may read accounts. To others there is none.
///
/// # Errors
/// `not_found`.
pub(crate) async fn read(app: &App, caller: &Caller, id: UserId) -> Result<User> {
    if !caller.is(id) && !caller.may(Permission::ReadAccounts) {
        return Err(Error::not_found("account"));
    }
    app.store().account(id).await.map(|account| account.user)
}

/// The account with this user name.
///
/// # Errors
/// `not_found`.
pub(crate) async fn named(app: &App, name: &str) -> Result<Account> {
    let missing = || Error::not_found("account");
    let name: UserName = name.parse().map_err(|_| missing())?;
    app.store().account_named(&name).await?.ok_or_else(missing)
}

/// An account's bookings, latest start first: one's own, or anybody's for those who may read accounts.
///
/// # Errors
/// `not_found`.
pub(crate) async fn booking_history(
    app: &App,
    caller: &Caller,
    id: UserId,
    limit: u32,
    after: Option<Position>,
) -> Result<Page<Booking>> {
    read(app, caller, id).await?;
    app.store().bookings_of(id, limit, after).await
}

/// The scope of an account with this role: asked for, or kept if it had one.
fn scope_of(role: Role, asked: Option<Scope>, kept: Option<Scope>) -> Result<Scope> {
    let mut fields = Fields::new();
    let scope = match asked.or_else(|| kept.filter(|_| role.is_scoped())) {
        None if role.is_scoped() => {
            let message = format!("is required for a {}", role.as_str());
            fields.refuse("/scope", "required", message);
            Scope::All
        }
        None => Scope::All,
        Some(Scope::Locations(_)) if !role.is_scoped() => {
            let message = format!("a {} acts everywhere", role.as_str());
            fields.refuse("/scope", "invalid_value", message);
            Scope::All
        }
        Some(Scope::Locations(locations)) if locations.len() > MOST_LOCATIONS => {
            fields.refuse("/scope/locations", "too_long", format!("at most {MOST_LOCATIONS} locations"));
            Scope::All
        }
        Some(scope) => scope,
    };
    fields.check().map(|()| scope)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::LocationId;

    use super::*;

    #[test]
    fn a_scope_goes_with_the_role() {
        let here = Scope::Locations(BTreeSet::from([LocationId::derived([1; 16])]));
        for role in Role::ALL {
            let asked = scope_of(role, Some(here.clone()), None);
            assert_eq!(asked.is_ok(), role.is_scoped(), "{role:?}");
            assert_eq!(scope_of(role, None, None).is_err(), role.is_scoped(), "{role:?}");
            assert_eq!(scope_of(role, Some(Scope::All), None).unwrap(), Scope::All);
        }
    }

    #[test]
    fn whoever_stops_being_scoped_does_not_keep_the_scope() {
        let here = Scope::Locations(BTreeSet::from([LocationId::derived([1; 16])]));
        assert_eq!(scope_of(Role::Staff, None, Some(here.clone())).unwrap(), here);
        assert_eq!(scope_of(Role::Admin, None, Some(here)).unwrap(), Scope::All);
    }
}
