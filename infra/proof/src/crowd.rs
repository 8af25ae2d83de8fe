//! One of many clients: does what comes to its mind, tries again what it does not know the outcome of, sometimes never comes
//! back, and remembers what it was told.

use std::collections::BTreeMap;

use domain::{BookingState, OrderLine, OrderState, ResourceId, Span};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acts::{Act, Desk, Key, Outcome, Step, Wanted};
use crate::chance::Chance;
use crate::checks::Facts;
use crate::venue::Venue;
use crate::wire::Wire;

/// The most times that an act is done again before a client gives up.
const MOST_RETRIES: u32 = 12;

/// What a client was told of what it claimed under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belief {
    /// The key.
    pub key: Key,
    /// Where it stands.
    pub state: Believed,
    /// Of what it has the time.
    pub time: Option<(ResourceId, Span)>,
    /// Of what it has units.
    pub lines: Vec<OrderLine>,
}

/// Where a claim stands as far as its client knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Believed {
    /// It was refused.
    Nothing,
    /// It is held, or was until it ran out.
    Held,
    /// It is sold.
    Confirmed,
    /// It was given back.
    Cancelled,
    /// The client never learnt how its last act ended.
    Unsure,
}

/// What a client has to tell in the end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tale {
    /// Operations begun.
    pub operations: u64,
    /// Acts done again, since nobody knew how they had ended.
    pub retries: u64,
    /// Answers, by act and name.
    pub outcomes: BTreeMap<String, u64>,
    /// What was claimed, or refused.
    pub beliefs: Vec<Belief>,
    /// Answers that must not be given.
    pub unexpected: Vec<String>,
    /// What was done about each key, in order.
    pub history: Vec<(Key, String)>,
}

impl Tale {
    /// Takes another client's tale in.
    pub fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.retries += other.retries;
        for (name, times) in other.outcomes {
            *self.outcomes.entry(name).or_default() += times;
        }
        self.beliefs.extend(other.beliefs);
        self.unexpected.extend(other.unexpected);
        self.history.extend(other.history);
    }

    /// Answers that say that something is so, written then or before.
    pub fn successes(&self) -> u64 {
        self.answers(&[Outcome::Done, Outcome::Replayed])
    }

    /// Answers that say that something cannot be so.
    pub fn refusals(&self) -> u64 {
        self.answers(&[Outcome::Taken, Outcome::SoldOut, Outcome::BelowSold, Outcome::Expired])
    }

    fn answers(&self, which: &[Outcome]) -> u64 {
        let is = |name: &String| which.iter().any(|outcome| name.ends_with(&format!(" {}", outcome.name())));
        self.outcomes.iter().filter(|(name, _)| is(name)).map(|(_, times)| times).sum()
    }

    /// What clients were told that is not so.
    pub fn contradictions(&self, facts: &Facts) -> Vec<String> {
        let mut all = self.unexpected.clone();
        all.extend(self.beliefs.iter().filter(|belief| !belief.holds(facts)).map(|belief| {
            let (booking, order) = (facts.bookings.get(&belief.key), facts.orders.get(&belief.key));
            format!("{} was told {belief:?}, and there is {booking:?} {order:?}", belief.key.booking())
        }));
        all
    }
}

impl Belief {
    fn holds(&self, facts: &Facts) -> bool {
        let (booking, order) = (facts.bookings.get(&self.key), facts.orders.get(&self.key));
        let booking_is = |state: BookingState| match (self.time, booking) {
            (None, None) => true,
            (Some((resource, span)), Some(is)) => {
                is.state == state && (is.resource, is.span) == (resource, span)
            }
            _ => false,
        };
        let order_is = |states: &[OrderState]| match (self.lines.is_empty(), order) {
            (true, None) => true,
            (false, Some(is)) => {
                states.contains(&is.state)
                    && (is.state == OrderState::Expired || same(&is.lines, &self.lines))
            }
            _ => false,
        };
        match self.state {
            Believed::Nothing => booking.is_none() && order.is_none(),
            Believed::Held => {
                booking_is(BookingState::Held) && order_is(&[OrderState::Held, OrderState::Expired])
            }
            Believed::Confirmed => booking_is(BookingState::Confirmed) && order_is(&[OrderState::Confirmed]),
            Believed::Cancelled => booking_is(BookingState::Cancelled) && order_is(&[OrderState::Cancelled]),
            Believed::Unsure => true,
        }
    }
}

