//! What the updates ask for, and that they stay within the limits of the database.

use super::*;
use domain::Span;

fn claim(start: i64, quanta: i64, owner: u128) -> Claim {
    let at = |quantum: i64| Timestamp::from_second(1_800_000_000 + quantum * 300).unwrap();
    let span = Span::new(at(start), at(start + quanta)).unwrap();
    Claim { resource: ResourceId::derived([1; 16]), span, held_until: None, owner }
}

fn first_update(changes: &Changes) -> Update {
    let store = Store::new(store::Config::local("http://127.0.0.1:1".to_owned()));
    let ((resource, number), steps) = changes.blocks.first_key_value().unwrap();
    update(&store, *resource, *number, steps, Timestamp::from_second(1_800_000_000).unwrap()).unwrap()
}

/// `DynamoDB` counts operators and functions: 300 at most; an expression may have 4,096 bytes.
#[test]
fn the_longest_claim_of_a_block_stays_within_dynamodbs_limits() {
    let aligned = (1_800_000_000_i64 / 300).rem_euclid(QUANTA);
    let start = if aligned == 0 { 0 } else { QUANTA - aligned };
    let whole = claim(start, QUANTA, u128::from(u64::MAX));
    let changes = Changes::new().take(&whole);
    assert_eq!(changes.blocks(), 1);
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

#[test]
fn two_claims_of_one_command_on_the_same_time_are_refused() {
    let store = Store::new(store::Config::local("http://127.0.0.1:1".to_owned()));
    let changes = Changes::new().take(&claim(0, 3, 7)).take(&claim(2, 3, 8));
    let refused = changes.add_to(&mut Tx::new(), &store, Timestamp::from_second(1_800_000_000).unwrap());
    assert_eq!(refused.unwrap_err().code(), Code::SlotTaken);
    let swapped =
        Changes::new().shift(&claim(0, 3, 7), &claim(3, 3, 7)).shift(&claim(3, 3, 8), &claim(0, 3, 8));
    assert!(swapped.add_to(&mut Tx::new(), &store, Timestamp::from_second(1_800_000_000).unwrap()).is_ok());
}

#[test]
fn moving_by_one_quantum_changes_only_the_ends() {
    let changes = Changes::new().shift(&claim(0, 3, 7), &claim(1, 3, 7));
    let update = first_update(&changes);
    assert!(update.update_expression().contains("REMOVE"));
    assert_eq!(update.condition_expression().unwrap().matches("attribute_not_exists").count(), 1);
}

const QUANTA: i64 = block::QUANTA_PER_BLOCK;
