//! What the updates ask for, and that they stay within the limits of the database.

use aws_sdk_dynamodb::types::Update;
use domain::Span;
use domain::pool::{Cells, Nights};

use super::*;

fn claim(start: i64, quanta: i64, owner: u128) -> Claim {
    let at = |quantum: i64| Timestamp::from_second(1_800_000_000 + quantum * 300).unwrap();
    let span = Span::new(at(start), at(start + quanta)).unwrap();
    Claim::Time(TimeClaim { resource: ResourceId::derived([1; 16]), span, held_until: None, owner })
}

fn nowhere() -> Store {
    Store::new(store::Config::local("http://127.0.0.1:1".to_owned()))
}

fn shift(changes: Changes, from: &Claim, to: &Claim) -> Changes {
    changes.release(from).take(to)
}

fn first_update(changes: &Changes) -> Update {
    let (key, steps) = changes.blocks.first_key_value().unwrap();
    timeline::update(&nowhere(), *key, steps, Timestamp::from_second(1_800_000_000).unwrap()).unwrap()
}

/// `DynamoDB` counts operators and functions: 300 at most; an expression may have 4,096 bytes.
#[test]
fn the_longest_claim_of_a_block_stays_within_dynamodbs_limits() {
    let aligned = (1_800_000_000_i64 / 300).rem_euclid(QUANTA);
    let start = if aligned == 0 { 0 } else { QUANTA - aligned };
    let whole = claim(start, QUANTA, u128::from(u64::MAX));
    let changes = Changes::new().take(&whole);
    assert_eq!(changes.items(), 1);
    let update = first_update(&changes);
    let condition = update.condition_expression().unwrap();
    let count = |word: &str| condition.matches(word).count();
    let operators = count("attribute_not_exists") + count("OR ") + count("<") + count("AND ");
    println!(
        "longest claim: {operators} operators, {} bytes of condition, {} bytes of update",
        condition.len(),
        update.update_expression().len()
    );
    assert!(operators <= 300, "{operators}");
    assert!(condition.len() <= 4_096 && update.update_expression().len() <= 4_096);
}

#[test]
fn a_full_block_stays_below_one_kilobyte() {
    // A number takes half a byte a digit and one more; names and keys count in full (DynamoDB's item size rules).
    let names: usize = (0..QUANTA).map(|place| block::attribute(place).len()).sum();
    let marks = usize::try_from(QUANTA).unwrap() * (17_usize.div_ceil(2) + 1);
    let keys =
        "pk".len() + ResourceId::derived([1; 16]).to_string().len() + "sk".len() + 5 + "expires".len() + 6;
    assert!(names + marks + keys <= 1_024, "{}", names + marks + keys);
}

fn january(quantity: u32) -> Claim {
    let date = |text: &str| text.parse().unwrap();
    let nights = Nights::new(date("2027-01-01"), date("2027-02-01")).unwrap();
    Claim::Units(UnitsClaim { pool: PoolId::derived([1; 16]), cells: Cells::Nights(nights), quantity })
}

#[test]
fn a_month_of_overbooked_nights_stays_within_dynamodbs_limits() {
    let seen = |day: i64| Count {
        capacity: 9_000,
        claimed: 9_000 + day,
        free: -day,
        overbooking: 900 + day,
        closed: false,
    };
    let Claim::Units(UnitsClaim { pool, cells, .. }) = january(40) else { panic!("not units") };
    let seen: BTreeMap<Cell, Count> = cells.each().into_iter().zip((1..).map(seen)).collect();
    let changes = Changes::new().take(&january(40)).overbook(pool, &seen);
    assert!(changes.overbooks(pool) && changes.items() == 1);
    let (key, wishes) = changes.counts.first_key_value().unwrap();
    let update = counter::update(&nowhere(), *key, &granted(wishes)).unwrap();
    let condition = update.condition_expression().unwrap();
    let count = |word: &str| condition.matches(word).count();
    let operators = count("attribute_not_exists") + count("<") + count("=") + count("AND ");
    println!(
        "a month beyond capacity: {operators} operators, {} bytes of condition, {} bytes of update",
        condition.len(),
        update.update_expression().len()
    );
    assert!(operators <= 300, "{operators}");
    assert!(condition.len() <= 4_096 && update.update_expression().len() <= 4_096);
}

#[test]
fn a_full_month_of_nights_stays_below_one_kilobyte() {
    let day = |day: usize| {
        // Four numbers of four digits and a flag, each with its name.
        let name = 1 + day.to_string().len();
        5 * name + 4 * (4_usize.div_ceil(2) + 1) + 1
    };
    let nights: usize = (1..=31).map(day).sum();
    let keys = "pk".len() + PoolId::derived([1; 16]).to_string().len() + "sk".len() + 4;
    assert!(nights + keys <= 1_024, "{}", nights + keys);
}

#[test]
fn what_is_given_back_and_taken_again_is_no_change() {
    let changes = Changes::new().release(&january(2)).take(&january(2));
    assert_eq!(changes.items(), 0);
    let more = Changes::new().release(&january(2)).take(&january(3));
    assert_eq!(more.items(), 1);
    assert!(more.counts.values().flat_map(BTreeMap::values).all(|wish| wish.units == 1));
}

#[test]
fn two_claims_of_one_command_on_the_same_time_are_refused() {
    let changes = Changes::new().take(&claim(0, 3, 7)).take(&claim(2, 3, 8));
    let refused = changes.add_to(&mut Tx::new(), &nowhere(), Timestamp::from_second(1_800_000_000).unwrap());
    assert_eq!(refused.unwrap_err().code(), Code::SlotTaken);
    let there = shift(Changes::new(), &claim(0, 3, 7), &claim(3, 3, 7));
    let swapped = shift(there, &claim(3, 3, 8), &claim(0, 3, 8));
    assert!(
        swapped.add_to(&mut Tx::new(), &nowhere(), Timestamp::from_second(1_800_000_000).unwrap()).is_ok()
    );
}

#[test]
fn moving_by_one_quantum_changes_only_the_ends() {
    let changes = shift(Changes::new(), &claim(0, 3, 7), &claim(1, 3, 7));
    let update = first_update(&changes);
    assert!(update.update_expression().contains("REMOVE"));
    assert_eq!(update.condition_expression().unwrap().matches("attribute_not_exists").count(), 1);
}

const QUANTA: i64 = block::QUANTA_PER_BLOCK;
