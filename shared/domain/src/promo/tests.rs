//! What codes take off, by example and by property.

use proptest::prelude::*;

use super::*;
use crate::fixtures::{at, offering};
use crate::offering::{AddOn, Shipping, Tax};
use crate::sale::{Choice, Extra, MOST_OF_AN_EXTRA, PriceKind, address};
use crate::{Address, Sale};

const NOW: &str = "2027-01-04T08:00:00Z";
const STARTS: &str = "2027-01-11T08:00:00Z";

fn terms(off: Off) -> PromoTerms {
    PromoTerms {
        off,
        currency: Currency::INR,
        most_off: None,
        least: None,
        from: None,
        until: None,
        most_uses: None,
        most_each: 1,
        offerings: BTreeSet::new(),
        active: true,
    }
}

fn code(terms: PromoTerms) -> PromoCode {
    PromoCode {
        id: PromoCodeId::derived([4; 16]),
        location: LocationId::derived([2; 16]),
        code: "DIWALI".parse().unwrap(),
        terms,
        created_at: at(NOW),
        updated_at: at(NOW),
        retired: false,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

fn posted(price: i64) -> AddOn {
    let (code, name) = ("prasad".parse().unwrap(), "Prasad".parse().unwrap());
    AddOn { code, name, description: None, price, needs_note: false, posted: true }
}

fn choice(quantity: u32, extras: u32) -> Choice {
    let extra = Extra { code: "prasad".parse().unwrap(), quantity: extras, note: None };
    Choice { line: 0, quantity, plan: None, extras: (extras > 0).then_some(extra).into_iter().collect() }
}

fn amounts(sale: &Sale) -> Vec<(&'static str, i64)> {
    sale.lines.iter().map(|line| (line.kind.as_str(), line.amount)).collect()
}

#[test]
fn a_code_takes_its_part_off_before_shipping_and_tax() {
    let mut offered = offering(50_100);
    offered.prices.add_ons = vec![posted(5_000)];
    offered.prices.shipping = Some(Shipping { price: 5_000, free_from: Some(100_000) });
    offered.prices.tax = Some(Tax { name: "GST".parse().unwrap(), basis_points: 1_800 });
    let quote = |terms: PromoTerms, units: u32| {
        Sale::quote(&offered, &[choice(units, 1)], Some((&code(terms), at(NOW))), at(STARTS)).unwrap()
    };
    // 33.33 % of 551.00 are 183.6483; 18 % of what remains, 417.36 with its posting, are 75.1248.
    let part = quote(terms(Off::BasisPoints(3_333)), 1);
    let expected =
        [("plan", 50_100), ("add_on", 5_000), ("discount", -18_364), ("shipping", 5_000), ("tax", 7_512)];
    assert_eq!((amounts(&part), part.total), (expected.to_vec(), 49_248));
    assert_eq!(part.lines[2].name, "DIWALI");
    let capped = quote(PromoTerms { most_off: Some(10_000), ..terms(Off::BasisPoints(3_333)) }, 1);
    assert_eq!(capped.lines[2].amount, -10_000);
    let whole = quote(terms(Off::Amount(90_000)), 1);
    assert_eq!(whole.lines[2].amount, -55_100, "never more than plans and add-ons cost");
    let free = quote(terms(Off::Amount(90_000)), 2);
    let kinds: Vec<_> = free.lines.iter().map(|line| line.kind).collect();
    assert!(
        !kinds.contains(&PriceKind::Shipping),
        "posting is free from 1,000 on, whatever a code takes off"
    );
}

#[test]
fn a_code_says_why_it_does_not_count() {
    let offered = offering(50_000);
    let base = || terms(Off::BasisPoints(1_000));
    let other = OfferingId::derived([9; 16]);
    for (terms, told) in [
        (PromoTerms { active: false, ..base() }, "unknown"),
        (PromoTerms { from: Some(at("2027-01-04T08:00:00.001Z")), ..base() }, "too_early"),
        (PromoTerms { until: Some(at(NOW)), ..base() }, "expired"),
        (PromoTerms { offerings: [other].into(), ..base() }, "other_offering"),
        (PromoTerms { currency: Currency::EUR, ..base() }, "other_currency"),
        (PromoTerms { least: Some(50_001), ..base() }, "below_minimum"),
    ] {
        let error = Sale::quote(&offered, &[choice(1, 0)], Some((&code(terms), at(NOW))), at(STARTS));
        let errors = error.unwrap_err();
        let fields: Vec<_> =
            errors.field_errors().iter().map(|one| (one.pointer.as_str(), one.code)).collect();
        assert_eq!(fields, [("/promo_code", told)]);
    }
    let fits = PromoTerms {
        from: Some(at(NOW)),
        until: Some(at("2027-01-04T08:00:00.001Z")),
        offerings: [offered.id, other].into(),
        least: Some(50_000),
        ..base()
    };
    assert_eq!(code(fits).takes_off(&offered, 50_000, at(NOW)), Ok(5_000));
    assert_eq!(code(base()).takes_off(&offered, 9, at(NOW)).unwrap_err().code, "no_effect");
    let retired = code(base()).retire(at(NOW)).unwrap();
    assert_eq!(retired.takes_off(&offered, 50_000, at(NOW)).unwrap_err().code, "unknown");
    assert!(retired.revise(at(NOW)).is_err());
}

#[test]
fn everything_that_is_wrong_with_terms_is_told_at_once() {
    let wrong = PromoTerms {
        most_off: Some(0),
        least: Some(-1),
        from: Some(at(NOW)),
        until: Some(at(NOW)),
        most_uses: Some(0),
        most_each: 0,
        offerings: (0..=MOST_OFFERINGS)
            .map(|n| OfferingId::derived([u8::try_from(n).unwrap(); 16]))
            .collect(),
        ..terms(Off::BasisPoints(10_001))
    };
    let error = wrong.checked().unwrap_err();
    let told: Vec<_> = error.field_errors().iter().map(|one| one.pointer.as_str()).collect();
    let expected = [
        "/basis_points",
        "/max_discount",
        "/min_amount",
        "/max_uses",
        "/max_uses_per_user",
        "/valid_until",
        "/offering_ids",
    ];
    assert_eq!(told, expected);
    assert!(terms(Off::Amount(0)).checked().is_err());
    assert!(terms(Off::Amount(MOST_PRICE)).checked().is_ok());
}

#[test]
fn an_order_has_an_address_where_something_is_posted_and_nowhere_else() {
    let mut offered = offering(50_100);
    offered.prices.add_ons = vec![posted(5_000)];
    let home = || Address {
        name: "Asha Rao".parse().unwrap(),
        lines: vec!["12 Temple Street".parse().unwrap()],
        city: "Ujjain".parse().unwrap(),
        region: None,
        postal_code: None,
        country: "IN".parse().unwrap(),
        phone: "+919876543210".parse().unwrap(),
    };
    let told = |result: Result<Option<Address>>| result.map_err(|error| error.field_errors()[0].code);
    assert_eq!(told(address(&offered, &[choice(1, 1)], None)), Err("required"));
    assert_eq!(told(address(&offered, &[choice(1, 0)], Some(home()))), Err("unexpected"));
    assert_eq!(told(address(&offered, &[choice(1, 1)], Some(home()))), Ok(Some(home())));
    assert_eq!(told(address(&offered, &[choice(1, 0)], None)), Ok(None));
}

proptest! {
    /// Whatever a code takes off, nothing falls below zero, its most holds, the total is the sum of the lines, and it is never dearer
    /// than without the code.
    #[test]
    fn a_discount_holds_its_bounds(
        // Cheap things too, which cost less than an amount takes off.
        price in prop_oneof![0..=1_000_i64, 0..=MOST_PRICE],
        extra in prop_oneof![0..=1_000_i64, 0..=MOST_PRICE],
        units in 1..=100_u32,
        extras in 0..=MOST_OF_AN_EXTRA / 10,
        tax in 0..=10_000_u32,
        shipping in 0..=MOST_PRICE,
        free_from in proptest::option::of(0..=MOST_PRICE),
        off in prop_oneof![(1..=10_000_u32).prop_map(Off::BasisPoints), (1..=MOST_PRICE).prop_map(Off::Amount)],
        most_off in proptest::option::of(1..=MOST_PRICE),
    ) {
        let mut offered = offering(price);
        offered.prices.add_ons = vec![posted(extra)];
        offered.prices.shipping = Some(Shipping { price: shipping, free_from });
        offered.prices.tax = Some(Tax { name: "GST".parse().unwrap(), basis_points: tax });
        let chosen = [choice(units, extras)];
        let promo = code(PromoTerms { most_off, ..terms(off) });
        let plain = Sale::quote(&offered, &chosen, None, at(STARTS)).unwrap();
        let goods = price * i64::from(units) + extra * i64::from(extras);
        let Ok(sale) = Sale::quote(&offered, &chosen, Some((&promo, at(NOW))), at(STARTS)) else {
            prop_assert!(promo.terms.of(goods) == 0, "refused for no reason");
            return Ok(());
        };
        let taken: i64 = sale.lines.iter().filter(|line| line.kind == PriceKind::Discount).map(|line| line.amount).sum();
        prop_assert!(taken < 0 && -taken <= goods);
        prop_assert!(most_off.is_none_or(|most| -taken <= most));
        match off {
            Off::BasisPoints(points) => prop_assert!(-taken * 10_000 <= goods * i64::from(points)),
            Off::Amount(minor) => prop_assert!(-taken <= minor),
        }
        prop_assert_eq!(sale.total, sale.lines.iter().map(|line| line.amount).sum::<i64>());
        prop_assert!(sale.lines.iter().all(|line| line.amount == line.unit * i64::from(line.quantity)));
        prop_assert!((0..=plain.total).contains(&sale.total));
        prop_assert!((0..=sale.total).contains(&sale.first_part));
        // The tax is that of what remains, to half a minor unit.
        let levied: i64 = sale.lines.iter().filter(|line| line.kind == PriceKind::Tax).map(|line| line.amount).sum();
        let net = sale.total - levied;
        prop_assert!((levied * 10_000 - net * i64::from(tax)).abs() <= 5_000);
    }
}
