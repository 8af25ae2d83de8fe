//! How far the model is explored: who asks for what, how long, and with how many faults.

use super::command::Ask;
use super::protocol::Protocol;

/// What one exploration covers. Every interleaving within it is visited.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// A few words for tables.
    pub name: &'static str,
    /// The protocol, whole or without some safeguard.
    pub protocol: Protocol,
    /// For each client the commands it may ask for, in this order; it may leave any out, and stop anywhere.
    pub programs: Vec<Vec<Ask>>,
    /// How often time advances.
    pub ticks: u8,
    /// How many ticks two clocks may differ. Each read picks its clock anew, so that clocks also step to and fro.
    pub skew: u8,
    /// How many ticks a hold lasts.
    pub hold: u8,
    /// How many answers, in all, may be lost or not be waited for and be followed by another attempt.
    pub retries: u8,
    /// How many transactions, in all, may arrive a second time.
    pub duplicates: u8,
    /// Whether the database remembers that it carried a transaction out; if not, a duplicate is carried out again.
    pub tokens: bool,
    /// Units of the cell.
    pub capacity: i8,
    /// Units that may be sold above them.
    pub allowance: i8,
    /// What must happen on the way, else the exploration proves little.
    pub reaches: &'static [Reach],
}

/// Situations that make an exploration worth something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A claim took over a hold that had ended.
    Takeover,
    /// A hold was taken over that had not ended by another clock.
    EarlyTakeover,
    /// A confirm was refused for being late, by the clock or by the ledger.
    LateConfirm,
    /// A transaction arrived twice, and was looked at twice.
    Duplicate,
    /// Units were sold above capacity, deliberately.
    Overbooked,
    /// A repeated request was answered by what it had done before.
    Replay,
    /// A claim met a claim.
    Collision,
    /// A claim was moved.
    Moved,
    /// A hold was released by the releaser.
    Expired,
    /// A capacity was cut below what is sold, with its event.
    Cut,
    /// A request that had been refused was carried out by a copy of it that came later.
    RefusedYetDone,
}

impl Reach {
    /// Every situation.
    pub const ALL: [Self; 11] = [
        Self::Takeover,
        Self::EarlyTakeover,
        Self::LateConfirm,
        Self::Duplicate,
        Self::Overbooked,
        Self::Replay,
        Self::Collision,
        Self::Moved,
        Self::Expired,
        Self::Cut,
        Self::RefusedYetDone,
    ];

    /// In a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Takeover => "an ended hold is taken over",
            Self::EarlyTakeover => "a fast clock takes a hold over early",
            Self::LateConfirm => "a late confirm is refused",
            Self::Duplicate => "a duplicate is executed again",
            Self::Overbooked => "a unit is overbooked",
            Self::Replay => "a replay is answered",
            Self::Collision => "a claim is refused",
            Self::Moved => "a claim is moved",
            Self::Expired => "the releaser releases",
            Self::Cut => "capacity is cut below what is sold",
            Self::RefusedYetDone => "a refused request is carried out by its copy",
        }
    }
}

impl Bounds {
    /// The explorations that together cover the protocol.
    pub fn all() -> Vec<Self> {
        vec![
            Self::timeline(),
            Self::moves(),
            Self::counter(),
            Self::overbooking(),
            Self::operator(),
            Self::mixed(),
        ]
    }

    /// Three claim two quanta: holds, confirms, cancels, takeovers.
    pub fn timeline() -> Self {
        let hold = |record, span| Ask::Hold { record, span, units: 0 };
        Self {
            name: "timeline",
            programs: vec![
                vec![hold(0, 0b11), Ask::Confirm(0)],
                vec![hold(1, 0b01), Ask::Confirm(1)],
                vec![Ask::Book { record: 2, span: 0b10, units: 0 }, Ask::Cancel(0)],
            ],
            reaches: &[
                Reach::Takeover,
                Reach::EarlyTakeover,
                Reach::LateConfirm,
                Reach::Duplicate,
                Reach::Replay,
                Reach::Collision,
                Reach::RefusedYetDone,
            ],
            ..Self::nothing()
        }
    }

