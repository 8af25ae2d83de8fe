//! Prices of nights by example and by property.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::fixtures::at;
use crate::hotel::rates::{ChildBand, Meals, People, Rates, Rule, Season, StayTax, When};
use crate::hotel::room_type::{About, Occupancy};
use crate::offering::Terms;
use crate::pool::MOST_NIGHTS;
use crate::weekly::Weekday;
use crate::{Currency, LocationId, RatePlanId, Requests};

pub(crate) fn double() -> RoomType {
    RoomType {
        id: RoomTypeId::derived([1; 16]),
        location: LocationId::derived([2; 16]),
        about: About {
            name: "Double".parse().unwrap(),
            description: None,
            beds: Vec::new(),
            amenities: BTreeSet::new(),
            images: Vec::new(),
        },
        occupancy: Occupancy { adults: 2, children: 2, guests: 3 },
        created_at: at("2027-01-01T00:00:00Z"),
        updated_at: at("2027-01-01T00:00:00Z"),
        retired: false,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

pub(crate) fn plan(price: i64) -> RatePlan {
    RatePlan {
        id: RatePlanId::derived([3; 16]),
        location: LocationId::derived([2; 16]),
        name: "Flexible".parse().unwrap(),
        includes: None,
        meals: Meals::Breakfast,
        rates: Rates {
            currency: Currency::EUR,
            base: Base::Own(BTreeMap::from([(double().id, price)])),
            seasons: Vec::new(),
            rules: Vec::new(),
            people: People { adults: 2, extra_adult: 3_000, fewer_adult: 1_000, children: Vec::new() },
            taxes: Vec::new(),
            terms: Terms::default(),
            no_show_nights: None,
        },
        created_at: at("2027-01-01T00:00:00Z"),
        updated_at: at("2027-01-01T00:00:00Z"),
        retired: false,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn wanted(from: &str, to: &str, adults: u8) -> Wanted {
    let nights = Nights::new(date(from), date(to)).unwrap();
    Wanted { room_type: double().id, nights, party: Party { adults, children: Vec::new() } }
}

fn priced(plan: &RatePlan) -> Priced<'_> {
    Priced { plan, parent: None }
}

#[test]
fn the_last_season_that_holds_says_the_price_and_people_pay_beside_it() {
    let mut plan = plan(10_000);
    let july = When { from: Some(date("2027-07-01")), to: Some(date("2027-08-01")), ..When::default() };
    let weekend = When { weekdays: [Weekday::Friday, Weekday::Saturday].into(), ..july.clone() };
    plan.rates.seasons = vec![
        Season { when: july, price: SeasonPrice::BasisPoints(2_000) },
        Season { when: weekend, price: SeasonPrice::Amount(15_000) },
    ];
    // A Wednesday in June until a Saturday in July.
    let nights = priced(&plan).nights(&wanted("2027-06-30", "2027-07-03", 2));
    assert_eq!(nights, Some(vec![10_000, 12_000, 15_000]));
    assert_eq!(priced(&plan).nights(&wanted("2027-06-30", "2027-07-01", 1)), Some(vec![9_000]));
    plan.rates.people.children =
        vec![ChildBand { up_to: 5, price: 0 }, ChildBand { up_to: 12, price: 1_500 }];
    let family = Party { adults: 2, children: vec![3, 7, 15] };
    assert_eq!(priced(&plan).night(double().id, &family, date("2027-06-30")), Some(10_000 + 1_500 + 3_000));
}

#[test]
fn a_derived_plan_follows_the_one_that_it_comes_from() {
    let parent = plan(10_000);
    let mut child = plan(0);
    child.rates.base = Base::Derived { from: parent.id, basis_points: -1_000, amount: -250 };
    let both = Priced { plan: &child, parent: Some(&parent) };
    assert_eq!(both.nights(&wanted("2027-06-30", "2027-07-01", 2)), Some(vec![8_750]));
    assert_eq!(priced(&child).nights(&wanted("2027-06-30", "2027-07-01", 2)), None);
}

#[test]
fn everything_that_stands_against_a_stay_is_told() {
    let mut plan = plan(10_000);
    let on = |day: &str| When { from: Some(date(day)), to: date(day).tomorrow().ok(), ..When::default() };
    let rule = |when| Rule {
        when,
        min_nights: None,
        max_nights: None,
        no_arrival: false,
        no_departure: false,
        closed: false,
    };
    plan.rates.rules = vec![
        Rule { min_nights: Some(3), no_arrival: true, ..rule(on("2027-07-01")) },
        Rule { closed: true, ..rule(on("2027-07-02")) },
        Rule { no_departure: true, ..rule(on("2027-07-03")) },
    ];
    let found = priced(&plan).obstacles(&double(), &wanted("2027-07-01", "2027-07-03", 4));
    let codes: Vec<&str> = found.iter().map(Obstacle::code).collect();
    let expected = ["party_too_large", "closed_to_arrival", "min_nights", "closed_to_departure", "closed"];
    assert_eq!(codes, expected);
    assert!(priced(&plan).obstacles(&double(), &wanted("2027-07-03", "2027-07-05", 2)).is_empty());
}

#[test]
fn levies_are_for_each_night_of_those_who_are_old_enough_and_shares_of_the_rooms_alone() {
    let mut plan = plan(10_000);
    let tax = |name: &str, by| StayTax { name: name.parse().unwrap(), by };
    plan.rates.taxes = vec![
        tax("VAT", TaxBy::BasisPoints(600)),
        tax("City tax", TaxBy::GuestNight { amount: 200, above_age: 12 }),
    ];
    let party = Party { adults: 2, children: vec![12, 13] };
    let room = double();
    let sale = priced(&plan).sale(&[(&room, &party, &[10_000, 10_000])], at("2027-07-01T13:00:00Z")).unwrap();
    let amounts: Vec<i64> = sale.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [20_000, 1_200, 2 * 3 * 200]);
    assert_eq!(sale.total, 22_400);
}

prop_compose! {
    fn whens()(from in prop::option::of(0_i64..60), length in 1_i64..30, days in prop::collection::btree_set(0_usize..7, 0..3)) -> When {
        let start = date("2027-06-01");
        let day = |n: i64| start.checked_add(jiff::Span::new().days(n)).unwrap();
        let week = [
            Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday,
            Weekday::Saturday, Weekday::Sunday,
        ];
        When {
            from: from.map(day),
            to: from.map(|from| day(from + length)),
            weekdays: days.into_iter().map(|day| week[day]).collect(),
            room_types: BTreeSet::new(),
        }
    }
}

proptest! {
    #[test]
    fn a_stay_costs_what_its_nights_and_taxes_do_and_nothing_below_zero(
        price in 0_i64..1_000_000,
        seasons in prop::collection::vec((whens(), -10_000_i32..20_000), 0..6),
        adults in 1_u8..4,
        first in 0_i64..60,
        count in 1_i64..=i64::from(MOST_NIGHTS),
        vat in 0_u32..3_000,
    ) {
        let mut plan = plan(price);
        plan.rates.seasons = seasons
            .into_iter()
            .map(|(when, points)| Season { when, price: SeasonPrice::BasisPoints(points) })
            .collect();
        plan.rates.taxes = vec![StayTax { name: "VAT".parse().unwrap(), by: TaxBy::BasisPoints(vat) }];
        let from = date("2027-06-01").checked_add(jiff::Span::new().days(first)).unwrap();
        let to = from.checked_add(jiff::Span::new().days(count)).unwrap();
        let nights = Nights::new(from, to).unwrap();
        let party = Party { adults, children: Vec::new() };
        let wanted = Wanted { room_type: double().id, nights, party };
        let nightly = priced(&plan).nights(&wanted).unwrap();
        prop_assert_eq!(i64::try_from(nightly.len()).unwrap(), count);
        prop_assert!(nightly.iter().all(|night| *night >= 0));
        // Each night is what it would be alone.
        for (at, day) in nights.dates().enumerate() {
            prop_assert_eq!(priced(&plan).night(wanted.room_type, &wanted.party, day), Some(nightly[at]));
        }
        let room = double();
        let sale = priced(&plan).sale(&[(&room, &wanted.party, &nightly)], at("2027-07-01T13:00:00Z")).unwrap();
        let net: i64 = nightly.iter().sum();
        prop_assert_eq!(sale.total, net + (net * i64::from(vat) + 5_000) / 10_000);
        prop_assert_eq!(sale.total, sale.lines.iter().map(|line| line.amount).sum::<i64>());
        prop_assert!(sale.first_part <= sale.total);
    }
}
