//! From claims given and taken to one conditional update for each block.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::ResourceId;
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Item, Refused, Store, Tx, schema};

use crate::{Claim, block, mark, read};

/// What a command changes in the ledger. Build it from claims, then add it to the command's transaction.
#[derive(Debug, Default)]
pub struct Changes {
    blocks: BTreeMap<(ResourceId, i64), BTreeMap<i64, Step>>,
    /// Two claims of the command want one quantum.
    clash: bool,
}

/// What happens to one quantum: the mark it must have now (free, when `None`) and the mark it has afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    from: Option<u64>,
    to: Option<u64>,
}

impl Changes {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a free span: a hold or a booking.
    #[must_use]
    pub fn take(mut self, claim: &Claim) -> Self {
        self.clash |= self.each(claim, |step, mark| step.to.replace(mark).is_some_and(|other| other != mark));
        self
    }

    /// Gives a claim back.
    #[must_use]
    pub fn release(mut self, claim: &Claim) -> Self {
        self.clash |=
            self.each(claim, |step, mark| step.from.replace(mark).is_some_and(|other| other != mark));
        self
    }

    /// Turns one claim of an owner into another: confirming, moving, resizing.
    #[must_use]
    pub fn shift(self, from: &Claim, to: &Claim) -> Self {
        self.release(from).take(to)
    }

    /// Blocks touched: each is one action of the transaction.
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Adds the updates to the transaction. A quantum that is not free answers `slot_taken` with the windows taken; a
    /// claim that is no longer there answers `changed` or, for a hold, `hold_expired`.
    ///
    /// # Errors
    /// `slot_taken` when two claims of the command want the same time; `internal` when the SDK refuses an expression.
    pub fn add_to(self, tx: &mut Tx, store: &Store, now: Timestamp) -> Result<()> {
        if self.clash {
            return Err(Error::new(Code::SlotTaken, "two parts of this request want the same time"));
        }
        for ((resource, number), steps) in self.blocks {
            let update = update(store, resource, number, &steps, now)?;
            tx.push(TransactWriteItem::builder().update(update).build(), move |item| {
                Refused::Error(refusal(resource, number, &steps, item.as_ref(), now))
            });
        }
        Ok(())
    }

    /// Changes the step of each quantum; whether any change clashed with an earlier one.
    fn each(&mut self, claim: &Claim, change: impl Fn(&mut Step, u64) -> bool) -> bool {
        let mark = mark::of(claim);
        let mut clash = false;
        for quantum in block::quanta(&claim.span) {
            let (number, place) = block::place(quantum);
            let steps = self.blocks.entry((claim.resource, number)).or_default();
            clash |= change(steps.entry(place).or_insert(Step { from: None, to: None }), mark);
        }
        clash
    }
}

fn update(
    store: &Store,
    resource: ResourceId,
    number: i64,
    steps: &BTreeMap<i64, Step>,
    now: Timestamp,
) -> Result<Update> {
    let mut values = Values::default();
    let (mut conditions, mut set, mut remove) = (Vec::new(), Vec::new(), Vec::new());
    for (place, step) in steps {
        let name = block::attribute(*place);
        if let Some(mark) = step.from {
            conditions.push(format!("{name}={}", values.name(mark)));
        } else {
            let now = values.name(mark::ended_before(now));
            conditions.push(format!("(attribute_not_exists({name})OR {name}<{now})"));
        }
        match step.to {
            Some(mark) => set.push(format!("{name}={}", values.name(mark))),
            None => remove.push(name),
        }
    }
    let mut effect = String::new();
    if !set.is_empty() {
        set.push(format!("{}={}", schema::EXPIRES, values.name(block::expires(number).unsigned_abs())));
        effect = format!("SET {}", set.join(","));
    }
    if !remove.is_empty() {
        effect = format!("{effect} REMOVE {}", remove.join(","));
    }
    Update::builder()
        .table_name(store.name(&schema::LEDGER))
        .key(schema::PARTITION, AttributeValue::S(resource.to_string()))
        .key(schema::SORT, AttributeValue::N(number.to_string()))
        .condition_expression(conditions.join(" AND "))
        .update_expression(effect)
        .set_expression_attribute_values(Some(values.0))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(Error::internal)
}

/// Short names for the few numbers that an expression repeats.
#[derive(Default)]
struct Values(std::collections::HashMap<String, AttributeValue>);

impl Values {
    fn name(&mut self, number: u64) -> String {
        let value = AttributeValue::N(number.to_string());
        if let Some((name, _)) = self.0.iter().find(|(_, known)| **known == value) {
            return name.clone();
        }
        let name = format!(":{}", self.0.len());
        self.0.insert(name.clone(), value);
        name
    }
}

fn refusal(
    resource: ResourceId,
    number: i64,
    steps: &BTreeMap<i64, Step>,
    item: Option<&Item>,
    now: Timestamp,
) -> Error {
    let marks = item.map(read::marks).unwrap_or_default();
    let lost = steps.iter().find_map(|(place, step)| step.from.filter(|mark| marks.get(place) != Some(mark)));
    if let Some(mark) = lost {
        return if mark::is_hold(mark) {
            Error::new(Code::HoldExpired, "the hold has run out; book again")
        } else {
            Error::new(Code::Changed, "the booking was changed by another request")
        };
    }
    let free_from = mark::ended_before(now);
    let taken = |(place, mark): (&i64, &u64)| {
        let wanted = steps.get(place).is_some_and(|step| step.from.is_none() && step.to.is_some());
        (wanted && *mark >= free_from).then_some((number * block::QUANTA_PER_BLOCK + place, *mark))
    };
    let windows: Vec<serde_json::Value> = read::runs(marks.iter().filter_map(taken))
        .map(|run| serde_json::json!({ "start": run.span.start().to_string(), "end": run.span.end().to_string() }))
        .collect();
    Error::new(Code::SlotTaken, "this time is taken")
        .with_detail("resource", resource.to_string())
        .with_detail("taken", windows)
}

#[cfg(test)]
mod tests {
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
        let keys = "pk".len()
            + ResourceId::derived([1; 16]).to_string().len()
            + "sk".len()
            + 5
            + "expires".len()
            + 6;
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
        assert!(
            swapped.add_to(&mut Tx::new(), &store, Timestamp::from_second(1_800_000_000).unwrap()).is_ok()
        );
    }

    #[test]
    fn moving_by_one_quantum_changes_only_the_ends() {
        let changes = Changes::new().shift(&claim(0, 3, 7), &claim(1, 3, 7));
        let update = first_update(&changes);
        assert!(update.update_expression().contains("REMOVE"));
        assert_eq!(update.condition_expression().unwrap().matches("attribute_not_exists").count(), 1);
    }

    const QUANTA: i64 = block::QUANTA_PER_BLOCK;
}
