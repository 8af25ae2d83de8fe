//! What is stored, and the one way to change it: a transaction whose conditions all hold, or nothing.

use super::protocol::{Protocol, Safeguard};

/// Quanta of the one resource.
pub(crate) const QUANTA: usize = 3;
/// Records: one for each owner, the last for an attempt that forgot its id.
pub(crate) const RECORDS: usize = 4;
/// The end of what is sold.
pub(crate) const SOLD: u8 = u8::MAX;

/// What a claimed quantum carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) until: u8,
    pub(crate) owner: u8,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Until and with this instant.
    Held(u8),
    Confirmed,
    Cancelled,
    Expired,
}

/// A booking or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) phase: Phase,
    pub(crate) version: u8,
    /// Quanta, one bit each.
    pub(crate) span: u8,
    pub(crate) units: i8,
    /// The command that changed it last.
    pub(crate) last: u8,
    /// The commands that it remembers, one bit each.
    pub(crate) kept: u32,
}

impl Record {
    /// Made by this command.
    pub(crate) fn made(phase: Phase, span: u8, units: i8, key: u8) -> Self {
        Self { phase, version: 1, span, units, last: key, kept: 1 << key }
    }

    /// Changed by this command, which it remembers beside earlier ones, or instead of them.
    pub(crate) fn changed(self, key: u8, several: bool) -> Self {
        let kept = if several { self.kept | 1 << key } else { 1 << key };
        Self { version: self.version + 1, last: key, kept, ..self }
    }

    /// Whether it remembers that this command changed it.
    pub(crate) fn remembers(self, key: u8) -> bool {
        self.kept & 1 << key != 0
    }

    /// The end that its marks carry, if it claims anything.
    pub(crate) fn until(self) -> Option<u8> {
        match self.phase {
            Phase::Held(until) => Some(until),
            Phase::Confirmed => Some(SOLD),
            Phase::Cancelled | Phase::Expired => None,
        }
    }
}

/// The counted capacity of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Cell {
    /// n: units that records claim.
    pub(crate) claimed: i8,
    /// f: what is left of the capacity; negative when more is sold.
    pub(crate) free: i8,
    /// c.
    pub(crate) capacity: i8,
    /// o: units that may be sold above the capacity, deliberately.
    pub(crate) allowance: i8,
    pub(crate) closed: bool,
}

/// A command's change of the cell, with the literals that it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Units {
    Untouched,
    Claim(i8),
    /// Units, and the allowance seen.
    Overbook(i8, i8),
    Release(i8),
    /// By how many, the capacity seen, and whether it may go below what is sold.
    Resize(i8, i8, bool),
    /// The new allowance, and the one seen.
    Allow(i8, i8),
    Close,
}

/// What a quantum must carry for the transaction to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Want {
    Untouched,
    /// No mark, or one that ended.
    Free,
    /// Exactly this mark.
    Exactly(Mark),
    /// Whatever it carries: only for a protocol that compares too little.
    Anything,
}

/// What the record must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Guard {
    /// The command has no record.
    None,
    Absent,
    Version(u8),
}

/// A command's kind, for the checks of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Create,
    Confirm,
    Cancel,
    Move,
    Expire,
    Manage,
}

/// One conditional transaction, with all its literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tx {
    /// The command; all attempts of a command have one key.
    pub(crate) key: u8,
    pub(crate) kind: Kind,
    /// The clock of the environment that built it, then; 0 when nothing depends on it, so that there are fewer worlds.
    pub(crate) clock: u8,
    pub(crate) guard: Guard,
    pub(crate) owner: u8,
    pub(crate) record: Option<Record>,
    pub(crate) steps: [(Want, Option<Mark>); QUANTA],
    pub(crate) units: Units,
}

/// Which condition failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The record exists: the command was carried out before.
    Exists,
    /// The record changed since it was read.
    Changed,
    /// A quantum is not free, or the claim's mark is not there.
    Mark,
    /// The cell.
    Units,
    /// The event was written before.
    Event,
}

/// Everything that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stored {
    pub(crate) quanta: [Option<Mark>; QUANTA],
    pub(crate) records: [Option<Record>; RECORDS],
    pub(crate) cell: Cell,
    /// Commands that changed capacity or allowance, one bit each: their events.
    pub(crate) events: u32,
    /// Whether one of these events says that more is sold than allowed from now on.
    pub(crate) cut: bool,
}

impl Stored {
    /// The record of an owner.
    pub(crate) fn record(&self, owner: u8) -> Option<&Record> {
        self.records.get(usize::from(owner)).and_then(Option::as_ref)
    }

