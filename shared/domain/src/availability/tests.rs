//! Slots, their reasons and alternatives, by example and by property.

use proptest::prelude::*;

use super::*;
use crate::fixtures::{at, daily, midnights, room, span};
use crate::resource::{OutOfService, Rules};
use crate::rules::refusals;

const NOW: &str = "2027-01-01T00:00:00Z";

fn booked(start: &str, end: &str) -> Taken {
    Taken { span: span(start, end), held: false }
}

fn ask(range: Span, length: u32, step: u32, explain: bool) -> Ask {
    Ask { range, length, step, explain }.checked("").unwrap()
}

#[test]
fn a_question_is_bounded() {
    let range = span("2027-01-01T00:00:00Z", "2027-02-02T00:05:00Z");
    let problems = Ask { range, length: 7, step: 25, explain: false }.checked("/query").unwrap_err();
    let pointers: Vec<_> = problems.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(pointers, ["/query/end", "/query/length", "/query/step"]);
}

#[test]
fn only_free_slots_unless_asked_to_explain() {
    let mut resource = room("Europe/Berlin");
    resource.rules.hours = Some(daily(&[(540, 720)]));
    let taken = [booked("2027-01-04T09:00:00Z", "2027-01-04T10:00:00Z")];
    let range = span("2027-01-04T08:00:00Z", "2027-01-04T12:00:00Z");
    let free = slots(&resource, &ask(range, 60, 60, false), &taken, at(NOW));
    let local: Vec<String> = free
        .iter()
        .map(|slot| resource.zone.local(slot.span.start()).strftime("%H:%M").to_string())
        .collect();
    assert_eq!(local, ["09:00", "11:00"]);
    let all = slots(&resource, &ask(range, 60, 60, true), &taken, at(NOW));
    let told: Vec<Vec<&str>> =
        all.iter().map(|slot| slot.reasons.iter().map(Reason::code).collect()).collect();
    assert_eq!(told, [vec![], vec!["taken"], vec![], vec!["outside_hours"]]);
    assert_eq!(all[1].reasons[0].told()["start"], "2027-01-04T09:00:00Z");
}

#[test]
fn buffers_keep_their_distance_on_both_sides() {
    let mut resource = room("UTC");
    (resource.rules.buffer_before, resource.rules.buffer_after) = (15, 30);
    let taken = [booked("2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z")];
    let range = span("2027-01-04T08:30:00Z", "2027-01-04T12:00:00Z");
    let free = slots(&resource, &ask(range, 30, 15, false), &taken, at(NOW));
    let starts: Vec<String> = free
        .iter()
        .map(|slot| resource.zone.local(slot.span.start()).strftime("%H:%M").to_string())
        .collect();
    assert_eq!(starts, ["08:30", "08:45", "09:00", "11:15", "11:30"]);
    let spans = free_spans(&resource, range, &taken, at(NOW));
    assert_eq!(
        spans,
        [
            span("2027-01-04T08:30:00Z", "2027-01-04T09:30:00Z"),
            span("2027-01-04T11:15:00Z", "2027-01-04T12:00:00Z")
        ]
    );
}

#[test]
fn a_slot_of_a_day_ends_at_midnight_when_the_clocks_change() {
    let mut resource = room("Europe/Berlin");
    (resource.rules.grid, resource.rules.min_length) = (1_440, 1_440);
    let range = span("2027-03-26T23:00:00Z", "2027-03-29T22:00:00Z");
    let free = slots(&resource, &ask(range, 1_440, 1_440, false), &[], at(NOW));
    assert_eq!(free.iter().map(|slot| slot.span.minutes() / 60).collect::<Vec<_>>(), [24, 23, 24]);
}

#[test]
fn nearest_alternatives_come_first_and_the_later_of_two() {
    let resource = room("UTC");
    let wanted = span("2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z");
    let taken = [booked("2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z")];
    let found = alternatives(&resource, wanted, &taken, at(NOW), 3);
    assert_eq!(
        found,
        [
            span("2027-01-04T11:00:00Z", "2027-01-04T12:00:00Z"),
            span("2027-01-04T09:00:00Z", "2027-01-04T10:00:00Z"),
            span("2027-01-04T11:15:00Z", "2027-01-04T12:15:00Z"),
        ]
    );
}

