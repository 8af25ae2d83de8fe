//! Campaigns by their states, their rates, their texts and their audiences.

use proptest::prelude::*;

use super::*;
use crate::message::Channel;
use crate::text::Line;
use crate::{Preferences, Role, Scope, User};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn text(body: &str, values: &[&str]) -> CampaignText {
    let values = values.iter().map(|value| value.parse().unwrap()).collect();
    CampaignText { template: None, subject: None, body: body.to_owned(), values }
}

fn campaign(per_minute: u32) -> Campaign {
    let now = at("2027-01-04T08:00:00Z");
    Campaign {
        id: CampaignId::derived([1; 16]),
        name: "New year".parse().unwrap(),
        channel: Channel::Sms,
        text: text("Hello.", &[]),
        filter: Filter::default(),
        per_minute,
        starts_at: now,
        zone: Zone::utc(),
        state: CampaignState::Scheduled,
        seen: 0,
        recipients: 0,
        cut: false,
        next_at: now,
        place: None,
        wake_at: Some(now),
        made_by: UserId::derived([2; 16]),
        created_at: now,
        updated_at: now,
        version: 1,
        request: None,
        requests: Requests::default(),
    }
}

fn people(count: usize) -> Vec<UserId> {
    (0..count).map(|n| UserId::derived(u128::try_from(n).unwrap().to_be_bytes())).collect()
}

