//! Every kind of value that is kept: how long, how much, where.
//!
//! # How to add a kind
//! A variant of [`Name`], its line in [`Name::about`], a constant with the type of its values, and a function in [`crate::Reads`]
//! that says how it is read and what it is about. Whoever changes the shape of what is kept raises its schema. Then a row in
//! `docs/cache.md`, which a test asks for.

use std::marker::PhantomData;

use domain::hotel::{Property, RatePlan, RoomType};
use domain::pool::{Cell, Count};
use domain::{Location, Offering, Pool, Resource};
use store::{Kept, Page, Placed};

/// What is kept of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its name in keys and statistics.
    pub name: &'static str,
    /// Which shape its values have. It is part of every key of the shared cache, so that two releases that run at once never read
    /// each other's.
    pub schema: u32,
    /// Seconds for which a process answers from its memory without asking anybody. Nobody is answered with what was changed longer ago
    /// as long as the shared cache, if there is one, could be told of the change.
    pub fresh: i64,
    /// Seconds after which a value is not answered whatever happened: the bound where the shared cache was away when it was to be
    /// told, too.
    pub lifetime: i64,
    /// Seconds for which it is kept that there is no such record; 0 for not at all.
    pub absent: i64,
    /// Bytes that its values may take in the memory of a process.
    pub bytes: u64,
    /// Whether processes share it. Rights and people stay in the process that read them.
    pub shared: bool,
}

/// The kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name {
    /// What may be done in a session that somebody signed in to.
    SignedIn,
    /// A location.
    Location,
    /// A page of locations.
    Locations,
    /// A room.
    Room,
    /// A page of rooms: what lists and searches go through.
    Rooms,
    /// A pool, a session of an offering among them.
    Pool,
    /// A page of an offering's sessions.
    Sessions,
    /// An offering.
    Offering,
    /// A page of offerings.
    Offerings,
    /// A room type.
    RoomType,
    /// A page of room types.
    RoomTypes,
    /// A rate plan.
    RatePlan,
    /// A page of rate plans.
    RatePlans,
    /// What holds for stays at a location.
    Property,
    /// What is claimed of a room.
    Taken,
    /// What is claimed of a pool, and how much there is.
    Counts,
    /// Figures of some days.
    Figures,
}

/// A kind with the type of its values.
#[derive(Debug)]
pub struct Kind<V> {
    pub(crate) name: Name,
    value: PhantomData<fn() -> V>,
}

impl<V> Clone for Kind<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Kind<V> {}

impl<V> Kind<V> {
    /// Values of this type are kept under this name. One type for each name.
    pub const fn of(name: Name) -> Self {
        Self { name, value: PhantomData }
    }
}

/// A location.
pub const LOCATION: Kind<Location> = Kind::of(Name::Location);
/// A page of locations.
pub const LOCATIONS: Kind<Page<Location>> = Kind::of(Name::Locations);
/// A room.
pub const ROOM: Kind<Resource> = Kind::of(Name::Room);
/// A page of rooms.
pub const ROOMS: Kind<Placed<Resource>> = Kind::of(Name::Rooms);
/// A pool.
pub const POOL: Kind<Pool> = Kind::of(Name::Pool);
/// A page of an offering's sessions.
pub const SESSIONS: Kind<Page<Pool>> = Kind::of(Name::Sessions);
/// An offering.
pub const OFFERING: Kind<Offering> = Kind::of(Name::Offering);
/// A page of offerings.
pub const OFFERINGS: Kind<Page<Offering>> = Kind::of(Name::Offerings);
/// A room type.
pub const ROOM_TYPE: Kind<RoomType> = Kind::of(Name::RoomType);
/// A page of room types.
pub const ROOM_TYPES: Kind<Page<RoomType>> = Kind::of(Name::RoomTypes);
/// A rate plan.
pub const RATE_PLAN: Kind<RatePlan> = Kind::of(Name::RatePlan);
/// A page of rate plans.
pub const RATE_PLANS: Kind<Page<RatePlan>> = Kind::of(Name::RatePlans);
/// What holds for stays at a location.
pub const PROPERTY: Kind<Property> = Kind::of(Name::Property);
/// What is claimed of a room within a span.
pub const TAKEN: Kind<ledger::Claimed> = Kind::of(Name::Taken);
/// What is known of cells of a pool.
pub const COUNTS: Kind<Vec<(Cell, Count)>> = Kind::of(Name::Counts);
/// Figures of some days.
pub const FIGURES: Kind<Vec<Kept>> = Kind::of(Name::Figures);

const MB: u64 = 1_024 * 1_024;

impl About {
    /// What a value is kept under.
    pub(crate) fn name_of(&self, key: &str) -> String {
        format!("{}.{}#{key}", self.name, self.schema)
    }
}

impl Name {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::SignedIn,
        Self::Location,
        Self::Locations,
        Self::Room,
        Self::Rooms,
        Self::Pool,
        Self::Sessions,
        Self::Offering,
        Self::Offerings,
        Self::RoomType,
        Self::RoomTypes,
        Self::RatePlan,
        Self::RatePlans,
        Self::Property,
        Self::Taken,
        Self::Counts,
        Self::Figures,
    ];

    /// What is kept of it.
    pub const fn about(self) -> About {
        let record =
            About { name: "", schema: 1, fresh: 10, lifetime: 300, absent: 5, bytes: 4 * MB, shared: true };
        let list = About { absent: 0, ..record };
        match self {
            Self::SignedIn => {
                About { name: "signed_in", fresh: 30, lifetime: 30, shared: false, absent: 0, ..record }
            }
            Self::Location => About { name: "location", fresh: 30, ..record },
            Self::Locations => About { name: "locations", fresh: 30, ..list },
            Self::Room => About { name: "room", fresh: 5, ..record },
            Self::Rooms => About { name: "rooms", fresh: 5, bytes: 16 * MB, ..list },
            Self::Pool => About { name: "pool", fresh: 5, ..record },
            Self::Sessions => About { name: "sessions", fresh: 5, ..list },
            Self::Offering => About { name: "offering", ..record },
            Self::Offerings => About { name: "offerings", ..list },
            Self::RoomType => About { name: "room_type", ..record },
            Self::RoomTypes => About { name: "room_types", ..list },
            Self::RatePlan => About { name: "rate_plan", ..record },
            Self::RatePlans => About { name: "rate_plans", ..list },
            Self::Property => About { name: "property", ..list },
            Self::Taken => About { name: "taken", fresh: 2, lifetime: 2, bytes: 8 * MB, ..list },
            Self::Counts => About { name: "counts", fresh: 2, lifetime: 2, ..list },
            Self::Figures => About { name: "figures", fresh: 5, ..list },
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}