    /// Claims on three quanta are moved and resized while others claim and confirm.
    pub fn moves() -> Self {
        Self {
            name: "moves",
            programs: vec![
                vec![Ask::Hold { record: 0, span: 0b011, units: 0 }, Ask::Move { record: 0, span: 0b110 }],
                vec![Ask::Move { record: 0, span: 0b011 }, Ask::Confirm(0), Ask::Cancel(0)],
                vec![Ask::Book { record: 1, span: 0b010, units: 0 }, Ask::Move { record: 1, span: 0b001 }],
            ],
            reaches: &[
                Reach::Takeover,
                Reach::LateConfirm,
                Reach::Duplicate,
                Reach::Replay,
                Reach::Collision,
                Reach::Moved,
            ],
            ..Self::nothing()
        }
    }

    /// Two units, three claimers with one or two, and two releasers.
    pub fn counter() -> Self {
        let hold = |record, units| Ask::Hold { record, span: 0, units };
        Self {
            name: "counter",
            programs: vec![
                vec![hold(0, 2), Ask::Confirm(0), Ask::Cancel(0)],
                vec![hold(1, 1), Ask::Cancel(0)],
                vec![Ask::Expire(0), Ask::Expire(1)],
                vec![Ask::Expire(0)],
            ],
            capacity: 2,
            reaches: &[Reach::LateConfirm, Reach::Duplicate, Reach::Replay, Reach::Collision, Reach::Expired],
            ..Self::nothing()
        }
    }

    /// Two units and one above: claimed normally, claimed deliberately, while the allowance changes.
    pub fn overbooking() -> Self {
        Self {
            name: "overbooking",
            programs: vec![
                vec![Ask::Book { record: 0, span: 0, units: 2 }, Ask::Cancel(0)],
                vec![Ask::Overbook { record: 1, units: 1 }, Ask::Cancel(1)],
                vec![Ask::Overbook { record: 2, units: 1 }],
                vec![Ask::Allowance(0), Ask::Close],
            ],
            capacity: 2,
            allowance: 1,
            ticks: 0,
            skew: 0,
            reaches: &[Reach::Duplicate, Reach::Replay, Reach::Collision, Reach::Overbooked],
            ..Self::nothing()
        }
    }

    /// The capacity is cut and raised, by two operators, while units are claimed and given back.
    pub fn operator() -> Self {
        let set = |to, below| Ask::Capacity { to, below };
        Self {
            name: "operator",
            programs: vec![
                vec![Ask::Book { record: 0, span: 0, units: 2 }, Ask::Cancel(0)],
                vec![Ask::Overbook { record: 1, units: 1 }, Ask::Cancel(1)],
                vec![set(1, false), set(2, false)],
                vec![set(1, true), set(3, false)],
            ],
            capacity: 2,
            allowance: 1,
            ticks: 0,
            skew: 0,
            reaches: &[Reach::Duplicate, Reach::Replay, Reach::Overbooked, Reach::Cut],
            ..Self::nothing()
        }
    }

    /// A quantum and a unit in one claim.
    pub fn mixed() -> Self {
        let hold = |record| Ask::Hold { record, span: 0b1, units: 1 };
        Self {
            name: "mixed",
            programs: vec![
                vec![hold(0), Ask::Confirm(0), Ask::Cancel(0)],
                vec![hold(1), Ask::Confirm(1)],
                vec![Ask::Expire(0), Ask::Expire(1)],
            ],
            capacity: 2,
            reaches: &[
                Reach::Takeover,
                Reach::EarlyTakeover,
                Reach::LateConfirm,
                Reach::Duplicate,
                Reach::Replay,
                Reach::Expired,
            ],
            ..Self::nothing()
        }
    }

    /// The same with another protocol.
    #[must_use]
    pub fn with(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    fn nothing() -> Self {
        Self {
            name: "",
            protocol: Protocol::whole(),
            programs: Vec::new(),
            ticks: 2,
            skew: 1,
            hold: 1,
            retries: 1,
            duplicates: 1,
            tokens: false,
            capacity: 0,
            allowance: 0,
            reaches: &[],
        }
    }
}
