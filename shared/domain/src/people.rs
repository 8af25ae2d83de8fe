//! Who may do what: roles, permissions, scopes, and the one table that joins them.

use std::collections::BTreeSet;

use errors::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::{LocationId, SessionId, UserId};

/// What a person is to this operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Does everything.
    Admin,
    /// Runs locations: catalogue and bookings, within a scope.
    Manager,
    /// Works at a desk: bookings of others, within a scope.
    Staff,
    /// Decides on reviews.
    Moderator,
    /// Reads all, writes nothing.
    Auditor,
    /// A machine that books for people.
    Service,
    /// Runs a shop.
    Merchant,
    /// Books for themselves.
    Customer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Admin,
        Self::Manager,
        Self::Staff,
        Self::Moderator,
        Self::Auditor,
        Self::Service,
        Self::Merchant,
        Self::Customer,
    ];

    /// Whether the role acts only inside the locations of its scope.
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::Manager | Self::Staff | Self::Merchant)
    }

    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Staff => "staff",
            Self::Moderator => "moderator",
            Self::Auditor => "auditor",
            Self::Service => "service",
            Self::Merchant => "merchant",
            Self::Customer => "customer",
        }
    }

    /// The table: what this role may do at all.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Admin => P::ALL,
            Self::Manager => &[
                P::ManageCatalog,
                P::Book,
                P::BookForOthers,
                P::ReadBookings,
                P::ResolveBookings,
                P::Review,
                P::ReadReviews,
                P::ReadMessages,
                P::ReadFigures,
                P::SendCampaigns,
            ],
            Self::Staff => &[P::Book, P::BookForOthers, P::ReadBookings, P::Review],
            Self::Moderator => &[P::Book, P::Review, P::ReadReviews, P::ModerateReviews],
            Self::Auditor => &[
                P::ReadAccounts,
                P::ReadBookings,
                P::ReadReviews,
                P::ReadMessages,
                P::ReadFigures,
                P::ReadAudit,
                P::ReadOperations,
            ],
            Self::Service => &[P::Book, P::BookForOthers, P::ReadBookings],
            Self::Merchant | Self::Customer => &[P::Book, P::Review],
        }
    }
}

/// One thing that can be allowed. Everybody who is signed in may read the catalogue and what is their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Create, change and deactivate accounts, roles and scopes.
    ManageAccounts,
    /// Read all accounts.
    ReadAccounts,
    /// Create and change locations and rooms.
    ManageCatalog,
    /// Hold, book, move and cancel for oneself.
    Book,
    /// The same for anybody, and completing and no-show.
    BookForOthers,
    /// Read all bookings with the people in them.
    ReadBookings,
    /// Conflict, stuck, unblock, force-cancel and resolve tools.
    ResolveBookings,
    /// Review what one has used; flag a review.
    Review,
    /// Read all reviews, hidden ones too.
    ReadReviews,
    /// Unflag, hide, restore and remove reviews.
    ModerateReviews,
    /// Read messages of all people.
    ReadMessages,
    /// Send messages again.
    ReplayMessages,
    /// Read the figures of locations, and take them out as tables.
    ReadFigures,
    /// Send campaigns, and call them off.
    SendCampaigns,
    /// Read the audit trail.
    ReadAudit,
    /// Read how the installation works and what it costs.
    ReadOperations,
    /// Mend the installation.
    Operate,
}

impl Permission {
    /// Every permission.
    pub const ALL: &[Self] = &[
        Self::ManageAccounts,
        Self::ReadAccounts,
        Self::ManageCatalog,
        Self::Book,
        Self::BookForOthers,
        Self::ReadBookings,
        Self::ResolveBookings,
        Self::Review,
        Self::ReadReviews,
        Self::ModerateReviews,
        Self::ReadMessages,
        Self::ReplayMessages,
        Self::ReadFigures,
        Self::SendCampaigns,
        Self::ReadAudit,
        Self::ReadOperations,
        Self::Operate,
    ];
}

/// Where a scoped role may act.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everywhere.
    #[default]
    All,
    /// Only at these locations; an empty set is nowhere.
    Locations(BTreeSet<LocationId>),
}

impl Scope {
    /// Whether the location lies in it.
    pub fn covers(&self, location: LocationId) -> bool {
        match self {
            Self::All => true,
            Self::Locations(locations) => locations.contains(&location),
        }
    }
}

/// Who makes a request, as proven by an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user: UserId,
    /// Its role.
    pub role: Role,
    /// Where a scoped role may act.
    pub scope: Scope,
    /// The log-in the token came from.
    pub session: SessionId,
    /// Address the request came from, as the gateway saw it.
    pub ip: Option<String>,
}

impl Caller {
    /// Whether the role has the permission, somewhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.permissions().contains(&permission)
    }

    /// Whether the caller has the permission at this location.
    pub fn may_at(&self, permission: Permission, location: LocationId) -> bool {
        self.may(permission) && (!self.role.is_scoped() || self.scope.covers(location))
    }

    /// The permission at this location, or the refusal.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require_at(&self, permission: Permission, location: LocationId) -> Result<()> {
        if self.may_at(permission, location) {
            Ok(())
        } else {
            Err(Error::forbidden("your role does not allow this here"))
        }
    }

    /// Whether the account is the caller's own.
    pub fn is(&self, user: UserId) -> bool {
        self.user == user
    }

    /// The caller as told in events.
    pub fn actor(&self) -> Actor {
        Actor {
            user: Some(self.user),
            role: self.role.as_str().to_owned(),
            ip: self.ip.clone(),
            request: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auditor_writes_nothing() {
        let reads = [
            Permission::ReadAccounts,
            Permission::ReadBookings,
            Permission::ReadReviews,
            Permission::ReadMessages,
            Permission::ReadFigures,
            Permission::ReadAudit,
            Permission::ReadOperations,
        ];
        assert_eq!(Role::Auditor.permissions(), reads);
    }

    #[test]
    fn a_scoped_role_stays_in_its_scope() {
        let (here, there) = (LocationId::derived([1; 16]), LocationId::derived([2; 16]));
        let mut caller = Caller {
            user: UserId::derived([1; 16]),
            role: Role::Manager,
            scope: Scope::Locations(BTreeSet::from([here])),
            session: SessionId::derived([1; 16]),
            ip: None,
        };
        assert!(caller.may_at(Permission::ManageCatalog, here));
        assert!(!caller.may_at(Permission::ManageCatalog, there));
        caller.role = Role::Admin;
        assert!(caller.may_at(Permission::ManageCatalog, there));
    }
}