#[test]
fn what_no_rule_would_allow_has_no_alternatives() {
    let resource = room("UTC");
    let long = span("2027-01-04T10:00:00Z", "2027-01-06T11:00:00Z");
    assert_eq!(alternatives(&resource, long, &[], at(NOW), 3), []);
    let endless = span("2027-01-04T10:00:00Z", "9000-01-06T11:00:00Z");
    assert_eq!(alternatives(&resource, endless, &[], at(NOW), 3), []);
    let mut retired = room("UTC");
    retired.retired = true;
    let hour = span("2027-01-04T10:00:00Z", "2027-01-04T11:00:00Z");
    assert_eq!(alternatives(&retired, hour, &[], at(NOW), 3), []);
    assert_eq!(free_spans(&retired, hour, &[], at(NOW)), []);
}

/// A room near a change of the clock, a day and a half to ask about, what is taken in it, and the time it is.
fn scenes() -> impl Strategy<Value = (Resource, Span, Vec<Taken>, Timestamp)> {
    let rules = (
        prop::sample::select(&[5_u32, 15, 30, 60, 120]),
        0_u32..4,
        (0_u32..4, 0_u32..4),
        prop::option::of((0_u16..20, 1_u16..29)),
        (0_u32..1_000, 1_000_u32..3_000),
    );
    let out = prop::option::of((0_i64..40, prop::option::of(1_i64..20)));
    let taken = prop::collection::vec((0_i64..430, 1_i64..40, any::<bool>()), 0..6);
    (midnights(), rules, out, taken, -1_500_i64..2_000, 0_u8..8).prop_map(
        |(place, rules, out, taken, now, sort)| {
            let (zone, midnight) = place;
            let (grid, extra, (before, after), hours, (min_notice, max_notice)) = rules;
            let from = |minutes: i64| midnight + SignedDuration::from_mins(minutes);
            let mut resource = room(zone.as_str());
            resource.rules = Rules {
                grid,
                min_length: grid,
                max_length: grid * (1 + extra),
                min_notice,
                max_notice,
                buffer_before: before * 5,
                buffer_after: after * 10,
                hours: hours
                    .map(|(start, length)| daily(&[(start * 60, (start * 60 + length * 50).min(1_440))])),
            };
            resource.rules = resource.rules.checked("").unwrap();
            resource.out_of_service = out.map(|(start, length)| OutOfService {
                reason: "paint".parse().unwrap(),
                from: from(start * 60),
                until: length.map(|length| from((start + length) * 60)),
            });
            resource.retired = sort == 0;
            let range = Span::new(from(0), from(36 * 60)).unwrap();
            let taken = taken.into_iter().map(|(start, length, held)| Taken {
                span: Span::new(from(start * 5), from((start + length) * 5)).unwrap(),
                held,
            });
            (resource, range, taken.collect(), from(now))
        },
    )
}

