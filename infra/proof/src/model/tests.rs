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

/// Without these safeguards the property must fall.
fn falls(bounds: Bounds, without: &[Safeguard], property: &'static str) {
    let protocol = without.iter().fold(Protocol::whole(), |protocol, left_out| protocol.without(*left_out));
    let report = refute(&bounds.with(protocol), property);
    println!("without {without:?}: {} unique", report.unique);
    show(&report);
    assert!(report.against(property).is_some(), "without {without:?} nothing speaks against: {property}");
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
        holds(&Bounds { skew: 2, ..Bounds::mixed() });
    }
}

mod without {
    use super::*;

    #[test]
    fn the_free_condition_a_quantum_has_two_owners() {
        falls(Bounds::timeline(), &[Safeguard::FreeChecked], ONE_OWNER);
    }

    #[test]
    fn the_last_second_a_live_hold_is_taken() {
        falls(Bounds::timeline(), &[Safeguard::LastSecondCounts], NO_FOREIGN_RELEASE);
    }

    #[test]
    fn any_comparison_of_marks_a_late_confirm_takes_what_is_anothers() {
        let marks = [Safeguard::OwnerCompared, Safeguard::UntilCompared];
        falls(Bounds::timeline(), &marks, NO_FOREIGN_RELEASE);
    }

    #[test]
    fn comparing_kept_quanta_a_move_takes_what_is_anothers() {
        falls(Bounds::moves(), &[Safeguard::KeptCompared], NO_FOREIGN_RELEASE);
    }

    #[test]
    fn versions_a_cancelled_claim_comes_back_without_units() {
        falls(Bounds::counter(), &[Safeguard::VersionChecked], UNITS_ADD_UP);
    }

    #[test]
    fn the_record_in_the_transaction_units_are_released_twice() {
        falls(Bounds::counter(), &[Safeguard::RecordGuards], UNITS_ADD_UP);
    }

    #[test]
    fn the_condition_on_a_new_record_a_duplicate_claims_again() {
        falls(Bounds::counter(), &[Safeguard::AbsenceChecked], UNITS_ADD_UP);
    }

    #[test]
    fn the_id_in_the_key_a_repeated_booking_books_again() {
        falls(Bounds::counter(), &[Safeguard::KeyGivesId], ONCE);
    }

    #[test]
    fn the_last_request_a_repeated_change_is_told_no() {
        falls(Bounds::moves(), &[Safeguard::LastRequestKept], ANSWERED);
    }

    #[test]
    fn insisting_on_the_version_a_repeated_move_undoes_what_others_did_since() {
        falls(Bounds::moves(), &[Safeguard::RetryInsists], ONCE);
    }

    #[test]
    fn a_look_at_the_end_a_hold_is_confirmed_late() {
        falls(Bounds::counter(), &[Safeguard::ExpiryLookedAt], NOT_LATE);
    }

    #[test]
    fn waiting_for_the_end_the_releaser_takes_live_units() {
        falls(Bounds::counter(), &[Safeguard::ReleaserWaits], NO_FOREIGN_RELEASE);
    }

    #[test]
    fn leaving_the_marks_alone_the_releaser_never_gets_a_taken_over_claim_done() {
        falls(Bounds::mixed(), &[Safeguard::ReleaserLeavesMarks], RESOLVES);
    }

    #[test]
    fn the_condition_on_units_more_is_sold_than_there_is() {
        falls(Bounds::counter(), &[Safeguard::UnitsChecked], WITHIN_CAPACITY);
    }

    #[test]
    fn the_condition_on_closing_a_closed_cell_sells() {
        falls(Bounds::overbooking(), &[Safeguard::ClosedChecked], WITHIN_CAPACITY);
    }

    #[test]
    fn the_allowance_seen_a_lowered_one_is_exceeded() {
        falls(Bounds::overbooking(), &[Safeguard::AllowanceSeen], WITHIN_CAPACITY);
    }

    #[test]
    fn the_allowance_overbooking_has_no_end() {
        falls(Bounds::overbooking(), &[Safeguard::AllowanceChecked], WITHIN_CAPACITY);
    }

    #[test]
    fn the_capacity_seen_two_operators_get_a_third_capacity() {
        falls(Bounds::operator(), &[Safeguard::CapacitySeen], AS_ASKED);
    }

    #[test]
    fn the_condition_on_a_cut_capacity_goes_below_what_is_sold() {
        falls(Bounds::operator(), &[Safeguard::CutChecked], WITHIN_CAPACITY);
    }

    #[test]
    fn an_event_id_of_the_request_a_duplicate_cuts_again_what_was_raised_since() {
        falls(Bounds::operator(), &[Safeguard::EventKeyed], ONCE);
    }

    /// They are second locks: what they refuse, another condition refuses too. Kept because each costs nothing.
    #[test]
    fn one_of_the_spare_safeguards_everything_still_holds() {
        for spare in [Safeguard::OwnerCompared, Safeguard::UntilCompared, Safeguard::FloorChecked] {
            holds(&Bounds::mixed().with(Protocol::whole().without(spare)));
        }
    }
}

/// A safeguard that no test leaves out is one whose use nobody has seen.
#[test]
fn every_safeguard_is_left_out_by_a_test() {
    let source = include_str!("tests.rs");
    for safeguard in Safeguard::ALL {
        assert!(source.contains(&format!("Safeguard::{safeguard:?}")), "{safeguard:?}");
    }
}

/// What the two safeguards beyond the plain conditions are for, and that nothing else rests on them.
#[test]
fn without_the_safeguards_of_repetition_only_repetition_suffers() {
    for (bounds, safeguard) in
        [(Bounds::moves(), Safeguard::RetryInsists), (Bounds::operator(), Safeguard::EventKeyed)]
    {
        let report = explore(&bounds.with(Protocol::whole().without(safeguard)));
        show(&report);
        let fallen: Vec<_> = report.counterexamples.iter().map(|found| found.property).collect();
        assert_eq!(fallen, [ONCE]);
    }
}
