//! What an offering can be.

use super::*;
use crate::fixtures::{at, offering};

#[test]
fn everything_that_is_wrong_with_prices_is_told_at_once() {
    let mut prices = offering(-1).prices;
    prices.plans.push(prices.plans[0].clone());
    prices.plans[1].price = MOST_PRICE + 1;
    prices.tax = Some(Tax { name: "GST".parse().unwrap(), basis_points: 10_001 });
    prices.terms.deposit_percent = Some(101);
    let step = |hours, percent| RefundStep { hours, percent };
    prices.terms.refunds = vec![step(24, 50), step(48, 100)];
    let error = prices.checked().unwrap_err();
    let told: Vec<_> = error.field_errors().iter().map(|error| error.pointer.as_str()).collect();
    let expected = [
        "/plans/0/price",
        "/plans/1/price",
        "/plans/1/code",
        "/tax/basis_points",
        "/deposit_percent",
        "/refunds",
    ];
    assert_eq!(told, expected);
    assert!(offering(0).prices.checked().is_ok());
    assert!(Prices { plans: Vec::new(), ..offering(0).prices }.checked().is_err());
}

#[test]
fn an_image_has_a_safe_address() {
    let mut about = offering(1).about;
    for (address, fine) in
        [("https://a.example/1.jpg", true), ("http://a.example/1.jpg", false), ("javascript:0", false)]
    {
        about.images = vec![address.parse().unwrap()];
        assert_eq!(about.clone().checked().is_ok(), fine, "{address}");
    }
}

#[test]
fn what_is_kept_follows_the_notice() {
    let step = |hours, percent| RefundStep { hours, percent };
    let terms = Terms { deposit_percent: Some(25), refunds: vec![step(48, 100), step(24, 50)] };
    let kept = |now: &str| terms.kept(1_001, at("2027-01-11T08:00:00Z"), at(now));
    assert_eq!(kept("2027-01-09T08:00:00Z"), 0);
    assert_eq!(kept("2027-01-09T08:00:01Z"), 500, "half, rounded in favour of who cancels");
    assert_eq!(kept("2027-01-10T08:00:01Z"), 1_001);
    assert_eq!(terms.first_part(1_001), 251, "a deposit is rounded up");
}

#[test]
fn nothing_happens_to_a_retired_offering() {
    let retired = offering(1).retire(at("2027-01-05T00:00:00Z")).unwrap();
    assert_eq!(retired.clone().retire(at("2027-01-05T00:00:00Z")).unwrap_err().code(), Code::WrongState);
    assert_eq!(retired.version, 2);
}
