//! Whether the protocol holds, and whether the check would notice if it did not.

use super::*;

fn show(report: &Report) {
    println!(
        "{}: {} generated, {} unique, depth {}, {:.1?}; reached {:?}; missed {:?}",
        report.name,
        report.generated,
        report.unique,
        report.depth,
        report.took,
        report.reached,
        report.missed
    );
    for counterexample in &report.counterexamples {
        println!("  against: {}\n    {}", counterexample.property, counterexample.script.join("\n    "));
    }
}

fn holds(bounds: &Bounds) {
    let report = explore(bounds);
    show(&report);
    assert!(report.holds(), "{}: {:?} {:?}", bounds.name, report.counterexamples, report.missed);
}

/// The same where fewer faults leave some situations out of reach.
fn is_not_refuted(bounds: &Bounds) {
    let report = explore(bounds);
    show(&report);
    assert!(report.counterexamples.is_empty(), "{}: {:?}", bounds.name, report.counterexamples);
}

/// Without the safeguard the property must fall.
fn falls(safeguard: Safeguard, property: &str) {
    let lacks = |mutation: &&Mutation| mutation.left_out.contains(&safeguard);
    let mutation = MUTATIONS.iter().find(lacks).unwrap();
    let report = mutation.run();
    show(&report);
    assert_eq!(mutation.falls, property);
    assert!(report.against(property).is_some(), "without {safeguard:?} nothing speaks against: {property}");
}

mod whole {
    use super::*;

    #[test]
    fn time_is_never_claimed_twice() {
        holds(&Bounds::timeline());
    }

    #[test]
    fn moving_takes_nothing_from_others() {
        holds(&Bounds::moves());
    }

    #[test]
    fn units_are_never_oversold_and_always_come_back() {
        holds(&Bounds::counter());
    }

    #[test]
    fn overbooking_stays_within_its_allowance() {
        holds(&Bounds::overbooking());
    }

    #[test]
    fn capacity_changes_lose_no_unit() {
        holds(&Bounds::operator());
    }

    #[test]
    fn time_and_units_are_claimed_together() {
        holds(&Bounds::mixed());
    }

    #[test]
    fn it_also_holds_where_tokens_are_remembered() {
        holds(&Bounds { tokens: true, ..Bounds::mixed() });
    }

    #[test]
    fn it_also_holds_with_clocks_two_ticks_apart() {
        is_not_refuted(&Bounds { skew: 2, retries: 0, ..Bounds::mixed() });
    }
}

mod without {
    use super::*;

    #[test]
    fn the_free_condition_a_quantum_has_two_owners() {
        falls(Safeguard::FreeChecked, ONE_OWNER);
    }

    #[test]
    fn the_last_second_a_live_hold_is_taken() {
        falls(Safeguard::LastSecondCounts, NO_FOREIGN_RELEASE);
    }

    #[test]
    fn any_comparison_of_marks_a_late_confirm_takes_what_is_anothers() {
        falls(Safeguard::OwnerCompared, NO_FOREIGN_RELEASE);
    }

    #[test]
    fn comparing_kept_quanta_a_move_takes_what_is_anothers() {
        falls(Safeguard::KeptCompared, NO_FOREIGN_RELEASE);
    }

    #[test]
    fn versions_a_cancelled_claim_comes_back_without_units() {
        falls(Safeguard::VersionChecked, UNITS_ADD_UP);
    }

    #[test]
    fn the_record_in_the_transaction_units_are_released_twice() {
        falls(Safeguard::RecordGuards, UNITS_ADD_UP);
    }

    #[test]
    fn the_condition_on_a_new_record_a_duplicate_claims_again() {
        falls(Safeguard::AbsenceChecked, UNITS_ADD_UP);
    }

    #[test]
    fn the_id_in_the_key_a_repeated_booking_books_again() {
        falls(Safeguard::KeyGivesId, ONCE);
    }