    /// Owners and their records.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (u8, &Record)> {
        (0_u8..).zip(&self.records).filter_map(|(owner, record)| Some((owner, record.as_ref()?)))
    }

    /// What the transaction makes of it.
    pub(crate) fn apply(&self, tx: &Tx, protocol: Protocol) -> Result<Self, Refusal> {
        let mut next = *self;
        let mut record = tx.record;
        if let Err(refusal) = self.guard(tx, protocol) {
            let release = matches!(tx.kind, Kind::Cancel | Kind::Expire);
            if protocol.has(Safeguard::RecordGuards) || !release {
                return Err(refusal);
            }
            record = None;
        }
        for (mark, (want, to)) in next.quanta.iter_mut().zip(&tx.steps) {
            let passes = match want {
                Want::Untouched => continue,
                Want::Anything => true,
                Want::Free => !protocol.has(Safeguard::FreeChecked) || is_free(*mark, tx.clock, protocol),
                Want::Exactly(wanted) => is_same(*mark, *wanted, protocol),
            };
            if !passes {
                return Err(Refusal::Mark);
            }
            *mark = *to;
        }
        next.cell = self.cell.after(tx.units, protocol).ok_or(Refusal::Units)?;
        if matches!(tx.units, Units::Resize(..) | Units::Allow(..)) {
            if protocol.has(Safeguard::EventKeyed) && self.events & 1 << tx.key != 0 {
                return Err(Refusal::Event);
            }
            next.events |= 1 << tx.key;
            next.cut |= next.cell.claimed > next.cell.capacity + next.cell.allowance;
        }
        if let (Some(record), Some(slot)) = (record, next.records.get_mut(usize::from(tx.owner))) {
            *slot = Some(record);
        }
        Ok(next)
    }

    fn guard(&self, tx: &Tx, protocol: Protocol) -> Result<(), Refusal> {
        let record = self.record(tx.owner);
        match tx.guard {
            Guard::Absent if protocol.has(Safeguard::AbsenceChecked) && record.is_some() => {
                Err(Refusal::Exists)
            }
            Guard::Version(seen)
                if protocol.has(Safeguard::VersionChecked)
                    && record.is_none_or(|record| record.version != seen) =>
            {
                Err(Refusal::Changed)
            }
            _ => Ok(()),
        }
    }
}

impl Cell {
    fn after(mut self, units: Units, protocol: Protocol) -> Option<Self> {
        let has = |safeguard| protocol.has(safeguard);
        let open = !self.closed || !has(Safeguard::ClosedChecked);
        let passes = match units {
            Units::Untouched | Units::Close => true,
            Units::Claim(units) => open && (self.free >= units || !has(Safeguard::UnitsChecked)),
            Units::Overbook(units, seen) => {
                open && self.free < units
                    && (self.allowance == seen || !has(Safeguard::AllowanceSeen))
                    && (self.free >= units - seen || !has(Safeguard::AllowanceChecked))
            }
            Units::Release(units) => self.claimed >= units || !has(Safeguard::FloorChecked),
            Units::Resize(by, seen, below) => {
                (self.capacity == seen || !has(Safeguard::CapacitySeen))
                    && (below || by >= 0 || self.free >= -by || !has(Safeguard::CutChecked))
            }
            Units::Allow(_, seen) => self.allowance == seen,
        };
        if !passes {
            return None;
        }
        match units {
            Units::Untouched => {}
            Units::Close => self.closed = true,
            Units::Claim(units) | Units::Overbook(units, _) => self.claim(units),
            Units::Release(units) => self.claim(-units),
            Units::Resize(by, ..) => {
                self.capacity += by;
                self.free += by;
            }
            Units::Allow(to, _) => self.allowance = to,
        }
        Some(self)
    }

    fn claim(&mut self, units: i8) {
        self.claimed += units;
        self.free -= units;
    }
}

/// Whether a claimer whose clock shows `clock` finds the quantum free.
pub(crate) fn is_free(mark: Option<Mark>, clock: u8, protocol: Protocol) -> bool {
    mark.is_none_or(|mark| {
        mark.until < clock || mark.until == clock && !protocol.has(Safeguard::LastSecondCounts)
    })
}

fn is_same(mark: Option<Mark>, wanted: Mark, protocol: Protocol) -> bool {
    let (owner, until) = (protocol.has(Safeguard::OwnerCompared), protocol.has(Safeguard::UntilCompared));
    match mark {
        Some(mark) => (mark.owner == wanted.owner || !owner) && (mark.until == wanted.until || !until),
        None => !owner && !until,
    }
}
