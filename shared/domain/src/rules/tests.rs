//! What each rule refuses, over zones and changes of the clock.

use errors::Code;

use super::*;
use crate::fixtures::{at, daily, room, span};
use crate::resource::{OutOfService, Period};

const NOW: &str = "2027-01-01T12:00:00Z";

fn codes(resource: &Resource, span: Span) -> Vec<&'static str> {
    refusals(resource, span, at(NOW)).iter().map(Refusal::code).collect()
}

#[test]
fn the_default_rules_make_sense() {
    assert_eq!(Rules::default().checked("/rules"), Ok(Rules::default()));
}

#[test]
fn all_that_is_wrong_with_rules_is_told_at_once() {
    let mut hours = daily(&[(0, 60)]);
    hours.week[6] = vec![Period { start: 60, end: 60 }];
    let rules = Rules {
        grid: 25,
        min_length: 45,
        max_length: 12,
        min_notice: 600,
        max_notice: 0,
        buffer_before: 3,
        buffer_after: 1_445,
        hours: Some(hours),
    };
    let told = rules.checked("/rules").unwrap_err();
    let told: Vec<_> = told.iter().map(|e| (e.pointer.as_str(), e.code)).collect();
    assert_eq!(
        told,
        [
            ("/rules/grid", "invalid_grid"),
            ("/rules/max_length", "off_grid"),
            ("/rules/max_length", "less_than_minimum"),
            ("/rules/max_notice", "out_of_range"),
            ("/rules/min_notice", "not_below_maximum"),
            ("/rules/buffer_before", "out_of_range"),
            ("/rules/buffer_after", "out_of_range"),
            ("/rules/hours/week/6/0", "end_before_start"),
        ]
    );
}

#[test]
fn bounds_themselves_are_allowed_and_one_step_more_is_not() {
    let most = Rules {
        grid: 1_440,
        min_length: 1_440,
        max_length: MAX_LENGTH,
        min_notice: MAX_NOTICE - 1,
        max_notice: MAX_NOTICE,
        buffer_before: MAX_BUFFER,
        buffer_after: MAX_BUFFER,
        hours: None,
    };
    assert!(most.clone().checked("").is_ok());
    for over in [
        Rules { max_length: MAX_LENGTH + 1_440, ..most.clone() },
        Rules { max_notice: MAX_NOTICE + 1, ..most.clone() },
        Rules { buffer_after: MAX_BUFFER + 5, ..most.clone() },
        Rules { grid: 2_880, ..most.clone() },
        Rules { grid: 0, ..most },
    ] {
        assert_eq!(over.clone().checked("").unwrap_err().len(), 1, "{over:?}");
    }
}

#[test]
fn an_ordinary_booking_is_refused_by_nothing() {
    let mut resource = room("Europe/Berlin");
    resource.rules.hours = Some(daily(&[(540, 1_020)]));
    assert_eq!(codes(&resource, span("2027-01-04T08:00:00Z", "2027-01-04T16:00:00Z")), [""; 0]);
}

#[test]
fn every_rule_that_refuses_is_named() {
    let mut resource = room("Europe/Berlin");
    resource.retired = true;
    resource.rules.min_notice = 60;
    resource.rules.max_length = 60;
    resource.rules.hours = Some(daily(&[(540, 1_020)]));
    let from = at("2026-12-01T00:00:00Z");
    resource.out_of_service = Some(OutOfService { reason: "paint".parse().unwrap(), from, until: None });
    assert_eq!(
        codes(&resource, span("2026-12-31T22:07:00Z", "2027-01-01T01:00:00Z")),
        ["retired", "out_of_service", "in_the_past", "too_soon", "too_long", "off_grid", "outside_hours"]
    );
    resource.rules.min_length = 30;
    let far = span("2028-02-01T08:00:00Z", "2028-02-01T08:15:00Z");
    assert_eq!(codes(&resource, far), ["retired", "out_of_service", "too_far", "too_short"]);
}

#[test]
fn notice_is_kept_to_the_instant() {
    let mut resource = room("UTC");
    resource.rules.min_notice = 60;
    resource.rules.max_notice = 120;
    assert_eq!(codes(&resource, span("2027-01-01T13:00:00Z", "2027-01-01T13:15:00Z")), [""; 0]);
    assert_eq!(codes(&resource, span("2027-01-01T12:45:00Z", "2027-01-01T13:15:00Z")), ["too_soon"]);
    assert_eq!(codes(&resource, span("2027-01-01T14:00:00Z", "2027-01-01T14:15:00Z")), [""; 0]);
    assert_eq!(codes(&resource, span("2027-01-01T14:15:00Z", "2027-01-01T14:30:00Z")), ["too_far"]);
    resource.rules.min_notice = 0;
    assert_eq!(codes(&resource, span(NOW, "2027-01-01T12:15:00Z")), [""; 0]);
}

