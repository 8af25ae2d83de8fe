//! What an audit tells: where ledger and records disagree, and what it looked at.

use std::fmt::{Display, Formatter};

use domain::pool::{Cell, Count};
use domain::{BookingId, OrderId, PoolId, ResourceId, Span};
use jiff::Timestamp;
use ledger::Mark;
use serde::{Serialize, Serializer};
use store::Usage;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where ledger and records disagree, each one looked at twice, by kind and place.
    pub disagreements: Vec<Disagreement>,
    /// What became of each of them, in the same order; empty unless the audit was to repair.
    pub repairs: Vec<Repair>,
    /// Cells in which more is claimed than may be: no disagreement, but somebody has to be told.
    pub shortages: Vec<Shortage>,
    /// Suspicions beyond [`Options::most_suspicions`](crate::Options): not looked at again.
    pub unexamined: usize,
    /// Suspicions of what changed on each look. That is no disagreement: another audit will meet it at rest.
    pub unsettled: usize,
    /// What was looked at.
    pub checked: Checked,
    /// What it consumed.
    pub usage: Usage,
}

impl Report {
    /// How many disagreements stand after the repairs, and suspicions that were not looked at again.
    pub fn open(&self) -> usize {
        let repaired = self.repairs.iter().filter(|repair| **repair == Repair::Done).count();
        self.disagreements.len() - repaired + self.unexamined
    }

    /// Whether ledger and records say the same, or do after the repairs.
    pub fn agrees(&self) -> bool {
        self.open() == 0
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checked {
    /// Items of the ledger with a block of time.
    pub blocks: u64,
    /// Runs of quanta with one live mark.
    pub marks: u64,
    /// Cells of pools.
    pub cells: u64,
    /// Bookings that claim.
    pub bookings: u64,
    /// Orders that claim.
    pub orders: u64,
    /// Claims of these.
    pub claims: u64,
}

impl Display for Checked {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { blocks, marks, cells, bookings, orders, claims } = self;
        write!(
            f,
            "{claims} claims of {bookings} bookings and {orders} orders; {marks} marks in {blocks} blocks, {cells} cells"
        )
    }
}

/// Whose a claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub enum Owner {
    /// A booking's.
    Booking(BookingId),
    /// An order's.
    Order(OrderId),
}

impl Owner {
    /// The bits of the record's id.
    pub fn bits(self) -> u128 {
        match self {
            Self::Booking(id) => id.bits(),
            Self::Order(id) => id.bits(),
        }
    }
}

impl Display for Owner {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Booking(id) => id.fmt(f),
            Self::Order(id) => id.fmt(f),
        }
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

/// What the ledger has in a place where a record's mark should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// Where.
    pub span: Span,
    /// The live mark that is there instead; free, when `None`.
    #[serde(serialize_with = "maybe_text")]
    pub mark: Option<Mark>,
    /// The record that this mark is of, if it is known.
    pub whose: Option<Owner>,
}

/// What the ledger says of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// How many there are.
    pub capacity: i64,
    /// Units held or sold.
    pub claimed: i64,
    /// Units that nobody has.
    pub free: i64,
}

impl From<Count> for Counted {
    fn from(count: Count) -> Self {
        Self { capacity: count.capacity, claimed: count.claimed, free: count.free }
    }
}

impl Display for Counted {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} claimed and {} free of {}", self.claimed, self.free, self.capacity)
    }
}

