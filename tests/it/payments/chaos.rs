//! A thousand paid orders over a gateway that fails, answers twice or not at all, with webhooks lost, doubled and shuffled, and workers
//! that are stopped in the middle: in the end every paisa is where it belongs.

use std::time::Duration;

use domain::pool::Cells;
use domain::{Order, OrderState, Role};
use futures::stream::{StreamExt, iter};
use jiff::SignedDuration;
use queue::Job;
use razorpay::Trouble;
use serde_json::json;

use super::{PRICE, Temple};
use crate::audit_ledger::scene::audited;
use crate::harness::Person;

/// Orders that customers begin to pay.
const ORDERS: usize = 1_000;
/// Of so many seats: not all who pay late find theirs.
const SEATS: u32 = 950;
/// Customers at once.
const CLIENTS: usize = 8;
/// What everything follows from.
const SEED: u64 = 0x0d15_ea5e;

/// What a customer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    Pays,
    PaysUnseen,
    FailsThenPays,
    FailsAndIsGrantedLate,
    Leaves,
    PaysAndCancels,
}

/// A number below `bound` that follows from the seed and what it is for.
fn chance(what: &str, number: usize, bound: u64) -> u64 {
    let mut state = SEED ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in what.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    state ^= state >> 29;
    (state.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % bound
}

fn course(number: usize) -> Course {
    match chance("course", number, 100) {
        0..60 => Course::Pays,
        60..70 => Course::PaysUnseen,
        70..80 => Course::FailsThenPays,
        80..88 => Course::FailsAndIsGrantedLate,
        88..93 => Course::Leaves,
        _ => Course::PaysAndCancels,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_paid_orders_over_trouble_of_every_kind_balance_to_the_last_paisa() {
    let temple = Temple::here().await;
    let session = temple.seats(SEATS).await;
    temple.app.gateway().trouble(Trouble { broken: 10, silent: 3, duplicated: 10 });
    let people: Vec<Person> = {
        let mut people = Vec::new();
        for _ in 0..CLIENTS {
            people.push(temple.app.person(Role::Customer).await);
        }
        people
    };
    let walk = |number: usize| {
        let (temple, session, anna) = (&temple, &session, &people[number % CLIENTS]);
        async move { customer(temple, anna, session, number).await }
    };
    let late: Vec<Option<String>> = iter((0..ORDERS).map(walk)).buffer_unordered(CLIENTS).collect().await;
    println!("chaos: {}", deliver(&temple, 1).await);
    println!("chaos: {}", stumble(&temple).await);
    // Holds run out; what the bank grants late comes then.
    temple.app.advance(SignedDuration::from_mins(11));
    let _ = temple.app.server().workers().settle().await;
    let late: Vec<String> = late.into_iter().flatten().collect();
    // Half of what they had is taken off the offer: as if others had bought it.
    let left = ledger::counts(temple.app.store(), &[(session.parse().unwrap(), Cells::Total)]).await.unwrap();
    let free = left.values().flatten().map(|(_, count)| count.free).sum::<i64>();
    let capacity = i64::from(SEATS) - free + i64::try_from(late.len() / 2).unwrap();
    let desk = temple.app.renewed(&temple.desk);
    let offer = format!("/v2/pools/{session}/offer");
    temple.app.put(&offer, json!({ "capacity": capacity })).by(&desk).send().await.expect(200);
    for attempt in &late {
        temple.app.gateway().late(attempt).unwrap();
    }
    println!("chaos: {}", deliver(&temple, 2).await);
    println!("chaos: {}", stumble(&temple).await);
    // The trouble ends, and the gateway is asked about whatever nobody told of.
    temple.app.gateway().trouble(Trouble::default());
    for _ in 0..4 {
        temple.app.advance(SignedDuration::from_hours(1));
        temple.app.settle().await;
    }
    drop(temple.app.gateway().held());
    println!("chaos: {}", balance(&temple, late.len()).await);
}

/// One customer's way; the attempt that the bank is still to grant, if there is one.
async fn customer(temple: &Temple, anna: &Person, session: &str, number: usize) -> Option<String> {
    let key = format!("order {number}");
    let made = temple.order(anna, &key, json!({ "pool_id": session, "quantity": 1 })).await;
    if made.status == 409 {
        return None;
    }
    let order = made.expect(201).text_of("id");
    let path = format!("/v2/orders/{order}/payments");
    let begun = loop {
        let begun = temple.app.post(&path, json!({})).by(anna).key("pay").send().await;
        match begun.status.as_u16() {
            201 => break begun,
            502 | 503 => {}
            other => panic!("{other}: {}", begun.text),
        }
    };
    let gateway = begun.data()["checkout"]["order_id"].as_str().unwrap().to_owned();
    let payment = (begun.text_of("id"), gateway);
    let fake = temple.app.gateway();
    let course = course(number);
    if matches!(course, Course::FailsThenPays | Course::FailsAndIsGrantedLate) {
        let failed = fake.fail(&payment.1).unwrap();
        if course == Course::FailsAndIsGrantedLate {
            return Some(failed);
        }
    }
    if course == Course::Leaves {
        return None;
    }
    let paid =
        if chance("authorized", number, 2) == 0 { fake.authorize(&payment.1) } else { fake.pay(&payment.1) };
    let paid = paid.unwrap();
    if course != Course::PaysUnseen {
        temple.prove(anna, &payment, &paid).await.expect(200);
    }
    if course == Course::PaysAndCancels {
        temple
            .app
            .post(&format!("/v2/orders/{order}/cancel"), json!({}))
            .by(anna)
            .key("c")
            .send()
            .await
            .expect(200);
    }
    None
}

/// Delivers webhooks as a bad network does: a tenth is lost, some come twice, none in order.
async fn deliver(temple: &Temple, round: usize) -> String {
    let mut told = temple.app.gateway().held();
    let count = told.len();
    told.retain(|webhook| chance(&webhook.event_id, round, 10) != 0);
    told.sort_by_key(|webhook| chance(&webhook.event_id, round + 10, 1 << 30));
    let twice: Vec<_> =
        told.iter().filter(|webhook| chance(&webhook.event_id, round + 20, 5) == 0).cloned().collect();
    let each = told.iter().chain(&twice).map(|webhook| temple.app.tell(webhook));
    let answers: Vec<_> = iter(each).buffer_unordered(CLIENTS).collect().await;
    for answer in answers {
        answer.expect(200);
    }
    format!("{count} webhooks, {} delivered, {} of them twice", told.len(), twice.len())
}

/// Works off what follows, with each job delivered twice at once, and one of the two stopped wherever it stands.
async fn stumble(temple: &Temple) -> String {
    let worker = temple.app.server().workers().payments();
    let (orders, _) = all(temple).await;
    let each = orders.iter().enumerate().map(|(number, order)| async move {
        let job = || Job::Settle { order: order.id, request: None };
        let attempt = queue::Attempt { receive_count: 1 };
        let patience = Duration::from_micros(200 + 300 * chance("stop", number, 32));
        let short = tokio::time::timeout(patience, payments::work(worker, job(), attempt));
        let (short, whole) = tokio::join!(short, payments::work(worker, job(), attempt));
        let stopped = short.is_err();
        // What the gateway does not answer comes again; nothing else fails.
        for error in [short.ok().and_then(Result::err), whole.err()].into_iter().flatten() {
            assert!(error.is_transient(), "{}", error.chain());
        }
        stopped
    });
    let stopped: Vec<bool> = iter(each).buffer_unordered(CLIENTS).collect().await;
    let stopped = stopped.into_iter().filter(|stopped| *stopped).count();
    let _ = temple.app.server().workers().settle().await;
    format!("{} orders worked off twice at once, {stopped} workers stopped at work", orders.len())
}

/// Every order, and the captured, refunded and charged of all of them.
async fn all(temple: &Temple) -> (Vec<Order>, [i64; 3]) {
    let (mut orders, mut after) = (Vec::new(), None);
    loop {
        let page = temple.app.store().orders_at(temple.place.id, 200, after).await.unwrap();
        orders.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let sum =
        |of: fn(&domain::Sale) -> i64| orders.iter().filter_map(|order| order.sale.as_deref()).map(of).sum();
    let sums = [sum(|sale| sale.captured), sum(|sale| sale.refunded), sum(|sale| sale.charged)];
    (orders, sums)
}

async fn balance(temple: &Temple, late: usize) -> String {
    let (orders, [captured, refunded, charged]) = all(temple).await;
    let fake = temple.app.gateway().totals().currencies["INR"];
    let in_state = |state| orders.iter().filter(|order| order.state == state).count();
    let [sold, cancelled, expired] =
        [OrderState::Confirmed, OrderState::Cancelled, OrderState::Expired].map(in_state);
    let lost = orders.iter().filter(|order| order.sale.as_ref().is_some_and(|sale| sale.lost)).count();
    let told = format!(
        "{} orders, {sold} sold, {cancelled} cancelled, {expired} expired, {lost} of {late} late ones lost; \
         captured {captured} = kept {charged} + refunded {refunded}, in paise",
        orders.len(),
    );
    assert_eq!((captured, refunded), (fake.captured, fake.refunded), "what the gateway says");
    assert_eq!(captured, charged + refunded);
    assert_eq!(charged, i64::try_from(sold).unwrap() * PRICE);
    assert_eq!(sold + cancelled + expired, orders.len(), "nothing is still held");
    assert!(sold <= usize::try_from(SEATS).unwrap());
    assert!(lost > 0 && cancelled > 0 && expired > lost, "each course was taken");
    for order in &orders {
        let sale = order.sale.as_ref().unwrap();
        assert_eq!(sale.due(), 0, "{order:?}");
    }
    let report = audited(&temple.app).await;
    assert!(report.agrees(), "{report:?}");
    told
}
