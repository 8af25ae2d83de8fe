//! The protocol with a safeguard left out, and the property that must fall: the check is able to fail.

use super::bounds::Bounds;
use super::properties::{
    ANSWERED, AS_ASKED, NO_FOREIGN_RELEASE, NOT_LATE, ONCE, ONE_OWNER, RESOLVES, UNITS_ADD_UP,
    WITHIN_CAPACITY,
};
use super::protocol::{Protocol, Safeguard};
use super::report::{Report, refute};

/// A protocol that is not good enough.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    /// What it lacks.
    pub left_out: &'static [Safeguard],
    /// Where that shows.
    pub bounds: fn() -> Bounds,
    /// The property that falls.
    pub falls: &'static str,
}

/// One for each safeguard on which something rests. [`SPARE`] has the others.
pub const MUTATIONS: [Mutation; 20] = [
    Mutation { left_out: &[Safeguard::FreeChecked], bounds: Bounds::timeline, falls: ONE_OWNER },
    Mutation {
        left_out: &[Safeguard::LastSecondCounts],
        bounds: Bounds::timeline,
        falls: NO_FOREIGN_RELEASE,
    },
    Mutation { left_out: &[Safeguard::KeptCompared], bounds: Bounds::moves, falls: NO_FOREIGN_RELEASE },
    Mutation { left_out: &[Safeguard::VersionChecked], bounds: Bounds::counter, falls: UNITS_ADD_UP },
    Mutation { left_out: &[Safeguard::RecordGuards], bounds: Bounds::counter, falls: UNITS_ADD_UP },
    Mutation { left_out: &[Safeguard::AbsenceChecked], bounds: Bounds::counter, falls: UNITS_ADD_UP },
    Mutation { left_out: &[Safeguard::KeyGivesId], bounds: Bounds::counter, falls: ONCE },
    Mutation { left_out: &[Safeguard::LastRequestKept], bounds: Bounds::moves, falls: ANSWERED },
    Mutation { left_out: &[Safeguard::SeveralKept], bounds: Bounds::moves, falls: ONCE },
    Mutation { left_out: &[Safeguard::ExpiryLookedAt], bounds: Bounds::counter, falls: NOT_LATE },
    Mutation { left_out: &[Safeguard::ReleaserWaits], bounds: Bounds::counter, falls: NO_FOREIGN_RELEASE },
    Mutation { left_out: &[Safeguard::ReleaserLeavesMarks], bounds: Bounds::mixed, falls: RESOLVES },
    Mutation { left_out: &[Safeguard::UnitsChecked], bounds: Bounds::counter, falls: WITHIN_CAPACITY },
    Mutation { left_out: &[Safeguard::ClosedChecked], bounds: Bounds::overbooking, falls: WITHIN_CAPACITY },
    Mutation { left_out: &[Safeguard::AllowanceSeen], bounds: Bounds::overbooking, falls: WITHIN_CAPACITY },
    Mutation {
        left_out: &[Safeguard::AllowanceChecked],
        bounds: Bounds::overbooking,
        falls: WITHIN_CAPACITY,
    },
    Mutation { left_out: &[Safeguard::CapacitySeen], bounds: Bounds::operator, falls: AS_ASKED },
    Mutation { left_out: &[Safeguard::CutChecked], bounds: Bounds::operator, falls: WITHIN_CAPACITY },
    Mutation { left_out: &[Safeguard::EventKeyed], bounds: Bounds::operator, falls: ONCE },
    Mutation {
        left_out: &[Safeguard::OwnerCompared, Safeguard::UntilCompared],
        bounds: Bounds::timeline,
        falls: NO_FOREIGN_RELEASE,
    },
];

/// Second locks: what they refuse, another condition refuses too. Kept because they cost nothing.
pub const SPARE: [Safeguard; 3] =
    [Safeguard::OwnerCompared, Safeguard::UntilCompared, Safeguard::FloorChecked];

impl Mutation {
    /// Searches for the counterexample: the mutation is caught if the report has one against the property.
    pub fn run(&self) -> Report {
        let left_out = self.left_out.iter();
        let protocol = left_out.fold(Protocol::whole(), |protocol, safeguard| protocol.without(*safeguard));
        refute(&(self.bounds)().with(protocol), self.falls)
    }
}