    #[test]
    fn the_last_request_a_repeated_change_is_told_no() {
        falls(Safeguard::LastRequestKept, ANSWERED);
    }

    #[test]
    fn more_than_the_last_request_a_repeated_move_undoes_what_others_did_since() {
        falls(Safeguard::SeveralKept, ONCE);
    }

    #[test]
    fn a_look_at_the_end_a_hold_is_confirmed_late() {
        falls(Safeguard::ExpiryLookedAt, NOT_LATE);
    }

    #[test]
    fn waiting_for_the_end_the_releaser_takes_live_units() {
        falls(Safeguard::ReleaserWaits, NO_FOREIGN_RELEASE);
    }

    #[test]
    fn leaving_the_marks_alone_the_releaser_never_gets_a_taken_over_claim_done() {
        falls(Safeguard::ReleaserLeavesMarks, RESOLVES);
    }

    #[test]
    fn the_condition_on_units_more_is_sold_than_there_is() {
        falls(Safeguard::UnitsChecked, WITHIN_CAPACITY);
    }

    #[test]
    fn the_condition_on_closing_a_closed_cell_sells() {
        falls(Safeguard::ClosedChecked, WITHIN_CAPACITY);
    }

    #[test]
    fn the_allowance_seen_a_lowered_one_is_exceeded() {
        falls(Safeguard::AllowanceSeen, WITHIN_CAPACITY);
    }

    #[test]
    fn the_allowance_overbooking_has_no_end() {
        falls(Safeguard::AllowanceChecked, WITHIN_CAPACITY);
    }

    #[test]
    fn the_capacity_seen_two_operators_get_a_third_capacity() {
        falls(Safeguard::CapacitySeen, AS_ASKED);
    }

    #[test]
    fn the_condition_on_a_cut_capacity_goes_below_what_is_sold() {
        falls(Safeguard::CutChecked, WITHIN_CAPACITY);
    }

    #[test]
    fn an_event_id_of_the_request_a_duplicate_cuts_again_what_was_raised_since() {
        falls(Safeguard::EventKeyed, ONCE);
    }

    #[test]
    fn one_of_the_spare_safeguards_everything_still_holds() {
        for spare in SPARE {
            let bounds = Bounds { retries: 0, ..Bounds::mixed() };
            is_not_refuted(&bounds.with(Protocol::whole().without(spare)));
        }
    }
}

/// A safeguard that was never left out is one whose use nobody has seen.
#[test]
fn every_safeguard_is_left_out_once_or_known_to_be_spare() {
    for safeguard in Safeguard::ALL {
        let rested_on = MUTATIONS.iter().any(|mutation| mutation.left_out == [safeguard]);
        assert_ne!(rested_on, SPARE.contains(&safeguard), "{safeguard:?}");
    }
}

/// What the two safeguards beyond the plain conditions are for, and that nothing else rests on them.
#[test]
fn without_the_safeguards_of_repetition_only_repetition_suffers() {
    let moves = Bounds { duplicates: 0, ..Bounds::moves() };
    let operator = Bounds { retries: 0, ..Bounds::operator() };
    for (bounds, safeguard) in [(moves, Safeguard::SeveralKept), (operator, Safeguard::EventKeyed)] {
        let report = explore(&bounds.with(Protocol::whole().without(safeguard)));
        show(&report);
        let fallen: Vec<_> = report.counterexamples.iter().map(|found| found.property).collect();
        assert_eq!(fallen, [ONCE]);
    }
}

#[test]
fn a_counterexample_can_be_read_as_a_script() {
    let report =
        MUTATIONS.iter().find(|mutation| mutation.left_out == [Safeguard::FreeChecked]).unwrap().run();
    let script = &report.against(ONE_OWNER).unwrap().script;
    assert_eq!(script.len(), 4, "the shortest way: two ask, two arrive: {script:#?}");
    assert!(script[0].starts_with("client 0 at clock 1 asks "), "{script:#?}");
}
