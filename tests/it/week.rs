//! A week in an office of forty rooms, at the scale and with the mishaps of a real one: over two thousand attempts by sixteen
//! clients at a time, and afterwards everything adds up.
//!
//! What is asked for follows from the seed (`HOLDFAST_WEEK_SEED`); who is faster does not, as in an office.

mod asks;
mod chance;
mod firm;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use domain::{BookingState, MessageKind, Span};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::agreement::agree;
use crate::harness::{Answer, TestApp};
use asks::{Ask, Asks, Made};
use chance::Chance;
use firm::Firm;

const SEED: u64 = 2027;
const CLIENTS: usize = 16;
/// Mornings and noons of five days.
const HALF_DAYS: usize = 10;
/// Of packaged functions two days are asked: moto looks through all items for each query, and a week would take it an hour.
const HALF_DAYS_PACKAGED: usize = 4;
/// In each half of a day.
const LEAST_ATTEMPTS: usize = 200;

struct Week {
    app: TestApp,
    firm: Firm,
    chance: Chance,
    /// Bookings that stand or stood, in the order in which they were asked for.
    made: Vec<Made>,
    answers: BTreeMap<&'static str, BTreeMap<String, usize>>,
    /// When the workers did what was due.
    looks: Vec<Timestamp>,
    /// As their makers know it.
    confirmed: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_forty_rooms_sells_nothing_twice_and_tells_everybody_once() {
    let began = std::time::Instant::now();
    let seed = env::parsed("HOLDFAST_WEEK_SEED", SEED).unwrap();
    let app = TestApp::start().await;
    let firm = Firm::open(&app).await;
    let mut week = Week {
        app,
        firm,
        chance: Chance::new(seed),
        made: Vec::new(),
        answers: BTreeMap::new(),
        looks: Vec::new(),
        confirmed: BTreeSet::new(),
    };
    let half_days = if week.app.stack().is_some() { HALF_DAYS_PACKAGED } else { HALF_DAYS };
    for half_day in 0..half_days {
        week.half_day(half_day).await;
        week.pass(SignedDuration::from_hours(if half_day % 2 == 0 { 4 } else { 20 })).await;
    }
    let asked = began.elapsed();
    let bookings = week.agreed().await;
    let told = week.all_told().await;
    let (attempts, rooms) = (week.attempts(), week.firm.rooms.len());
    println!("week: seed {seed}, {rooms} rooms, {attempts} attempts, {CLIENTS} at a time");
    println!("{}", week.table(&bookings, &told));
    println!("{:.1} s, of which {:.1} s asking", began.elapsed().as_secs_f64(), asked.as_secs_f64());
    assert!(attempts >= half_days * LEAST_ATTEMPTS, "{attempts}");
}

impl Week {
    /// Meetings, teams, changes; a few minutes later some confirm what they hold; once the other holds have run out, others
    /// take them over.
    async fn half_day(&mut self, round: usize) {
        self.firm.renew(&self.app);
        let changed = self.some_made(25);
        let today = self.app.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let mut asks =
            Asks { chance: &mut self.chance, firm: &self.firm, today, round: round * 10, list: Vec::new() };
        asks.singles(80);
        asks.teams(5);
        asks.collisions(20);
        asks.desk(12);
        asks.holds(18);
        asks.double_clicks(12);
        let (moved, cancelled) = changed.split_at(changed.len() / 2);
        asks.reschedules(moved);
        asks.cancels(cancelled);
        for _ in 0..2 {
            asks.invalid(self.made.first());
        }
        let asks = asks.list;
        let holds = self.run(asks).await;

        self.pass(SignedDuration::from_mins(2)).await;
        let (confirm, leave) = holds.split_at(holds.len() / 2);
        let confirm: Vec<Made> = confirm.iter().map(|(made, _)| made.clone()).collect();
        let mut asks = Asks {
            chance: &mut self.chance,
            firm: &self.firm,
            today,
            round: round * 10 + 1,
            list: Vec::new(),
        };
        asks.confirms(&confirm);
        let asks = asks.list;
        self.run(asks).await;

        self.pass(SignedDuration::from_mins(8)).await;
        let mut asks = Asks {
            chance: &mut self.chance,
            firm: &self.firm,
            today,
            round: round * 10 + 2,
            list: Vec::new(),
        };
        asks.takeovers(leave);
        let asks = asks.list;
        self.run(asks).await;
        self.pass(SignedDuration::ZERO).await;
    }

    /// Bookings to change, each once.
    fn some_made(&mut self, most: usize) -> Vec<Made> {
        let mut chosen = BTreeMap::new();
        for _ in 0..most {
            if !self.made.is_empty() {
                let at = self.chance.below(self.made.len());
                let mut made = self.made[at].clone();
                made.by = self.app.renewed(&made.by);
                chosen.insert(at, made);
            }
        }
        chosen.into_values().collect()
    }

    /// Lets so much time pass, and the workers do what is due by then.
    async fn pass(&mut self, time: SignedDuration) {
        self.app.settle().await;
        self.app.advance(time);
        self.looks.push(self.app.now());
        self.app.settle().await;
    }

