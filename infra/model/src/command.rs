//! The commands: what each reads, and the transaction that it builds from what it read.

use super::protocol::{Protocol, Safeguard};
use super::stored::{Guard, Kind, Mark, Phase, QUANTA, RECORDS, Record, SOLD, Stored, Tx, Units, Want};

/// What a client may ask for. Records are numbered, quanta are bits, units are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A new record that holds for a while.
    Hold {
        /// Which record it will be.
        record: u8,
        /// Quanta.
        span: u8,
        /// Units.
        units: i8,
    },
    /// A new record that is confirmed at once.
    Book {
        /// Which record it will be.
        record: u8,
        /// Quanta.
        span: u8,
        /// Units.
        units: i8,
    },
    /// The same by somebody who may sell above capacity.
    Overbook {
        /// Which record it will be.
        record: u8,
        /// Units.
        units: i8,
    },
    /// Confirms what is held.
    Confirm(u8),
    /// Gives back what is held or confirmed.
    Cancel(u8),
    /// Takes other quanta instead.
    Move {
        /// Whose.
        record: u8,
        /// Where to.
        span: u8,
    },
    /// The releaser's: gives back the units of a hold that ended.
    Expire(u8),
    /// The operator's: another capacity.
    Capacity {
        /// The new one.
        to: i8,
        /// Whether it may go below what is sold.
        below: bool,
    },
    /// The operator's: another allowance.
    Allowance(i8),
    /// The operator's: sells no more.
    Close,
}

/// One attempt at a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub(crate) ask: Ask,
    pub(crate) key: u8,
    /// What the clock of its environment shows.
    pub(crate) clock: u8,
    /// How long a hold lasts.
    pub(crate) hold: u8,
    /// The version that the first attempt read, when this is another one.
    pub(crate) again: Option<u8>,
}

/// What comes of the read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plan {
    Send(Tx),
    /// The record says that it was done.
    Replay,
    /// There is nothing to be done by what was read; `late` when since the hold is over.
    Refuse {
        late: bool,
    },
}

const REFUSE: Plan = Plan::Refuse { late: false };

impl Attempt {
    /// Reads, decides, and builds the transaction.
    pub(crate) fn plan(&self, stored: &Stored, protocol: Protocol) -> Plan {
        match self.ask {
            Ask::Hold { record, span, units } => {
                let phase = Phase::Held(self.clock.saturating_add(self.hold));
                self.create(stored, protocol, record, (phase, span, units), false)
            }
            Ask::Book { record, span, units } => {
                self.create(stored, protocol, record, (Phase::Confirmed, span, units), false)
            }
            Ask::Overbook { record, units } => {
                self.create(stored, protocol, record, (Phase::Confirmed, 0, units), true)
            }
            Ask::Confirm(owner) | Ask::Cancel(owner) | Ask::Move { record: owner, .. } => {
                self.change(stored, protocol, owner)
            }
            Ask::Expire(owner) => self.expire(stored, protocol, owner),
            Ask::Capacity { to, below } => {
                let seen = stored.cell.capacity;
                if to == seen { Plan::Replay } else { self.manage(Units::Resize(to - seen, seen, below)) }
            }
            Ask::Allowance(to) => {
                let seen = stored.cell.allowance;
                if to == seen { Plan::Replay } else { self.manage(Units::Allow(to, seen)) }
            }
            Ask::Close => self.manage(Units::Close),
        }
    }

    fn create(
        &self,
        stored: &Stored,
        protocol: Protocol,
        record: u8,
        (phase, span, units): (Phase, u8, i8),
        above: bool,
    ) -> Plan {
        let forgot = self.again.is_some() && !protocol.has(Safeguard::KeyGivesId);
        let owner = if forgot { u8::try_from(RECORDS - 1).unwrap_or(record) } else { record };
        if stored.record(owner).is_some() && protocol.has(Safeguard::AbsenceChecked) {
            return Plan::Replay;
        }
        let record = Record::made(phase, span, units, self.key);
        let units = match units {
            0 => Units::Untouched,
            units if above && stored.cell.free < units => Units::Overbook(units, stored.cell.allowance),
            units => Units::Claim(units),
        };
        let mark = record.until().map(|until| Mark { until, owner });
        let mut tx = self.tx(Kind::Create, owner, Guard::Absent);
        if span == 0 {
            tx.clock = 0;
        }
        tx.record = Some(record);
        tx.steps = steps(span, |taken| if taken { (Want::Free, mark) } else { (Want::Untouched, None) });
        tx.units = units;
        Plan::Send(tx)
    }

