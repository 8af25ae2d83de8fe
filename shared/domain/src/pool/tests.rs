//! Reasons, alternatives and nights, by example and by property.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const TODAY: Date = date(2027, 1, 20);

fn nights(from: &str, to: &str) -> Nights {
    Nights::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn count(capacity: i64, claimed: i64, overbooking: i64, closed: bool) -> Count {
    Count { capacity, claimed, free: capacity - claimed, overbooking, closed }
}

/// Counts of nights around the end of January; some were never offered.
fn counts() -> impl Strategy<Value = BTreeMap<Cell, Count>> {
    let one = (0_i64..6, 0_i64..8, 0_i64..3, prop::bool::weighted(0.1))
        .prop_map(|(capacity, claimed, overbooking, closed)| count(capacity, claimed, overbooking, closed));
    let days = nights("2027-01-10", "2027-03-10").count();
    prop::collection::vec(prop::option::weighted(0.9, one), usize::try_from(days).unwrap()).prop_map(
        |found| {
            let dates = nights("2027-01-10", "2027-03-10").dates();
            dates.zip(found).filter_map(|(date, count)| Some((Cell::Night(date), count?))).collect()
        },
    )
}

fn stays() -> impl Strategy<Value = Nights> {
    (0_i32..40, 1_i32..8).prop_map(|(from, length)| {
        let from = date(2027, 1, 14).checked_add(from.days()).unwrap();
        Nights::new(from, from.checked_add(length.days()).unwrap()).unwrap()
    })
}

proptest! {
    /// Whoever does away with each reason that is told has what was wanted: nothing is left unsaid.
    #[test]
    fn doing_away_with_the_reasons_frees_the_cells(counts in counts(), stay in stays(), quantity in 1_i64..5) {
        let cells = Cells::Nights(stay);
        let found = lacks(&counts, &cells, quantity, TODAY);
        let (mut mended, mut today) = (counts.clone(), TODAY);
        // A cell with several reasons tells the more fundamental one: it takes as many rounds as it has reasons.
        for _ in 0..4 {
            for (cell, lack) in lacks(&mended, &cells, quantity, today) {
                let known = mended.entry(cell);
                match lack {
                    Lack::InThePast => today = stay.from(),
                    Lack::NotOffered => { known.or_default(); }
                    Lack::Closed => known.or_default().closed = false,
                    Lack::SoldOut(count) => known.or_default().free += quantity - count.left() + count.short(),
                }
            }
        }
        prop_assert!(lacks(&mended, &cells, quantity, today).is_empty());
        // And nothing else is touched: cells without a reason had enough as they were.
        for cell in cells.each() {
            if found.iter().all(|(lacking, _)| *lacking != cell) {
                prop_assert!(counts[&cell].left() >= quantity && !counts[&cell].closed);
                prop_assert_eq!(mended.get(&cell), counts.get(&cell));
            }
        }
    }

    #[test]
    fn every_alternative_is_free_as_long_and_near(counts in counts(), stay in stays(), quantity in 1_i64..5) {
        let found = alternatives(&counts, &stay, quantity, TODAY, 100);
        let away = |other: &Nights| stay.from().until(other.from()).unwrap().get_days().abs();
        for other in &found {
            prop_assert!(lacks(&counts, &Cells::Nights(*other), quantity, TODAY).is_empty());
            prop_assert_eq!(other.count(), stay.count());
            prop_assert!((1..=ALTERNATIVES_WITHIN).contains(&away(other)));
            prop_assert!(nights_around(&stay).from() <= other.from() && other.to() <= nights_around(&stay).to());
        }
        prop_assert!(found.is_sorted_by_key(away), "the nearest first");
        let all = (1..=ALTERNATIVES_WITHIN).flat_map(|days| [stay.shifted(days), stay.shifted(-days)]).flatten();
        let free = all.filter(|other| lacks(&counts, &Cells::Nights(*other), quantity, TODAY).is_empty());
        prop_assert_eq!(free.count(), found.len(), "none is left out");
        prop_assert_eq!(alternatives(&counts, &stay, quantity, TODAY, 2), found.into_iter().take(2).collect::<Vec<_>>());
    }

    #[test]
    fn a_cell_gives_what_is_left_of_it_and_is_never_both_short_and_left(seen in (0_i64..9, 0_i64..15, 0_i64..4, any::<bool>())) {
        let count = count(seen.0, seen.1, seen.2, seen.3);
        prop_assert_eq!(count.claimed + count.free, count.capacity);
        prop_assert!(count.left() == 0 || count.short() == 0);
        prop_assert_eq!(count.short() > 0, count.claimed > count.capacity + count.overbooking);
        prop_assert!(count.closed || count.short() > 0 || count.left() == count.capacity + count.overbooking - count.claimed);
    }
}

#[test]
fn nights_are_counted_by_the_calendar() {
    let of = |from, to| nights(from, to).dates().map(|date| date.to_string()).collect::<Vec<_>>();
    assert_eq!(of("2027-01-31", "2027-02-02"), ["2027-01-31", "2027-02-01"]);
    assert_eq!(nights("2027-01-31", "2027-03-01").count(), 29);
    assert_eq!(nights("2028-01-31", "2028-03-01").count(), 30, "a leap year");
    // The clocks of Berlin go forward in the night of the 28th, which is a night like any other.
    assert_eq!(of("2027-03-27", "2027-03-29"), ["2027-03-27", "2027-03-28"]);
    assert_eq!(nights("2027-01-01", "2028-01-01").count(), 365);
    let day = date(2027, 1, 1);
    assert!(Nights::new(day, day).is_none() && Nights::new(day, date(2026, 12, 31)).is_none());
    assert_eq!(Nights::new(date(9999, 12, 1), date(9999, 12, 30)).unwrap().shifted(10), None);
}

#[test]
fn a_total_pool_has_one_cell() {
    let known = BTreeMap::from([(Cell::Total, count(10, 8, 1, false))]);
    let lack = |quantity| {
        lacks(&known, &Cells::Total, quantity, TODAY).pop().map(|(_, lack)| lack.told(Cell::Total))
    };
    assert_eq!(lack(3), None, "two are free, one may be sold beyond");
    let told = lack(4).unwrap();
    assert_eq!((told["code"].as_str(), told["left"].as_i64()), (Some("sold_out"), Some(3)));
    let nowhere = lacks(&BTreeMap::new(), &Cells::Total, 1, TODAY);
    assert_eq!(nowhere, [(Cell::Total, Lack::NotOffered)]);
    assert!(Cells::Total.are_of(PoolKind::Total) && !Cells::Total.are_of(PoolKind::Nightly));
}
