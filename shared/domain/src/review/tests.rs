//! The life of a review, and who may see it.

use std::collections::BTreeSet;

use super::*;
use crate::fixtures::{at, room, span};
use crate::{Role, Scope, SessionId};

const NOW: &str = "2027-01-05T12:00:00Z";

fn user(n: u8) -> UserId {
    UserId::derived([n; 16])
}

fn stay() -> Booking {
    let room = room("UTC");
    Booking {
        id: BookingId::derived([7; 16]),
        resource: room.id,
        location: room.location,
        zone: room.zone,
        user: user(1),
        booked_by: None,
        span: span("2027-01-04T09:00:00Z", "2027-01-04T10:00:00Z"),
        buffers: (0, 0),
        state: BookingState::Completed,
        hold_until: None,
        title: None,
        note: None,
        attendees: None,
        reason: None,
        occurrence: None,
        reviewed: false,
        sequence: 0,
        created_at: at(NOW),
        updated_at: at(NOW),
        version: 1,
        request: None,
        requests: crate::Requests::default(),
    }
}

fn write(booking: &Booking, by: UserId, stars: u8) -> Result<Review> {
    let rating = stars.try_into().unwrap();
    Review::of(booking, by, (ReviewId::derived([8; 16]), None), (rating, None), at(NOW))
}

fn review(stars: u8) -> Review {
    write(&stay(), user(1), stars).unwrap()
}

fn caller(id: u8, role: Role, scope: Scope) -> Caller {
    Caller { user: user(id), role, scope, session: SessionId::derived([1; 16]), ip: None }
}

fn why() -> Line {
    "rude".parse().unwrap()
}