    /// Asks for all of it, sixteen at a time; the holds that were made, with what was asked for.
    async fn run(&mut self, asks: Vec<Ask>) -> Vec<(Made, Value)> {
        let app = &self.app;
        let calls = asks.into_iter().map(|ask| async move {
            let answer = ask.call(app).send().await;
            (ask, answer)
        });
        // In the order of asking, whoever was faster.
        let answers: Vec<(Ask, Answer)> = futures::stream::iter(calls).buffered(CLIENTS).collect().await;
        let mut holds = Vec::new();
        for (ask, answer) in answers {
            let told = match answer.body["code"].as_str() {
                Some(code) => format!("{} {code}", answer.status.as_u16()),
                None => answer.status.as_str().to_owned(),
            };
            assert!(
                ask.right.contains(&told.as_str()),
                "{}: {} {}\n{}",
                ask.kind,
                ask.path,
                ask.body,
                answer.text
            );
            match answer.data()["occurrences"].as_array() {
                Some(occurrences) => self.learn_series(&ask, occurrences),
                None if answer.status.is_success() => self.learn(&ask, answer.data(), &mut holds),
                None => {}
            }
            *self.answers.entry(ask.kind).or_default().entry(told).or_insert(0) += 1;
        }
        holds
    }

    fn learn(&mut self, ask: &Ask, booking: &Value, holds: &mut Vec<(Made, Value)>) {
        let text = |field: &str| booking[field].as_str().unwrap().to_owned();
        let (id, room) = (text("id"), text("room_id"));
        let room = self.firm.rooms.iter().position(|known| known.id.to_string() == room).unwrap();
        let made = Made { id: id.clone(), room, by: ask.by.clone() };
        match text("state").as_str() {
            "held" if holds.iter().all(|(hold, _)| hold.id != id) => holds.push((made, ask.body.clone())),
            "held" => {}
            "confirmed" => {
                if self.confirmed.insert(id) && ask.kind != "reschedule" {
                    self.made.push(made);
                }
            }
            "cancelled" => {
                self.confirmed.remove(&id);
            }
            state => panic!("{state}: {booking}"),
        }
    }

    /// Each occurrence has its own answer, which counts as one.
    fn learn_series(&mut self, ask: &Ask, occurrences: &[Value]) {
        for occurrence in occurrences {
            let told = occurrence["refused"]["code"].as_str().unwrap_or("booked").to_owned();
            assert!(["booked", "slot_taken"].contains(&told.as_str()), "{occurrence}");
            if occurrence["booking"].is_object() {
                self.learn(ask, &occurrence["booking"], &mut Vec::new());
            }
            *self.answers.entry("  occurrences").or_default().entry(told).or_insert(0) += 1;
        }
    }

    /// The ledger and the records say the same for each room, and the records what the clients were told.
    async fn agreed(&self) -> BTreeMap<&'static str, usize> {
        let month = SignedDuration::from_hours(24 * 40);
        let over = Span::new(crate::harness::START.parse().unwrap(), self.app.now() + month).unwrap();
        let (mut bookings, mut confirmed) = (BTreeMap::new(), BTreeSet::new());
        for room in &self.firm.rooms {
            agree(&self.app, room, over).await;
            let place = (room.location, &room.zone);
            let look_back = SignedDuration::from_hours(48);
            let records =
                self.app.store().bookings_in(place, room.id, over, look_back, 100_000).await.unwrap();
            for booking in records {
                let state = booking.state_at(self.app.now());
                *bookings.entry(state.as_str()).or_insert(0) += 1;
                if state == BookingState::Confirmed {
                    confirmed.insert(booking.id.to_string());
                }
            }
        }
        assert_eq!(confirmed, self.confirmed);
        bookings
    }

    /// What was sent is what the events call for.
    async fn all_told(&self) -> BTreeMap<MessageKind, usize> {
        let from = crate::harness::START.parse().unwrap();
        let to = self.app.now() + SignedDuration::from_hours(1);
        let (events, more) = self.app.store().events_between(from, to, 100_000).await.unwrap();
        assert!(!more);
        let (due, sent) =
            (told::due(&events, &self.looks, &self.firm.quiet), told::sent(&self.app, &self.firm).await);
        assert_eq!(due.difference(&sent).collect::<Vec<_>>(), Vec::<&(_, _, _)>::new(), "never sent");
        assert_eq!(sent.difference(&due).collect::<Vec<_>>(), Vec::<&(_, _, _)>::new(), "not called for");
        let mut kinds = BTreeMap::new();
        for (kind, _, _) in sent {
            *kinds.entry(kind).or_insert(0) += 1;
        }
        kinds
    }

    /// What was asked, answered and told, as a table.
    fn table(&self, bookings: &BTreeMap<&str, usize>, told: &BTreeMap<MessageKind, usize>) -> String {
        let mut table = format!("{:<24}{:>8}  answers\n", "attempts", "count");
        for (kind, answers) in &self.answers {
            let told: Vec<String> = answers.iter().map(|(told, count)| format!("{told}: {count}")).collect();
            let count: usize = answers.values().sum();
            let _ = writeln!(table, "{kind:<24}{count:>8}  {}", told.join(", "));
        }
        let _ = writeln!(table, "bookings: {bookings:?}");
        let _ = write!(table, "messages, each once: {told:?}");
        table
    }

    /// How often something was asked for.
    fn attempts(&self) -> usize {
        let asked = self.answers.iter().filter(|(kind, _)| !kind.starts_with(' '));
        asked.flat_map(|(_, answers)| answers.values()).sum()
    }
}
