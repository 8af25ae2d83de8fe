//! What the updates ask for, and that they stay within the limits of the database.

use domain::Span;
use domain::pool::{Cells, Nights};
use jiff::civil::date;

use super::*;
use crate::limits;

fn claim(start: i64, quanta: i64, owner: u128) -> Claim {
    let at = |quantum: i64| Timestamp::from_second(1_800_000_000 + quantum * 300).unwrap();
    let span = Span::new(at(start), at(start + quanta)).unwrap();
    Claim::Time(TimeClaim { resource: ResourceId::derived([1; 16]), span, held_until: None, owner })
}

fn nights(from: i8, to: i8, quantity: u32) -> Claim {
    let nights = Nights::new(date(2027, 1, from), date(2027, 1, to)).unwrap();
    Claim::Units(UnitsClaim { pool: PoolId::derived([1; 16]), cells: Cells::Nights(nights), quantity })
}

fn nowhere() -> Store {
    Store::new(store::Config::local("http://127.0.0.1:1".to_owned()))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn shift(from: &Claim, to: &Claim) -> Changes {
    Changes::new().release(from).take(to)
}

/// Condition and effect of the only update.
fn only(changes: Changes) -> (String, String) {
    let mut tx = Tx::new();
    changes.add_to(&mut tx, &nowhere(), now()).unwrap();
    let [action] = tx.actions() else { panic!("{} actions", tx.len()) };
    let update = action.update().unwrap();
    (update.condition_expression().unwrap().to_owned(), update.update_expression().to_owned())
}

#[test]
fn the_longest_commands_stay_within_dynamodbs_limits() {
    let measured = limits::longest(&nowhere()).unwrap();
    for one in &measured {
        println!("{:<40} {:>4} operators {:>5} bytes", one.what, one.operators, one.bytes);
        assert!(one.operators <= limits::MOST_OPERATORS, "{one:?}");
        assert!(one.bytes <= limits::MOST_BYTES, "{one:?}");
    }
    assert_eq!(measured.len(), 10);
}

#[test]
fn operators_are_counted_as_the_guide_counts_them_or_more() {
    assert_eq!(limits::operators("SET a = :val1 + :val2 + :val3"), 3);
    assert_eq!(limits::operators("(attribute_not_exists(s1)OR s1<:0) AND s2>=:1"), 5);
    assert_eq!(limits::operators("a BETWEEN :x AND :y AND NOT contains(b,:z)"), 5);
}

#[test]
fn the_fullest_items_cost_one_unit() {
    for (what, bytes) in limits::fullest().unwrap() {
        println!("{what}: {bytes} bytes");
        assert!(bytes <= limits::UNIT_BYTES, "{what}: {bytes}");
    }
}

#[test]
fn two_claims_of_one_command_on_the_same_time_are_refused() {
    let changes = Changes::new().take(&claim(0, 3, 7)).take(&claim(2, 3, 8));
    let refused = changes.add_to(&mut Tx::new(), &nowhere(), now());
    assert_eq!(refused.unwrap_err().code(), Code::SlotTaken);
    let swapped = shift(&claim(0, 3, 7), &claim(3, 3, 7)).release(&claim(3, 3, 8)).take(&claim(0, 3, 8));
    assert!(swapped.add_to(&mut Tx::new(), &nowhere(), now()).is_ok());
}

#[test]
fn moving_by_one_quantum_changes_only_the_ends() {
    let (condition, effect) = only(shift(&claim(0, 3, 7), &claim(1, 3, 7)));
    assert!(effect.contains("REMOVE"));
    assert_eq!(condition.matches("attribute_not_exists").count(), 1);
}

#[test]
fn only_the_difference_of_units_is_claimed() {
    let (condition, effect) = only(shift(&nights(5, 8, 2), &nights(6, 9, 2)));
    assert_eq!(condition, "n5>=:0 AND attribute_not_exists(x8) AND f8>=:0");
    assert_eq!(effect, "ADD n5 :1,f5 :0,n8 :0,f8 :1");
    let unchanged = shift(&nights(5, 8, 2), &nights(5, 8, 2));
    assert_eq!(unchanged.items(), 0);
    let mut tx = Tx::new();
    unchanged.add_to(&mut tx, &nowhere(), now()).unwrap();
    assert!(tx.is_empty());
}

#[test]
fn lines_of_one_pool_are_one_claim_on_each_cell() {
    let (condition, _) = only(Changes::new().take(&nights(5, 7, 2)).take(&nights(6, 8, 1)));
    assert_eq!(
        condition,
        "attribute_not_exists(x5) AND f5>=:0 AND attribute_not_exists(x6) AND f6>=:2 \
         AND attribute_not_exists(x7) AND f7>=:4"
    );
}

#[test]
fn only_cells_with_too_little_free_are_overbooked() {
    let count = |free| Count { capacity: 10, claimed: 10 - free, free, overbooking: 2, closed: false };
    let seen = BTreeMap::from([
        (Cell::Night(date(2027, 1, 5)), count(0)),
        (Cell::Night(date(2027, 1, 6)), count(1)),
    ]);
    let pool = PoolId::derived([1; 16]);
    let changes = Changes::new().take(&nights(5, 7, 1)).overbook(pool, &seen);
    assert!(changes.overbooks(pool));
    let (condition, _) = only(changes);
    assert!(condition.contains("o5="), "{condition}");
    assert!(!condition.contains("o6="), "{condition}");
}
