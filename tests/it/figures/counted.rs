//! Counting: each event once, and a rebuild that comes to the same.

use std::collections::BTreeMap;

use futures::future::join_all;
use insights::figures::{count, count_in, delivery, revenue, totals};

use super::{another, busy, date, events, every, orders, weeks};

/// Numbers without a pattern, the same each time.
fn chance(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 40).unwrap()
}

#[tokio::test]
async fn figures_are_what_a_look_through_all_orders_and_payments_adds_up_to() {
    let temple = busy().await;
    let found = totals(&temple.app.reads(), &[temple.place.id], weeks()).await.unwrap();
    let orders = orders(&temple).await;
    let in_state = |state: &str| {
        let count = orders.iter().filter(|order| order["state"] == state).count();
        (state.to_owned(), i64::try_from(count).unwrap())
    };
    let states: BTreeMap<String, i64> = ["held", "expired", "confirmed", "cancelled"].map(in_state).into();
    let told: BTreeMap<String, i64> =
        found.states.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect();
    assert_eq!((found.orders, told), (i64::try_from(orders.len()).unwrap(), states));
    let sum = |name: &str| -> i64 { orders.iter().filter_map(|order| order["price"][name].as_i64()).sum() };
    let money = found.money["INR"];
    assert_eq!(
        [money.charged, money.captured, money.refunded, money.due()],
        ["charged", "captured", "refunded", "due"].map(sum)
    );
    assert!(found.orders > 8 && money.refunded > 0 && money.due() > 0, "{found:?}");

    let path = format!("/v2/payments?location_id={}&limit=100", temple.place.id);
    let payments = temple.app.get(&path).by(&temple.desk).send().await.expect(200);
    let all = |name: &str| -> i64 {
        payments.data().as_array().unwrap().iter().filter_map(|payment| payment[name].as_i64()).sum()
    };
    let months = insights::figures::Days::of_months(date("2026-12-01"), date("2027-03-01")).unwrap();
    let months =
        revenue(&temple.app.reads(), &[temple.place.id], months).await.unwrap().remove("INR").unwrap();
    let came: Vec<_> = months.iter().map(|month| (month.captured, month.refunded)).collect();
    assert_eq!(came, [(0, 0), (all("captured"), all("refunded")), (0, 0)]);

    let told = delivery(&temple.app.reads(), Some(temple.place.id), weeks()).await.unwrap();
    let mails: Vec<_> = told.iter().filter(|((channel, _), _)| channel == "email").collect();
    let sent: i64 = mails.iter().map(|(_, counted)| counted.sent).sum();
    assert_eq!(sent, i64::try_from(temple.app.sent().len()).unwrap(), "{told:?}");
}

#[tokio::test]
async fn everything_that_happened_doubled_and_shuffled_adds_up_to_the_same() {
    let temple = busy().await;
    let (store, place) = (temple.app.store(), temple.place.id);
    let live = every(store, 0, place).await;
    assert!(live.iter().filter(|(_, kept)| !kept.is_empty()).count() >= 4, "{live:?}");
    let all = events(&temple).await;
    count(store, &all).await.unwrap();
    assert_eq!(every(store, 0, place).await, live, "what was counted is not counted again");

    for seed in 1_u64..4 {
        let mut seed = seed;
        let generation = store.begin_figures().await.unwrap();
        let mut events: Vec<_> = all.iter().chain(&all).cloned().collect();
        for at in 0..events.len() {
            let other = chance(&mut seed) % events.len();
            events.swap(at, other);
        }
        // Several readers at the same moment, as the shards of a stream are read.
        let batches: Vec<_> = events.chunks(events.len() / 5 + 1).collect();
        let counting = batches.iter().map(|batch| count_in(store, generation, batch));
        for done in join_all(counting).await {
            done.unwrap();
        }
        assert_eq!(every(store, generation, place).await, live);
    }
}

#[tokio::test]
async fn a_rebuild_is_read_once_it_is_complete_and_says_the_same() {
    let temple = busy().await;
    let (store, place) = (temple.app.store(), temple.place.id);
    let live = every(store, 0, place).await;
    let before = totals(&temple.app.reads(), &[place], weeks()).await.unwrap();
    let broken_off = store.begin_figures().await.unwrap();
    assert_eq!(
        totals(&temple.app.reads(), &[place], weeks()).await.unwrap(),
        before,
        "what is being built is not read"
    );
    let counted = local::rebuild(store, None, temple.app.now()).await.unwrap();
    assert!(counted > 20, "{counted}");
    assert_eq!(every(store, broken_off + 1, place).await, live);
    assert_eq!(totals(&temple.app.reads(), &[place], weeks()).await.unwrap(), before);
    store.finish_figures(broken_off).await.unwrap_err();
    // The feed goes on in the one that is read.
    let session = another(&temple).await;
    temple.held(&temple.anna, "later", &session).await;
    temple.app.settle().await;
    assert_eq!(totals(&temple.app.reads(), &[place], weeks()).await.unwrap().orders, before.orders + 1);
}

#[tokio::test]
async fn an_event_is_counted_for_so_many_units() {
    let temple = busy().await;
    let store = temple.app.store();
    let all = events(&temple).await;
    let one = |kind: &str| all.iter().find(|event| event.kind == kind).unwrap().clone();
    let generation = store.begin_figures().await.unwrap();
    let mut told = Vec::new();
    for kind in ["order.held", "payment.begun", "message.sent", "order.paying", "account.created"] {
        let Some(event) = all.iter().find(|event| event.kind == kind).cloned() else { continue };
        let (done, usage) = store::metered(count_in(store, generation, &[event])).await;
        done.unwrap();
        println!("figures: {kind}: {usage}");
        told.push((kind, usage.trips, usage.half_writes / 2));
    }
    let (done, again) = store::metered(count_in(store, generation, &[one("order.held")])).await;
    done.unwrap();
    println!("figures: order.held again: {again}");
    assert_eq!(again.half_writes, 0);
    let generation = store.begin_figures().await.unwrap();
    let (done, together) = store::metered(count_in(store, generation, &all)).await;
    done.unwrap();
    println!("figures: {} events together: {together}", all.len());
    assert_eq!(told.iter().map(|(_, _, writes)| *writes).collect::<Vec<_>>(), [6, 4, 4, 0]);
}
