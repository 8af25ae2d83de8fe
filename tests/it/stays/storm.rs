//! Five hundred clients for the last ten rooms of a night.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::Hotel;

const CLIENTS: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_for_the_last_ten_rooms_of_a_night_give_ten_stays() {
    let hotel = Hotel::with(10, 0).await;
    // Nine nights have rooms enough; it is the tenth that is scarce.
    let scarce = ("2027-05-10", "2027-05-11");
    hotel.app.get("/v2/stays").by(&hotel.anna).send().await.expect(200);
    let calls = (0..CLIENTS).map(|client| {
        let days = if client % 2 == 0 { scarce } else { ("2027-05-09", "2027-05-12") };
        let body = hotel.new_stay(&[hotel.room(days)]);
        let hotel = &hotel;
        async move { hotel.book(&hotel.anna, &format!("client {client}"), body).await }
    });
    let answers = join_all(calls).await;
    let mut counts = BTreeMap::new();
    for answer in &answers {
        *counts.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    println!("storm: {CLIENTS} clients, 10 rooms: {counts:?}");
    assert_eq!(counts, BTreeMap::from([(201, 10), (409, CLIENTS - 10)]));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "sold_out");
    }
    assert_eq!(hotel.left(scarce).await, 0);
}