/// Ledger and records say different things. Each kind has a line of its own and names ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Disagreement {
    /// Live marks that no record claims: nobody can book this time, and nobody has it.
    Orphan {
        /// Of what.
        resource: ResourceId,
        /// Where.
        span: Span,
        /// The mark.
        #[serde(serialize_with = "text")]
        mark: Mark,
    },
    /// A record whose claim is not in the ledger, or not all of it: this time could be sold twice.
    Unclaimed {
        /// Whose claim.
        record: Owner,
        /// On what.
        resource: ResourceId,
        /// All that it claims, in whole quanta.
        span: Span,
        /// Where its mark is missing.
        gaps: Vec<Gap>,
    },
    /// Two records claim the same time.
    Overlap {
        /// On what.
        resource: ResourceId,
        /// The time that both claim.
        span: Span,
        /// The two.
        records: [Owner; 2],
    },
    /// A cell whose claimed units are not those that records claim.
    Miscounted {
        /// Of what.
        pool: PoolId,
        /// Where.
        #[serde(serialize_with = "text")]
        cell: Cell,
        /// What the ledger says; nothing, when `None`.
        ledger: Option<Counted>,
        /// The units that records claim.
        records: i64,
    },
    /// A cell whose numbers cannot be: claimed and free are not its capacity together, or fewer than none are claimed.
    Unbalanced {
        /// Of what.
        pool: PoolId,
        /// Where.
        #[serde(serialize_with = "text")]
        cell: Cell,
        /// What the ledger says.
        ledger: Counted,
        /// The units that records claim.
        records: i64,
    },
    /// A counted hold that ran out a while ago and still claims its units: releasing does not work.
    Overdue {
        /// The order.
        order: OrderId,
        /// When the hold ended.
        ended: Timestamp,
    },
    /// An item of the ledger that nothing writes.
    Unknown {
        /// Its partition key.
        partition: String,
    },
}

impl Disagreement {
    /// The text form of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Orphan { .. } => "orphan",
            Self::Unclaimed { .. } => "unclaimed",
            Self::Overlap { .. } => "overlap",
            Self::Miscounted { .. } => "miscounted",
            Self::Unbalanced { .. } => "unbalanced",
            Self::Overdue { .. } => "overdue",
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl Display for Disagreement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.kind())?;
        match self {
            Self::Orphan { resource, span, mark } => {
                write!(f, "{resource} is {mark} in {}, and no record claims that", At(span))
            }
            Self::Unclaimed { record, resource, span, gaps } => {
                write!(f, "{record} claims {resource} in {}, and the ledger has", At(span))?;
                for (n, gap) in gaps.iter().enumerate() {
                    write!(f, "{} {} ", if n == 0 { "" } else { "," }, At(&gap.span))?;
                    match (gap.mark, gap.whose) {
                        (None, _) => f.write_str("free"),
                        (Some(mark), None) => mark.fmt(f),
                        (Some(mark), Some(whose)) => write!(f, "{mark}, {whose}"),
                    }?;
                }
                Ok(())
            }
            Self::Overlap { resource, span, records: [one, other] } => {
                write!(f, "{one} and {other} both claim {resource} in {}", At(span))
            }
            Self::Miscounted { pool, cell, ledger: Some(counted), records } => {
                write!(f, "{pool} {cell} has {counted} in the ledger, and records claim {records}")
            }
            Self::Miscounted { pool, cell, ledger: None, records } => {
                write!(f, "{pool} {cell} was never offered in the ledger, and records claim {records}")
            }
            Self::Unbalanced { pool, cell, ledger, records } => {
                write!(f, "{pool} {cell} has {ledger} in the ledger; records claim {records}")
            }
            Self::Overdue { order, ended } => {
                write!(f, "{order} was held until {ended} and still claims its units")
            }
            Self::Unknown { partition } => {
                write!(f, "an item of the ledger under {partition:?} that nothing writes")
            }
        }
    }
}

/// A span as a line shows it.
struct At<'a>(&'a Span);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0.start(), self.0.end())
    }
}

/// A cell in which more is claimed than its capacity and overbooking allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// Of what.
    pub pool: PoolId,
    /// Where.
    #[serde(serialize_with = "text")]
    pub cell: Cell,
    /// What the ledger says.
    pub ledger: Counted,
    /// How many units too many are claimed.
    pub short: i64,
}

impl Display for Shortage {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { pool, cell, ledger, short } = self;
        write!(f, "{pool} {cell} has {ledger}: {short} too many, to be resolved")
    }
}

/// What became of a disagreement that was to be repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// It is gone.
    Done,
    /// It is as it was.
    Left {
        /// Why.
        why: String,
    },
}

impl Display for Repair {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("repaired"),
            Self::Left { why } => write!(f, "left as it is: {why}"),
        }
    }
}

fn text<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference")]
fn maybe_text<S: Serializer>(value: &Option<Mark>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(mark) => to.collect_str(mark),
        None => to.serialize_none(),
    }
}
