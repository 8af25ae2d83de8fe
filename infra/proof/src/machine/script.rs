//! The steps of the machine, which read as a script when a failure is shrunk to the few that matter.

use std::fmt::{Debug, Formatter, Result};

use proptest::prelude::*;
use proptest::sample::select;

/// Resources of a case.
pub(super) const RESOURCES: u8 = 2;
/// Slots of five minutes on a resource; a block of the ledger ends in their middle.
pub(super) const SLOTS: u8 = 8;
/// Cells of each pool: a total one, and nights over the end of a month.
pub(super) const CELLS: [u8; 2] = [1, 4];

/// A claim of the script, by the letter under which it was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(pub(super) u8);

/// A claim that was granted, and what of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) name: Name,
    pub(super) time: bool,
    pub(super) units: bool,
}

/// Slots on a resource, the last one not included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Slots {
    pub(super) resource: u8,
    pub(super) from: u8,
    pub(super) to: u8,
}

/// Units of the cells of a pool, the last one not included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Units {
    pub(super) pool: u8,
    pub(super) from: u8,
    pub(super) to: u8,
    pub(super) quantity: u8,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) time: Option<Slots>,
    pub(super) lines: Vec<Units>,
    /// Minutes.
    pub(super) hold: Option<u8>,
    pub(super) overbook: bool,
}

/// A change of what was claimed.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Change {
    Confirm,
    Cancel,
    Move(Slots),
    Lines(Vec<Units>),
    Release,
}

/// What is offered of some cells of a pool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Offering {
    pub(super) pool: u8,
    pub(super) from: u8,
    pub(super) to: u8,
    pub(super) capacity: Option<u8>,
    pub(super) overbooking: Option<u8>,
    pub(super) closed: Option<bool>,
    /// Whether it holds though more is sold.
    pub(super) queue: bool,
}

/// A step.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Transition {
    /// A claim under a new key.
    Claim(Name, Plan),
    /// The same claim again, with the same key.
    ClaimAgain(Name),
    /// A change under a new key.
    Change(Name, Change),
    /// The last change again, with the same key.
    ChangeAgain(Name),
    /// A change written over the record as it was first stored.
    Stale(Name, Change),
    /// A change written twice over one and the same read.
    Twice(Name, Change),
    /// A change of what is offered.
    Offer(Offering),
    /// Minutes pass.
    Wait(u8),
}

fn slots() -> impl Strategy<Value = Slots> {
    (0..RESOURCES, 0..SLOTS, 1_u8..=3).prop_map(|(resource, from, length)| Slots {
        resource,
        from,
        to: (from + length).min(SLOTS),
    })
}

