//! Guests: merging keeps everybody's trail, and refuses what has none.

use super::*;
use crate::fixtures::at;

fn guest(number: u8) -> Guest {
    let now = at("2027-01-04T08:00:00Z");
    Guest {
        id: GuestId::derived([number; 16]),
        name: "Anna".parse().unwrap(),
        email: None,
        phone: None,
        country: None,
        document: None,
        preferences: BTreeSet::new(),
        note: None,
        merged_into: None,
        merged: Vec::new(),
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

#[test]
fn whoever_is_merged_leads_to_the_one_who_is_kept_and_so_do_those_merged_before() {
    let now = at("2027-01-05T08:00:00Z");
    let (first, second) = guest(1).merged(&guest(2), now).unwrap();
    assert_eq!((first.merged_into, first.version), (Some(second.id), 2));
    let (second, third) = second.merged(&guest(3), now).unwrap();
    assert_eq!(third.merged, [second.id, first.id]);
    assert!(second.clone().merged(&guest(4), now).is_err(), "once");
    assert!(guest(4).merged(&second, now).is_err(), "not into somebody who was merged");
    assert!(guest(4).merged(&guest(4), now).is_err(), "not into oneself");
    let full = Guest { merged: vec![guest(9).id; MOST_MERGED], ..guest(5) };
    assert!(guest(4).merged(&full, now).is_err());
}

#[test]
fn a_country_has_two_letters_and_what_is_liked_has_an_end() {
    for (country, fits) in [("de", true), ("d", false), ("deu", false), ("d1", false)] {
        let wanted = Guest { country: Some(country.parse().unwrap()), ..guest(1) };
        assert_eq!(wanted.checked().is_ok(), fits, "{country}");
    }
    let likes = (0..=MOST_PREFERENCES).map(|number| number.to_string().parse().unwrap()).collect();
    assert!(Guest { preferences: likes, ..guest(1) }.checked().is_err());
}