/// Whether the lines ask for the same, overbooked or not.
fn same(lines: &[OrderLine], others: &[OrderLine]) -> bool {
    let asks = |line: &OrderLine| (line.pool, line.cells, line.quantity);
    lines.iter().map(asks).eq(others.iter().map(asks))
}

/// A client.
pub struct Client {
    desk: Desk,
    wire: Wire,
    venue: Venue,
    chance: Chance,
    /// How far its clock is ahead.
    skew: SignedDuration,
    /// Whether it also changes what is offered.
    manages: bool,
    /// Claims that it can still do something about, by their place among the beliefs.
    open: Vec<usize>,
    tale: Tale,
}

impl Client {
    /// A client with its own chance, the clock of which is up to two seconds wrong.
    pub fn new(desk: Desk, wire: Wire, venue: Venue, mut chance: Chance, manages: bool) -> Self {
        let skew = SignedDuration::from_millis(chance.between(-2_000, 2_000));
        Self { desk, wire, venue, chance, skew, manages, open: Vec::new(), tale: Tale::default() }
    }

    /// What it has to tell.
    pub fn tale(self) -> Tale {
        self.tale
    }

    /// Gives back the units of holds that ran out, as far as this client can tell and reach the database.
    pub async fn sweep(&self, now: Timestamp) -> u64 {
        self.desk.sweep(now + self.skew).await.unwrap_or_default()
    }

    /// Claims one unit of each pool at the brink: again as long as some are said to be left, where that was decided by what was
    /// read before.
    pub async fn queue(&mut self, now: &env::Clock) {
        let (exact, beyond) = self.venue.brink();
        for (pool, overbook) in [(exact, false), (beyond, true)] {
            let cells = domain::pool::Cells::Total;
            let lines = vec![OrderLine { pool, cells, quantity: 1, overbooked: false }];
            loop {
                let wanted = Wanted { lines: lines.clone(), overbook, ..Wanted::default() };
                let claimed = self.claim(wanted, now).await;
                self.open.clear();
                if claimed != Outcome::SoldOut || !overbook {
                    break;
                }
                let counts = ledger::counts(self.desk.store(), &[(pool, cells)]).await.unwrap_or_default();
                let left = counts.get(&pool).and_then(|counts| Some(counts.values().next()?.left()));
                if left.is_none_or(|left| left == 0) {
                    break;
                }
            }
        }
    }

    /// Does one thing.
    pub async fn operate(&mut self, now: &env::Clock) {
        let roll = self.chance.below(100);
        if self.manages && roll < 10 {
            return self.offer(now).await;
        }
        let open = self.chance.pick(&self.open).copied();
        let Some((at, belief)) = open.and_then(|at| Some((at, self.tale.beliefs.get(at)?.clone()))) else {
            return self.claim_something(now).await;
        };
        match roll {
            0..45 => self.claim_something(now).await,
            45..62 if belief.state == Believed::Held => self.change(at, &belief, Step::Confirm, now).await,
            62..75 => self.change(at, &belief, Step::Cancel, now).await,
            _ if belief.time.is_some() && self.chance.percent(70) => {
                if let Some((resource, span)) = self.moved(&belief) {
                    self.change(at, &belief, Step::Move(resource, span), now).await;
                }
            }
            _ if !belief.lines.is_empty() => {
                let lines = self.venue.lines(&mut self.chance);
                self.change(at, &belief, Step::Lines(lines), now).await;
            }
            _ => self.claim_something(now).await,
        }
    }

    /// Somewhere else, or the same time longer, shorter or shifted.
    fn moved(&mut self, belief: &Belief) -> Option<(ResourceId, Span)> {
        let (resource, span) = belief.time?;
        if self.chance.percent(40) {
            return self.venue.time(&mut self.chance);
        }
        let mut by = |most: i64| SignedDuration::from_mins(5 * self.chance.between(-most, most));
        let moved = Span::new(span.start() + by(3), span.end() + by(3));
        Some((resource, moved.unwrap_or(span)))
    }

    async fn claim_something(&mut self, now: &env::Clock) {
        let (time, units) = match self.chance.below(10) {
            0..5 => (true, false),
            5..8 => (false, true),
            _ => (true, true),
        };
        let time = if time { self.venue.time(&mut self.chance) } else { None };
        let lines = if units { self.venue.lines(&mut self.chance) } else { Vec::new() };
        let hold = self.chance.between(30, 600);
        let hold = self.chance.percent(60).then_some(SignedDuration::from_secs(hold));
        let overbook = self.chance.percent(30);
        self.claim(Wanted { time, lines, hold, overbook }, now).await;
    }