fn units() -> impl Strategy<Value = Units> {
    prop_oneof![
        (1_u8..=2).prop_map(|quantity| Units { pool: 0, from: 0, to: 1, quantity }),
        (0_u8..4, 1_u8..=4, 1_u8..=2).prop_map(|(from, length, quantity)| Units {
            pool: 1,
            from,
            to: (from + length).min(4),
            quantity,
        }),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let what = prop_oneof![
        4 => slots().prop_map(|time| (Some(time), Vec::new())),
        3 => prop::collection::vec(units(), 1..=3).prop_map(|lines| (None, lines)),
        2 => (slots(), prop::collection::vec(units(), 1..=2)).prop_map(|(time, lines)| (Some(time), lines)),
    ];
    let hold = prop_oneof![2 => Just(None), 3 => (1_u8..=10).prop_map(Some)];
    (what, hold, prop::bool::weighted(0.3)).prop_map(|((time, lines), hold, overbook)| Plan {
        time,
        lines,
        hold,
        overbook,
    })
}

fn change(made: Made) -> BoxedStrategy<(Name, Change)> {
    let lines = prop::collection::vec(units(), 1..=2).prop_map(Change::Lines);
    let change = match (made.time, made.units) {
        (true, false) => prop_oneof![
            3 => Just(Change::Confirm),
            2 => Just(Change::Cancel),
            6 => slots().prop_map(Change::Move),
        ]
        .boxed(),
        (false, true) => prop_oneof![
            3 => Just(Change::Confirm),
            2 => Just(Change::Cancel),
            4 => lines,
            2 => Just(Change::Release),
        ]
        .boxed(),
        _ => prop_oneof![
            3 => Just(Change::Confirm),
            2 => Just(Change::Cancel),
            3 => slots().prop_map(Change::Move),
            2 => lines,
            1 => Just(Change::Release),
        ]
        .boxed(),
    };
    change.prop_map(move |change| (made.name, change)).boxed()
}

fn offering() -> impl Strategy<Value = Offering> {
    let cells = prop_oneof![
        Just((0_u8, 0_u8, 1_u8)),
        (0_u8..4, 1_u8..=4).prop_map(|(from, length)| (1, from, (from + length).min(4))),
    ];
    let maybe = |most: u8| prop::option::of(0..=most);
    (cells, maybe(4), maybe(2), prop::option::weighted(0.3, any::<bool>()), prop::bool::weighted(0.2))
        .prop_map(|((pool, from, to), capacity, overbooking, closed, queue)| Offering {
            pool,
            from,
            to,
            capacity,
            overbooking,
            closed,
            queue,
        })
}

/// Steps that can come next, where `next` is the first letter not yet used, claims were asked for under the letters `asked`, and
/// those of `made` were granted, each as often as it is worth a change.
pub(super) fn transitions(next: Name, asked: Vec<Name>, made: &[Made]) -> BoxedStrategy<Transition> {
    let claim = plan().prop_map(move |plan| Transition::Claim(next, plan));
    let wait = (1_u8..=6).prop_map(Transition::Wait);
    let offer = offering().prop_map(Transition::Offer);
    if made.is_empty() {
        return prop_oneof![6 => claim, 1 => wait, 1 => offer].boxed();
    }
    let again = select(made.to_vec()).prop_map(|made| Transition::ChangeAgain(made.name));
    let change = || select(made.to_vec()).prop_flat_map(change);
    prop_oneof![
        6 => claim,
        1 => select(asked).prop_map(Transition::ClaimAgain),
        9 => change().prop_map(|(name, change)| Transition::Change(name, change)),
        1 => again,
        1 => change().prop_map(|(name, change)| Transition::Stale(name, change)),
        1 => change().prop_map(|(name, change)| Transition::Twice(name, change)),
        2 => wait,
        2 => offer,
    ]
    .boxed()
}

impl Debug for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let letter = char::from(b'a' + self.0 % 26);
        if self.0 < 26 { write!(f, "{letter}") } else { write!(f, "{letter}{}", self.0 / 26) }
    }
}

impl Debug for Slots {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "r{} {}..{}", self.resource, self.from, self.to)
    }
}

impl Debug for Units {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.pool {
            0 => write!(f, "{}×p0", self.quantity),
            pool => write!(f, "{}×p{pool} {}..{}", self.quantity, self.from, self.to),
        }
    }
}

impl Debug for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let time = self.time.iter().map(|slots| format!("{slots:?}"));
        let parts: Vec<String> = time.chain(self.lines.iter().map(|line| format!("{line:?}"))).collect();
        write!(f, "{} {}", if self.hold.is_some() { "hold" } else { "book" }, parts.join(" + "))?;
        f.write_str(if self.overbook { " beyond" } else { "" })
    }
}

impl Debug for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Confirm => f.write_str("confirm"),
            Self::Cancel => f.write_str("cancel"),
            Self::Move(slots) => write!(f, "move to {slots:?}"),
            Self::Lines(lines) => write!(f, "change to {lines:?}"),
            Self::Release => f.write_str("release"),
        }
    }
}

impl Debug for Offering {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "offer p{} {}..{}:", self.pool, self.from, self.to)?;
        self.capacity.map_or(Ok(()), |n| write!(f, " capacity {n}"))?;
        self.overbooking.map_or(Ok(()), |n| write!(f, " overbooking {n}"))?;
        self.closed.map_or(Ok(()), |closed| f.write_str(if closed { " closed" } else { " open" }))?;
        f.write_str(if self.queue { ", whatever is sold" } else { "" })
    }
}

impl Debug for Transition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Claim(name, plan) => {
                write!(f, "{plan:?} as {name:?}")?;
                plan.hold.map_or(Ok(()), |minutes| write!(f, " until +{minutes}m"))
            }
            Self::ClaimAgain(name) => write!(f, "{name:?}: ask again"),
            Self::Change(name, change) => write!(f, "{name:?}: {change:?}"),
            Self::ChangeAgain(name) => write!(f, "{name:?}: change again"),
            Self::Stale(name, change) => write!(f, "{name:?}: {change:?}, as first read"),
            Self::Twice(name, change) => write!(f, "{name:?}: {change:?}, twice"),
            Self::Offer(offering) => write!(f, "{offering:?}"),
            Self::Wait(minutes) => write!(f, "wait {minutes}m"),
        }
    }
}
