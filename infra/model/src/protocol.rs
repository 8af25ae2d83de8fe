//! The safeguards of the protocol, each of which can be left out to see what it is good for.

/// One thing that the protocol does so that nothing is sold twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safeguard {
    /// A claim is made only on quanta that are free.
    FreeChecked,
    /// A hold lasts through the second it ends in: `until < now` is free, `until = now` is not.
    LastSecondCounts,
    /// Confirming, releasing and moving compare the owner in the mark.
    OwnerCompared,
    /// Confirming, releasing and moving compare the end in the mark.
    UntilCompared,
    /// A move compares the marks of the quanta that it keeps.
    KeptCompared,
    /// A change is made on the version that was read.
    VersionChecked,
    /// A release stands in one transaction with its record, whose condition decides for both.
    RecordGuards,
    /// A record is created only where there is none.
    AbsenceChecked,
    /// A new attempt with the same key has the same record in mind.
    KeyGivesId,
    /// A change is answered, not repeated, when the record remembers a request with the same key.
    LastRequestKept,
    /// A record remembers several of the requests that changed it, and not only the last.
    SeveralKept,
    /// Confirming looks at the end of the hold.
    ExpiryLookedAt,
    /// The releaser looks at the end of the hold.
    ReleaserWaits,
    /// The releaser leaves the marks of a mixed claim to the next claim.
    ReleaserLeavesMarks,
    /// A normal claim needs its units free: `f >= k`.
    UnitsChecked,
    /// A claim needs an open cell.
    ClosedChecked,
    /// An overbooked claim insists on the allowance that was read: `o = seen`.
    AllowanceSeen,
    /// An overbooked claim stays within the allowance: `f >= k - o`.
    AllowanceChecked,
    /// A release needs as many units claimed: `n >= k`.
    FloorChecked,
    /// A change of capacity insists on the capacity that was read: `c = seen`.
    CapacitySeen,
    /// A cut of capacity that is to be refused when sold out is: `f >= -d`.
    CutChecked,
    /// The event of a capacity change has an id of its request and is written only once.
    EventKeyed,
}

impl Safeguard {
    /// Every safeguard.
    pub const ALL: [Self; 22] = [
        Self::FreeChecked,
        Self::LastSecondCounts,
        Self::OwnerCompared,
        Self::UntilCompared,
        Self::KeptCompared,
        Self::VersionChecked,
        Self::RecordGuards,
        Self::AbsenceChecked,
        Self::KeyGivesId,
        Self::LastRequestKept,
        Self::SeveralKept,
        Self::ExpiryLookedAt,
        Self::ReleaserWaits,
        Self::ReleaserLeavesMarks,
        Self::UnitsChecked,
        Self::ClosedChecked,
        Self::AllowanceSeen,
        Self::AllowanceChecked,
        Self::FloorChecked,
        Self::CapacitySeen,
        Self::CutChecked,
        Self::EventKeyed,
    ];

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The protocol, whole or without some of its safeguards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protocol {
    left_out: u32,
}

impl Protocol {
    /// With every safeguard.
    pub fn whole() -> Self {
        Self::default()
    }

    /// The same without one.
    #[must_use]
    pub fn without(self, safeguard: Safeguard) -> Self {
        Self { left_out: self.left_out | safeguard.bit() }
    }

    /// Whether it has this one.
    pub fn has(self, safeguard: Safeguard) -> bool {
        self.left_out & safeguard.bit() == 0
    }
}