    async fn claim(&mut self, wanted: Wanted, now: &env::Clock) -> Outcome {
        let key = Key(self.chance.bits());
        let held = if wanted.hold.is_some() { Believed::Held } else { Believed::Confirmed };
        let (time, lines) = (wanted.time, wanted.lines.clone());
        let verb = if wanted.hold.is_some() { "hold" } else { "book" };
        let (outcome, sure) = self.perform(verb, key, &Act::Claim(key, wanted), now).await;
        let state = match outcome {
            Outcome::Done | Outcome::Replayed => held,
            Outcome::Taken | Outcome::SoldOut if sure => Believed::Nothing,
            Outcome::Taken | Outcome::SoldOut | Outcome::Unavailable | Outcome::Changed => Believed::Unsure,
            ref other => {
                self.tale.unexpected.push(format!("{verb} {} answers {other:?}", key.booking()));
                Believed::Unsure
            }
        };
        if outcome.is_done() {
            self.open.push(self.tale.beliefs.len());
        }
        self.tale.beliefs.push(Belief { key, state, time, lines });
        outcome
    }

    async fn change(&mut self, at: usize, belief: &Belief, step: Step, now: &env::Clock) {
        let verb = match &step {
            Step::Confirm => "confirm",
            Step::Cancel => "cancel",
            Step::Move(..) => "move",
            Step::Lines(_) => "lines",
            Step::Release => "release",
        };
        let act = Act::Change(belief.key, Key(self.chance.bits()), step.clone());
        let (outcome, sure) = self.perform(verb, belief.key, &act, now).await;
        let mut after = belief.clone();
        let mut over = true;
        match (&outcome, step) {
            (Outcome::Done | Outcome::Replayed, step) => {
                over = step == Step::Cancel;
                match step {
                    Step::Confirm => after.state = Believed::Confirmed,
                    Step::Cancel => after.state = Believed::Cancelled,
                    Step::Move(resource, span) => after.time = Some((resource, span)),
                    Step::Lines(lines) => after.lines = lines,
                    Step::Release => {}
                }
            }
            (Outcome::Taken | Outcome::SoldOut, _) if sure => over = false,
            // A change that was carried out without its client's knowledge may have been what ran out then.
            (Outcome::Expired, Step::Confirm | Step::Cancel) if sure => {}
            (
                Outcome::Taken
                | Outcome::SoldOut
                | Outcome::Expired
                | Outcome::Unavailable
                | Outcome::Changed,
                _,
            ) => after.state = Believed::Unsure,
            (other, _) => {
                if sure {
                    let what = belief.key.booking();
                    self.tale.unexpected.push(format!("{verb} {what} answers {other:?}"));
                }
                after.state = Believed::Unsure;
            }
        }
        if over {
            self.open.retain(|open| *open != at);
        }
        if let Some(belief) = self.tale.beliefs.get_mut(at) {
            *belief = after;
        }
    }

    async fn offer(&mut self, now: &env::Clock) {
        let key = Key(self.chance.bits());
        let Some((pool, cells, offer)) = self.venue.offer(&mut self.chance) else { return };
        let act = Act::Offer(key, pool, cells, offer);
        let (outcome, _) = self.perform("offer", key, &act, now).await;
        if let Outcome::Broken(why) = outcome {
            self.tale.unexpected.push(format!("offer {pool} answers {why}"));
        }
    }

    /// Does it until the outcome is known, or the client has had enough; whether nothing of it can happen later.
    async fn perform(&mut self, verb: &str, key: Key, act: &Act, now: &env::Clock) -> (Outcome, bool) {
        let ghosts = self.wire.ghosts();
        self.tale.operations += 1;
        self.tale.history.push((key, format!("{verb} {act:?}")));
        let mut retries = 0;
        let outcome = loop {
            let at = now.now() + self.skew;
            let outcome = self.desk.perform(act, at).await;
            self.tale.history.push((key, format!("  at {at}: {outcome:?}")));
            let known = !matches!(outcome, Outcome::Unavailable | Outcome::Changed);
            if known || retries == MOST_RETRIES || self.chance.percent(10) {
                break outcome;
            }
            retries += 1;
            self.tale.retries += 1;
        };
        *self.tale.outcomes.entry(format!("{verb} {}", outcome.name())).or_default() += 1;
        (outcome, self.wire.ghosts() == ghosts)
    }
}