fn refused(result: Result<Review>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn only_who_used_a_room_reviews_it_and_only_once() {
    assert_eq!(refused(write(&stay(), user(2), 5)), Code::Forbidden);
    assert_eq!(
        refused(write(&Booking { state: BookingState::Confirmed, ..stay() }, user(1), 5)),
        Code::WrongState
    );
    assert_eq!(refused(write(&Booking { reviewed: true, ..stay() }, user(1), 5)), Code::AlreadyExists);
    assert_eq!(review(5).booking, stay().id);
}

#[test]
fn stars_are_one_to_five() {
    assert!(Rating::try_from(0).is_err() && Rating::try_from(6).is_err());
    assert!(serde_json::from_str::<Rating>("6").is_err());
    assert_eq!(serde_json::to_string(&review(3).rating).unwrap(), "3");
}

#[test]
fn a_flag_hides_nothing_until_a_moderator_decides() {
    let flagged = review(1).flag(user(2), why(), at(NOW)).unwrap();
    assert!(flagged.awaits_moderation());
    assert_eq!(visible_to(&flagged, None), Sight::Content);
    assert_eq!(refused(flagged.clone().flag(user(3), why(), at(NOW))), Code::WrongState);
    let hidden = flagged.hide(user(9), at(NOW)).unwrap();
    assert!(!hidden.awaits_moderation());
    assert_eq!(visible_to(&hidden, None), Sight::Nothing);
    let restored = hidden.restore(user(9), at(NOW)).unwrap();
    assert_eq!((restored.flag, restored.visibility), (None, Visibility::Visible));
}

#[test]
fn what_a_moderator_let_stand_is_not_flagged_again_unless_changed() {
    let stands = review(1).flag(user(2), why(), at(NOW)).unwrap().unflag(user(9), at(NOW)).unwrap();
    assert_eq!(refused(stands.clone().flag(user(2), why(), at(NOW))), Code::WrongState);
    assert_eq!(refused(stands.clone().unflag(user(9), at(NOW))), Code::WrongState);
    let edited = stands.edit(2.try_into().unwrap(), None, at(NOW)).unwrap();
    assert!(edited.flag(user(2), why(), at(NOW)).is_ok());
}

#[test]
fn an_author_cannot_edit_a_flag_or_a_decision_away() {
    let flagged = review(1).flag(user(2), why(), at(NOW)).unwrap();
    let edited = flagged.edit(5.try_into().unwrap(), None, at(NOW)).unwrap();
    assert!(edited.awaits_moderation());
    let hidden = edited.hide(user(9), at(NOW)).unwrap().edit(4.try_into().unwrap(), None, at(NOW)).unwrap();
    assert_eq!(hidden.visibility, Visibility::Hidden);
    assert!(hidden.moderated.is_some());
}

#[test]
fn the_table_of_what_is_possible() {
    type Step = fn(Review) -> Result<Review>;
    let steps: [(&str, Step); 6] = [
        ("edit", |review| review.edit(Rating(5), None, at(NOW))),
        ("flag", |review| Review { flag: None, moderated: None, ..review }.flag(user(2), why(), at(NOW))),
        ("unflag", |review| {
            let flag = Some(Flag { by: user(2), reason: why(), at: at(NOW) });
            Review { flag, ..review }.unflag(user(9), at(NOW))
        }),
        ("hide", |review| review.hide(user(9), at(NOW))),
        ("restore", |review| review.restore(user(9), at(NOW))),
        ("remove", |review| review.remove(user(9), at(NOW))),
    ];
    let possible = |from: Review| -> Vec<&str> {
        let works = |(name, step): &(&'static str, Step)| {
            step(from.clone()).ok().map(|next| {
                assert_eq!(next.version, from.version + 1, "{name}");
                *name
            })
        };
        steps.iter().filter_map(works).collect()
    };
    assert_eq!(possible(review(3)), ["edit", "flag", "unflag", "hide", "remove"]);
    assert_eq!(possible(review(3).hide(user(9), at(NOW)).unwrap()), ["edit", "restore", "remove"]);
    assert_eq!(possible(review(3).remove(user(9), at(NOW)).unwrap()), ["restore"]);
    assert_eq!(possible(review(3).remove(user(1), at(NOW)).unwrap()), [""; 0]);
}

#[test]
fn who_sees_what() {
    use Sight::{All, Content, Nothing, Own};
    let here = review(3).location;
    let elsewhere = Scope::Locations(BTreeSet::from([LocationId::derived([99; 16])]));
    let callers = [
        None,
        Some(caller(2, Role::Customer, Scope::All)),
        Some(caller(1, Role::Customer, Scope::All)),
        Some(caller(3, Role::Moderator, Scope::All)),
        Some(caller(4, Role::Auditor, Scope::All)),
        Some(caller(5, Role::Manager, Scope::Locations(BTreeSet::from([here])))),
        Some(caller(6, Role::Manager, elsewhere)),
        Some(caller(7, Role::Staff, Scope::All)),
    ];
    let table = [
        (Visibility::Visible, [Content, Content, Own, All, All, All, Content, Content]),
        (Visibility::Hidden, [Nothing, Nothing, Own, All, All, All, Nothing, Nothing]),
        (Visibility::Removed, [Nothing, Nothing, Nothing, All, All, All, Nothing, Nothing]),
    ];
    for (visibility, expected) in table {
        let review = Review { visibility, ..review(3) };
        let seen: Vec<Sight> = callers.iter().map(|caller| visible_to(&review, caller.as_ref())).collect();
        assert_eq!(seen, expected, "{visibility:?}");
    }
}

#[test]
fn a_report_counts_and_averages_what_is_visible() {
    let reviews = [
        review(5),
        review(4),
        review(4).flag(user(2), why(), at(NOW)).unwrap(),
        review(1).hide(user(9), at(NOW)).unwrap(),
        review(1).remove(user(1), at(NOW)).unwrap(),
    ];
    let report: Report = reviews.iter().collect();
    let expected = Report {
        total: 5,
        visible: 3,
        flagged: 1,
        hidden: 1,
        removed: 1,
        moderated: 1,
        stars: [0, 0, 0, 2, 1],
    };
    assert_eq!(report, expected);
    assert_eq!(report.average_milli(), Some(4_333));
    assert_eq!(Report::default().average_milli(), None);
    assert_eq!(
        Report { visible: 6, stars: [1, 0, 0, 0, 5], ..Report::default() }.average_milli(),
        Some(4_333)
    );
    assert_eq!(
        Report { visible: 3, stars: [0, 0, 0, 1, 2], ..Report::default() }.average_milli(),
        Some(4_667)
    );
}
