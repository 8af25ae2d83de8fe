//! The timeline: one conditional update for each block of time that a command touches.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::Update;
use domain::ResourceId;
use errors::{Code, Error, Result};
use jiff::Timestamp;
use store::{Item, Store, schema};

use crate::expression::Expression;
use crate::{block, mark, read};

/// What happens to one quantum: the mark it must have now (free, when `None`) and the mark it has afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Step {
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
}

/// The steps of a block, by place.
pub(crate) type Steps = BTreeMap<i64, Step>;

/// The update that makes the steps if each may be made.
pub(crate) fn update(
    store: &Store,
    (resource, number): (ResourceId, i64),
    steps: &Steps,
    now: Timestamp,
) -> Result<Update> {
    let mut expression = Expression::default();
    for (place, step) in steps {
        let name = block::attribute(*place);
        if let Some(mark) = step.from {
            let mark = expression.number(mark);
            expression.require(format!("{name}={mark}"));
        } else {
            let now = expression.number(mark::ended_before(now));
            expression.require(format!("(attribute_not_exists({name})OR {name}<{now})"));
        }
        if let Some(mark) = step.to {
            let mark = expression.number(mark);
            expression.set(format!("{name}={mark}"));
        } else {
            expression.remove(name);
        }
    }
    if !expression.sets_nothing() {
        let expires = expression.number(block::expires(number));
        expression.set(format!("{}={expires}", schema::EXPIRES));
    }
    expression.update(store, (resource.to_string(), number))
}

/// What it means that one of the steps may not be made, seen from the block as it is.
pub(crate) fn refusal(
    (resource, number): (ResourceId, i64),
    steps: &Steps,
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