#[test]
fn what_is_over_stays_over_and_what_runs_can_be_cancelled() {
    for state in CampaignState::ALL {
        let over = matches!(state, CampaignState::Finished | CampaignState::Cancelled);
        assert_eq!(state.after(Step::Cancel).is_some(), !over, "{state:?}");
        for step in [Step::Gather, Step::End, Step::Finish] {
            assert!(!over || state.after(step).is_none(), "{state:?} {step:?}");
        }
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    assert!(!CampaignState::Cancelled.runs() && !CampaignState::Scheduled.runs());
}

#[test]
fn it_begins_at_its_time_and_ends_when_nothing_waits() {
    let early = at("2027-01-04T07:59:59Z");
    assert_eq!(campaign(60).work(early), Work::Nothing);
    let now = at("2027-01-04T08:00:00Z");
    assert_eq!(campaign(60).work(now), Work::Gather);
    let (gathering, due) = campaign(60).page(3, &people(2), Some(json!("x")), now).unwrap();
    assert_eq!((gathering.state, gathering.seen, gathering.recipients), (CampaignState::Gathering, 3, 2));
    assert_eq!(due.iter().map(|due| due.at).collect::<Vec<_>>(), [now, at("2027-01-04T08:00:01Z")]);
    let (sending, due) = gathering.page(1, &people(1), None, now).unwrap();
    assert_eq!(due[0].at, at("2027-01-04T08:00:02Z"));
    assert_eq!((sending.state, sending.place.clone()), (CampaignState::Sending, None));
    assert_eq!(sending.work(now), Work::Nothing);
    let soon = at("2027-01-04T08:10:00Z");
    assert_eq!(sending.work(soon), Work::Look);
    let waits = sending.looked(1, soon).unwrap();
    assert_eq!(waits.state, CampaignState::Sending);
    let finished = waits.looked(0, soon).unwrap();
    assert_eq!((finished.state, finished.wake_at), (CampaignState::Finished, None));
    assert!(finished.cancel(soon).is_err());
}

#[test]
fn an_audience_that_is_too_large_is_cut_and_says_so() {
    let now = at("2027-01-04T08:00:00Z");
    let mut large = campaign(600);
    large.recipients = MOST_RECIPIENTS - 1;
    assert_eq!(large.room(), 1);
    let (cut, _) = large.page(1, &people(1), Some(json!("more")), now).unwrap();
    assert_eq!((cut.state, cut.cut, cut.place), (CampaignState::Sending, true, None));
}

proptest! {
    #[test]
    fn however_its_pages_come_no_minute_has_more_than_its_rate(
        per_minute in 1_u32..=MOST_PER_MINUTE,
        pages in prop::collection::vec((0_usize..60, 0_i64..400), 1..12),
    ) {
        let mut now = at("2027-01-04T08:00:00Z");
        let (mut campaign, mut times) = (campaign(per_minute), Vec::new());
        for (count, rest) in pages {
            now = later(now, SignedDuration::from_secs(rest));
            let (next, due) = campaign.page(count, &people(count), Some(json!("more")), now).unwrap();
            times.extend(due.iter().map(|due| due.at));
            prop_assert!(due.iter().all(|due| due.at >= now));
            campaign = next;
        }
        let minute = SignedDuration::from_secs(60);
        for (index, from) in times.iter().enumerate() {
            let within = times[index..].iter().filter(|at| **at < *from + minute).count();
            prop_assert!(within <= usize::try_from(per_minute).unwrap());
        }
    }

    #[test]
    fn whatever_text_is_taken_can_be_filled_for_anybody(
        body in "[a-z{}0-9 ]{0,40}", values in prop::collection::vec("[a-z{}]{1,8}", 0..4), name in ".{0,40}",
    ) {
        let values: Vec<Line> = values.iter().map(|value| value.parse().unwrap()).collect();
        let text = CampaignText { template: None, subject: None, body, values };
        if let Ok(text) = text.checked(Channel::Sms) {
            prop_assert!(fill(&text.body, &text.values_for(&name)).is_some());
        }
    }
}

fn refused(text: CampaignText, channel: Channel) -> Vec<String> {
    text.checked(channel).unwrap_err().into_iter().map(|error| error.pointer).collect()
}

#[test]
fn a_text_fits_its_channel() {
    assert!(text("Dear {{1}}, see {{2}}.", &["{name}", "https://a.example"]).checked(Channel::Sms).is_ok());
    assert_eq!(refused(text("{{1}} hello {{2}}.", &["a"]), Channel::Sms), ["/body", "/body"]);
    assert_eq!(refused(text("Hello.", &["a"]), Channel::Sms), ["/values"]);
    assert_eq!(refused(text("", &[]), Channel::Whatsapp), ["/body", "/template"]);
    assert_eq!(refused(text("Hello.", &[]), Channel::Email), ["/subject"]);
    assert_eq!(refused(text(&"x".repeat(481), &[]), Channel::Sms), ["/body"]);
    assert_eq!(refused(text("two\nlines", &[]), Channel::Sms), ["/body"]);
    assert_eq!(text("Hi {{1}}!", &["dear {name}"]).values_for("Asha"), ["dear Asha"]);
}

#[test]
fn nobody_is_written_to_who_did_not_ask_for_it() {
    let now = at("2027-01-04T08:00:00Z");
    let user = |promotions: bool, opted_out: bool| User {
        id: UserId::derived([1; 16]),
        user_name: "asha".parse().unwrap(),
        email: None,
        phone: Some("+919876543210".parse().unwrap()),
        phone_proved: true,
        name: "Asha".parse().unwrap(),
        role: Role::Customer,
        scope: Scope::All,
        active: true,
        preferences: Preferences { promotions, opted_out, ..Preferences::default() },
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let filter = Filter::default();
    assert!(filter.takes(&user(true, false), Channel::Sms));
    assert!(!filter.takes(&user(false, false), Channel::Sms));
    assert!(!filter.takes(&user(true, true), Channel::Sms));
    assert!(!filter.takes(&user(true, false), Channel::Email), "there is no address");
    assert!(!filter.takes(&user(true, false), Channel::Whatsapp), "they did not ask for that channel");
    let staff = Filter { role: Some(Role::Staff), ..Filter::default() };
    assert!(!staff.takes(&user(true, false), Channel::Sms));
    let by = |channel| Filter { preferred_channel: Some(channel), ..Filter::default() };
    assert!(by(Channel::Sms).takes(&user(true, false), Channel::Sms));
    assert!(!by(Channel::Whatsapp).takes(&user(true, false), Channel::Sms));
}

#[test]
fn a_range_of_days_goes_with_a_place() {
    let day = |text: &str| Some(text.parse().unwrap());
    let place = Some(crate::LocationId::derived([1; 16]));
    let placed = |from, until| Filter { location: place, from, until, ..Filter::default() };
    assert_eq!(Filter::default().source(), Ok(Source::Accounts));
    assert!(placed(day("2027-01-01"), day("2027-12-31")).source().is_ok());
    let wrong = |filter: Filter| -> Vec<String> {
        filter.source().unwrap_err().into_iter().map(|error| error.pointer).collect()
    };
    assert_eq!(wrong(placed(day("2027-01-02"), day("2027-01-01"))), ["/until"]);
    assert_eq!(wrong(placed(day("2026-01-01"), day("2027-01-02"))), ["/until"]);
    assert_eq!(wrong(placed(None, None)), ["/from", "/until"]);
    let loose = Filter { from: day("2027-01-01"), ..Filter::default() };
    assert_eq!(wrong(loose), ["/from"]);
    let phones = vec!["+919876543210".parse().unwrap(); MOST_PHONES + 1];
    assert_eq!(wrong(Filter { phones, ..Filter::default() }), ["/phones"]);
}