#[test]
fn the_grid_counts_from_local_midnight() {
    let mut resource = room("Asia/Kolkata");
    (resource.rules.grid, resource.rules.min_length) = (60, 60);
    assert_eq!(codes(&resource, span("2027-01-04T03:30:00Z", "2027-01-04T04:30:00Z")), [""; 0]);
    assert_eq!(codes(&resource, span("2027-01-04T03:00:00Z", "2027-01-04T04:00:00Z")), ["off_grid"]);
}

#[test]
fn a_day_is_long_enough_and_not_too_long_however_many_hours_it_has() {
    let mut resource = room("Europe/Berlin");
    (resource.rules.grid, resource.rules.min_length, resource.rules.max_length) = (1_440, 1_440, 1_440);
    assert_eq!(codes(&resource, span("2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z")), [""; 0]);
    assert_eq!(codes(&resource, span("2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z")), [""; 0]);
}

#[test]
fn a_booking_over_midnight_and_the_end_of_the_month_needs_both_days_open_there() {
    let mut resource = room("America/New_York");
    let night = span("2027-02-01T04:00:00Z", "2027-02-01T06:00:00Z");
    resource.rules.hours = Some(daily(&[(0, 120), (1_320, 1_440)]));
    assert_eq!(codes(&resource, night), [""; 0]);
    resource.rules.hours = Some(daily(&[(60, 120), (1_320, 1_440)]));
    let refused = refusals(&resource, night, at(NOW));
    assert_eq!(refused.len(), 1);
    let Refusal::OutsideHours { open } = &refused[0] else { panic!("{refused:?}") };
    assert_eq!(open.last(), Some(&span("2027-02-02T03:00:00Z", "2027-02-02T05:00:00Z")));
    assert_eq!(open.len(), 4);
}

#[test]
fn the_error_carries_every_reason_with_its_data() {
    let mut resource = room("UTC");
    resource.rules.min_length = 60;
    let off = span("2027-01-04T03:30:00Z", "2027-01-04T03:40:00Z");
    let error = check(&resource, off, at(NOW), |_| false).unwrap_err();
    assert_eq!(error.code(), Code::NotBookable);
    let reasons = &error.details()["reasons"];
    assert_eq!(reasons[0]["code"], "too_short");
    assert_eq!(reasons[0]["min_length"], 60);
    assert_eq!(reasons[1]["code"], "off_grid");
    assert!(reasons[1]["message"].as_str().unwrap().contains("15 minutes"));
}

#[test]
fn who_is_free_from_notice_is_not_free_from_the_past() {
    let mut resource = room("UTC");
    resource.rules.min_notice = 60;
    let soon = span("2027-01-01T12:15:00Z", "2027-01-01T12:30:00Z");
    assert!(check(&resource, soon, at(NOW), Refusal::is_notice).is_ok());
    let past = span("2027-01-01T11:45:00Z", "2027-01-01T12:30:00Z");
    assert!(check(&resource, past, at(NOW), Refusal::is_notice).is_err());
}

#[test]
fn a_span_of_a_thousand_years_is_answered_at_once() {
    let mut resource = room("Europe/Berlin");
    resource.rules.hours = Some(daily(&[(540, 1_020)]));
    assert_eq!(codes(&resource, span("2027-06-01T08:00:00Z", "3027-06-01T08:00:00Z")), ["too_long"]);
}

#[test]
fn the_code_in_the_text_form_is_the_code() {
    let all = [
        Refusal::Retired,
        Refusal::InThePast,
        Refusal::TooSoon { earliest: at(NOW) },
        Refusal::TooFar { latest: at(NOW) },
        Refusal::TooShort { min_length: 5 },
        Refusal::TooLong { max_length: 5 },
        Refusal::OffGrid { grid: 5 },
        Refusal::OutsideHours { open: vec![] },
        Refusal::OutOfService { reason: "paint".parse().unwrap(), from: at(NOW), until: Some(at(NOW)) },
    ];
    for refusal in all {
        assert_eq!(refusal.told()["code"], refusal.code());
    }
}
