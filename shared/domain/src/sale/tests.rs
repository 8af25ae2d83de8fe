//! Prices by example and by property.

use proptest::prelude::*;

use super::*;
use crate::fixtures::{at, offering};
use crate::offering::{AddOn, MOST_PRICE, Plan, Prices, Shipping, Tax};

const STARTS: &str = "2027-01-11T08:00:00Z";

fn plan(code: &str, price: i64) -> Plan {
    Plan { code: code.parse().unwrap(), name: code.parse().unwrap(), includes: None, price, list_price: None }
}

fn add_on(code: &str, price: i64) -> AddOn {
    let (code, name) = (code.parse().unwrap(), code.parse().unwrap());
    AddOn { code, name, description: None, price, needs_note: false, posted: true }
}

fn family() -> Offering {
    let mut family = offering(0);
    family.prices.plans = vec![plan("single", 50_100), plan("family", 110_100)];
    family.prices.add_ons =
        vec![add_on("flowers", 5_000), AddOn { needs_note: true, ..add_on("lamp", 2_501) }];
    family.prices.shipping = Some(Shipping { price: 5_000, free_from: Some(150_000) });
    family.prices.tax = Some(Tax { name: "GST".parse().unwrap(), basis_points: 1_800 });
    family
}

fn choice(plan: Option<&str>, quantity: u32, extras: &[(&str, u32, Option<&str>)]) -> Choice {
    let extra = |(code, quantity, note): &(&str, u32, Option<&str>)| Extra {
        code: code.parse().unwrap(),
        quantity: *quantity,
        note: note.map(|note| note.parse().unwrap()),
    };
    Choice {
        line: 0,
        quantity,
        plan: plan.map(|plan| plan.parse().unwrap()),
        extras: extras.iter().map(extra).collect(),
    }
}

#[test]
fn a_price_is_the_sum_of_plan_add_ons_shipping_and_tax() {
    let chosen = choice(Some("single"), 2, &[("flowers", 1, None), ("lamp", 3, Some("for Asha"))]);
    let sale = Sale::quote(&family(), &[chosen], None, at(STARTS)).unwrap();
    let amounts: Vec<_> = sale.lines.iter().map(|line| (line.kind.as_str(), line.amount)).collect();
    // 18 % of 1,177.03 are 211.8654.
    let expected =
        [("plan", 100_200), ("add_on", 5_000), ("add_on", 7_503), ("shipping", 5_000), ("tax", 21_187)];
    assert_eq!(amounts, expected);
    assert_eq!((sale.total, sale.first_part), (138_890, 138_890));
    let many = choice(Some("family"), 2, &[("flowers", 1, None)]);
    let free = Sale::quote(&family(), &[many], None, at(STARTS)).unwrap();
    assert!(free.lines.iter().all(|line| line.kind != PriceKind::Shipping), "posting is free from 1,500 on");
}

#[test]
fn everything_that_is_wrong_with_a_choice_is_told_at_once() {
    let chosen = choice(
        Some("gold"),
        1,
        &[("flowers", 0, None), ("flowers", 1, None), ("lamp", 1, None), ("gold", 1, None)],
    );
    let error = Sale::quote(&family(), &[chosen, choice(None, 1, &[])], None, at(STARTS)).unwrap_err();
    let told: Vec<_> =
        error.field_errors().iter().map(|error| (error.pointer.as_str(), error.code)).collect();
    let expected = [
        ("/lines/0/plan", "unknown"),
        ("/lines/0/add_ons/0/quantity", "out_of_range"),
        ("/lines/0/add_ons/1/code", "duplicate"),
        ("/lines/0/add_ons/2/note", "required"),
        ("/lines/0/add_ons/3/code", "unknown"),
        ("/lines/0/plan", "required"),
    ];
    assert_eq!(told, expected);
}

proptest! {
    /// Whatever is chosen, the total is the sum of its lines, each a product, none below zero, and nothing overflows.
    #[test]
    fn a_total_is_the_sum_of_its_lines(
        price in 0..=MOST_PRICE,
        extra in 0..=MOST_PRICE,
        basis_points in 0..=10_000_u32,
        deposit in proptest::option::of(0..=100_u8),
        quantities in proptest::collection::vec((1..=10_000_u32, 1..=MOST_OF_AN_EXTRA), 1..24),
    ) {
        let mut offered = offering(price);
        offered.prices.add_ons = vec![add_on("flowers", extra)];
        offered.prices.tax = Some(Tax { name: "GST".parse().unwrap(), basis_points });
        offered.prices.terms.deposit_percent = deposit;
        let choices: Vec<_> =
            quantities.iter().map(|(units, extras)| choice(None, *units, &[("flowers", *extras, None)])).collect();
        let Ok(sale) = Sale::quote(&offered, &choices, None, at(STARTS)) else {
            let goods: i64 = quantities.iter().map(|(units, extras)| price * i64::from(*units) + extra * i64::from(*extras)).sum();
            prop_assert!(goods > MOST_MINOR / 2, "refused for no reason");
            return Ok(());
        };
        prop_assert_eq!(sale.total, sale.lines.iter().map(|line| line.amount).sum::<i64>());
        prop_assert!(sale.lines.iter().all(|line| line.amount == line.unit * i64::from(line.quantity) && line.amount >= 0));
        prop_assert!((0..=sale.total).contains(&sale.first_part));
        let twice: Vec<_> = choices.iter().chain(&choices).cloned().collect();
        if let Ok(double) = Sale::quote(&offered, &twice, None, at(STARTS)) {
            prop_assert!(double.total >= sale.total);
        }
    }

    /// Of what was paid something between nothing and all is kept, and more the later somebody cancels.
    #[test]
    fn what_is_kept_grows_as_the_beginning_comes_near(
        total in 0..=MOST_MINOR,
        mut steps in proptest::collection::vec((0..1_000_u32, 0..=100_u8), 0..5),
        one in -10_000_000..1_000_000_i64,
        other in -10_000_000..1_000_000_i64,
    ) {
        steps.sort_by_key(|(hours, _)| std::cmp::Reverse(*hours));
        steps.dedup_by_key(|(hours, _)| *hours);
        let mut percents: Vec<u8> = steps.iter().map(|(_, percent)| *percent).collect();
        percents.sort_by_key(|percent| std::cmp::Reverse(*percent));
        let refunds: Vec<_> = steps
            .iter()
            .zip(percents)
            .map(|((hours, _), percent)| crate::offering::RefundStep { hours: *hours, percent })
            .collect();
        let terms = Terms { deposit_percent: None, refunds };
        let prices = Prices { terms: terms.clone(), ..offering(1).prices };
        prop_assert!(prices.checked().is_ok());
        let at_second = |second: i64| at(STARTS).checked_add(jiff::SignedDuration::from_secs(second)).unwrap();
        let (early, late) = (one.min(other), one.max(other));
        let (first, then) = (terms.kept(total, at(STARTS), at_second(early)), terms.kept(total, at(STARTS), at_second(late)));
        prop_assert!(0 <= first && first <= then && then <= total);
        prop_assert_eq!(terms.kept(total, at(STARTS), at(STARTS)), total);
    }
}
