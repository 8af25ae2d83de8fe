//! Limits by themselves: who is counted as whom, and what an operator may say.

use super::*;

#[test]
fn an_address_is_counted_as_itself_or_as_its_network() {
    for (address, counted) in [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("no address", "no address"),
    ] {
        assert_eq!(network(address), counted);
    }
    assert_eq!(network(&"x".repeat(1_000)).len(), 45);
}

#[test]
fn an_operator_changes_a_group_a_tier_or_all_and_mistakes_are_named() {
    let quotas = Quotas::parse("all=1000/60, sign-in=off,book.customer=30/3600").unwrap();
    let rate = |group, tier| quotas.rate(group, tier).map(|rate| (rate.most(), rate.seconds()));
    assert_eq!(rate(Group::Read, Tier::Service), Some((1_000, 60)));
    assert_eq!(rate(Group::SignIn, Tier::Anonymous), None);
    assert_eq!(rate(Group::Book, Tier::Customer), Some((30, 3_600)));
    assert_eq!(rate(Group::Book, Tier::Staff), Some((1_000, 60)));
    assert_eq!(Quotas::parse("").unwrap(), Quotas::default());
    for wrong in
        ["read", "read=1", "read=0/60", "read=1/0", "read=x/60", "reads=1/60", "read.all=1/60", "off"]
    {
        let error = Quotas::parse(wrong).unwrap_err();
        assert!(error.chain().contains(wrong), "{}", error.chain());
    }
}

#[test]
fn every_group_has_a_rate_for_every_tier_and_more_trust_is_never_less() {
    let quotas = Quotas::default();
    for group in Group::ALL {
        let rates = Tier::ALL.map(|tier| quotas.rate(group, tier).unwrap());
        assert!(rates.is_sorted_by_key(|rate| rate.most()), "{group:?}");
    }
}