/// The world in which the reason does not hold.
fn without(
    reason: &Reason,
    resource: &Resource,
    taken: &[Taken],
    now: Timestamp,
) -> (Resource, Vec<Taken>, Timestamp) {
    let (mut resource, mut taken, mut now) = (resource.clone(), taken.to_vec(), now);
    match reason {
        Reason::Taken(collision) => taken.retain(|taken| taken != collision),
        Reason::Rule(refusal) => match refusal {
            Refusal::Retired => resource.retired = false,
            Refusal::OutOfService { .. } => resource.out_of_service = None,
            Refusal::TooSoon { .. } => resource.rules.min_notice = 0,
            Refusal::TooFar { .. } => resource.rules.max_notice = u32::MAX,
            Refusal::TooShort { .. } => resource.rules.min_length = 5,
            Refusal::TooLong { .. } => resource.rules.max_length = MAX_LENGTH,
            Refusal::OffGrid { .. } => resource.rules.grid = 5,
            Refusal::OutsideHours { .. } => resource.rules.hours = None,
            // Time is no rule to relax: go back far enough, and keep what the notices say.
            Refusal::InThePast => {
                let back = SignedDuration::from_hours(24 * 30);
                now -= back;
                let minutes = u32::try_from(back.as_mins()).unwrap();
                resource.rules.max_notice += minutes;
                if resource.rules.min_notice > 0 {
                    resource.rules.min_notice += minutes;
                }
            }
        },
    }
    (resource, taken, now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn taking_a_reason_away_leaves_exactly_the_others(
        (resource, range, taken, now) in scenes(), length in 1_u32..30, pick in any::<prop::sample::Index>(),
    ) {
        let question = ask(range, length * 5, 15, true);
        let all = slots(&resource, &question, &taken, now);
        prop_assume!(!all.is_empty());
        for nth in 0..4 {
            let slot = &all[(pick.index(all.len()) + nth * 7) % all.len()];
            for reason in &slot.reasons {
                let (resource, taken, now) = without(reason, &resource, &taken, now);
                let question = Ask { range: slot.span, ..question };
                let again = slots(&resource, &question, &taken, now);
                let left: Vec<&str> = again[0].reasons.iter().map(Reason::code).collect();
                let others = slot.reasons.iter().filter(|other| *other != reason);
                let expected: Vec<&str> = others.map(Reason::code).collect();
                prop_assert_eq!(left, expected, "without {:?}", reason);
            }
        }
    }

    #[test]
    fn slots_agree_with_the_rules_and_the_ledger_one_by_one(
        (resource, range, taken, now) in scenes(), length in 1_u32..30,
    ) {
        let all = slots(&resource, &ask(range, length * 5, 15, true), &taken, now);
        let free = slots(&resource, &ask(range, length * 5, 15, false), &taken, now);
        prop_assert_eq!(all.iter().filter(|slot| slot.is_free()).cloned().collect::<Vec<_>>(), free);
        prop_assert!(all.is_sorted_by_key(|slot| slot.span));
        for slot in &all {
            prop_assert!(range.covers(&slot.span));
            prop_assert_eq!(slot.span.minutes(), i64::from(length * 5));
            prop_assert_eq!(i64::from(resource.zone.local(slot.span.start()).minute()) % 15, 0);
            let claim = claimed(&resource, &slot.span);
            let collisions = taken.iter().filter(|taken| taken.span.overlaps(&claim)).count();
            let refused = refusals(&resource, slot.span, now);
            prop_assert_eq!(slot.reasons.len(), refused.len() + collisions);
        }
    }

    #[test]
    fn free_spans_are_what_free_slots_make_up((resource, range, taken, now) in scenes()) {
        let mut resource = resource;
        // Of any length, so that what fits is a question of time only.
        resource.rules.max_length = MAX_LENGTH;
        let spans = free_spans(&resource, range, &taken, now);
        let shortest = Ask { range, length: resource.rules.min_length, step: resource.rules.grid, explain: false };
        let free = slots(&resource, &shortest, &taken, now);
        for slot in &free {
            prop_assert!(spans.iter().any(|span| span.covers(&slot.span)), "{:?} in none of {:?}", slot.span, spans);
        }
        for span in &spans {
            let timeline = Timeline::new(&taken);
            prop_assert_eq!(timeline.colliding(claimed(&resource, span)).count(), 0);
            prop_assert_eq!(refusals(&resource, *span, now), vec![]);
        }
        prop_assert!(spans.windows(2).all(|pair| pair[0].end() <= pair[1].start()));
    }

    #[test]
    fn alternatives_are_free_near_as_long_and_in_order(
        (resource, range, taken, now) in scenes(), n in 0_usize..6, steps in 1_i64..3,
    ) {
        let length = SignedDuration::from_mins(i64::from(resource.rules.grid) * steps);
        let wanted = Span::new(range.start(), range.start() + length).unwrap();
        let found = alternatives(&resource, wanted, &taken, now, n);
        prop_assert!(found.len() <= n);
        let distance = |span: &Span| span.start().duration_since(wanted.start()).abs();
        prop_assert!(found.is_sorted_by_key(|span| (distance(span), *span < wanted)));
        let known = window_around(&resource, wanted);
        for span in &found {
            prop_assert!(*span != wanted && span.length() == wanted.length());
            prop_assert!(distance(span) <= SignedDuration::from_hours(24));
            prop_assert!(known.covers(&claimed(&resource, span)));
            prop_assert_eq!(refusals(&resource, *span, now), vec![]);
            prop_assert!(!taken.iter().any(|taken| taken.span.overlaps(&claimed(&resource, span))));
        }
    }
}