    fn change(&self, stored: &Stored, protocol: Protocol, owner: u8) -> Plan {
        let Some(before) = stored.record(owner) else { return REFUSE };
        if before.remembers(self.key) && protocol.has(Safeguard::LastRequestKept) {
            return Plan::Replay;
        }
        let Some(until) = before.until() else { return REFUSE };
        if until < self.clock && protocol.has(Safeguard::ExpiryLookedAt) {
            return Plan::Refuse { late: matches!(self.ask, Ask::Confirm(_)) };
        }
        let old = Mark { until, owner };
        let mut after = before.changed(self.key, protocol.has(Safeguard::SeveralKept));
        let mut tx = self.tx(Kind::Confirm, owner, Guard::Version(before.version));
        match self.ask {
            Ask::Confirm(_) if until != SOLD => {
                after.phase = Phase::Confirmed;
                let sold = Mark { until: SOLD, owner };
                tx.steps = steps(before.span, |own| exactly(own.then_some(old), Some(sold)));
            }
            Ask::Cancel(_) => {
                after.phase = Phase::Cancelled;
                tx.kind = Kind::Cancel;
                tx.clock = 0;
                tx.steps = steps(before.span, |own| exactly(own.then_some(old), None));
                tx.units = if before.units == 0 { Units::Untouched } else { Units::Release(before.units) };
            }
            Ask::Move { span, .. } if span != before.span => {
                after.span = span;
                tx.kind = Kind::Move;
                tx.steps = moving(before.span, span, old, protocol);
            }
            _ => return REFUSE,
        }
        tx.record = Some(after);
        Plan::Send(tx)
    }

    fn expire(&self, stored: &Stored, protocol: Protocol, owner: u8) -> Plan {
        let Some(before) = stored.record(owner).filter(|record| record.units > 0) else { return REFUSE };
        if before.remembers(self.key) {
            return Plan::Replay;
        }
        let Phase::Held(until) = before.phase else { return REFUSE };
        if until >= self.clock && protocol.has(Safeguard::ReleaserWaits) {
            return REFUSE;
        }
        let mut tx = self.tx(Kind::Expire, owner, Guard::Version(before.version));
        tx.record = Some(Record {
            phase: Phase::Expired,
            ..before.changed(self.key, protocol.has(Safeguard::SeveralKept))
        });
        tx.units = Units::Release(before.units);
        if !protocol.has(Safeguard::ReleaserLeavesMarks) {
            tx.steps = steps(before.span, |own| exactly(own.then_some(Mark { until, owner }), None));
        }
        Plan::Send(tx)
    }

    fn manage(&self, units: Units) -> Plan {
        Plan::Send(Tx { units, clock: 0, ..self.tx(Kind::Manage, 0, Guard::None) })
    }

    fn tx(&self, kind: Kind, owner: u8, guard: Guard) -> Tx {
        Tx {
            key: self.key,
            kind,
            clock: self.clock,
            guard,
            owner,
            record: None,
            steps: [(Want::Untouched, None); QUANTA],
            units: Units::Untouched,
        }
    }
}

impl Ask {
    /// The record that it is about, if any.
    pub(crate) fn record(self) -> Option<u8> {
        match self {
            Self::Hold { record, .. }
            | Self::Book { record, .. }
            | Self::Overbook { record, .. }
            | Self::Move { record, .. }
            | Self::Confirm(record)
            | Self::Cancel(record)
            | Self::Expire(record) => Some(record),
            Self::Capacity { .. } | Self::Allowance(_) | Self::Close => None,
        }
    }
}

fn has(span: u8, quantum: usize) -> bool {
    span & 1 << quantum != 0
}

fn steps(span: u8, step: impl Fn(bool) -> (Want, Option<Mark>)) -> [(Want, Option<Mark>); QUANTA] {
    std::array::from_fn(|quantum| step(has(span, quantum)))
}

fn exactly(old: Option<Mark>, to: Option<Mark>) -> (Want, Option<Mark>) {
    old.map_or((Want::Untouched, None), |old| (Want::Exactly(old), to))
}

/// What a move wants: leaving quanta lose the mark, kept ones keep it, new ones are free and get it.
fn moving(from: u8, to: u8, mark: Mark, protocol: Protocol) -> [(Want, Option<Mark>); QUANTA] {
    std::array::from_fn(|quantum| match (has(from, quantum), has(to, quantum)) {
        (true, false) => (Want::Exactly(mark), None),
        (true, true) if protocol.has(Safeguard::KeptCompared) => (Want::Exactly(mark), Some(mark)),
        (true, true) => (Want::Anything, Some(mark)),
        (false, true) => (Want::Free, Some(mark)),
        (false, false) => (Want::Untouched, None),
    })
}
