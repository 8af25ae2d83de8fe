//! One of each record, made as clients make them, and any number of copies that differ in their ids alone.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::figures::{Delta, Kind};
use domain::payment::Stage;
use domain::{
    BookingId, BookingState, Event, EventId, HotelRoomId, OfferingId, OrderId, PaymentId, PoolId,
    PromoCodeId, Resource, Role, UserId,
};
use futures::{StreamExt, TryStreamExt};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::schema::{ACCOUNTS, BY_TIME, CATALOG, EVENTS, INSIGHTS, LEDGER, MESSAGES, RESERVATIONS, Table};
use store::{Item, Tally, Tx};

use crate::harness::{Person, TestApp};
use crate::{catalog, office, stays::Hotel};

/// The database's own limit on items of a batch write.
const MOST_WRITES: usize = 25;

/// The ledger's number of the six hours from 06:00 on 5 January 2027.
const BLOCK: &str = "83292";

/// What the guest and the customer are reached by.
pub(super) const PHONE: &str = "+351912345678";
pub(super) const MAIL: &str = "lima@people.example";

/// The first day of the figures.
pub(super) const FIRST: Date = jiff::civil::date(2027, 1, 4);

/// A hotel with a meeting room and a hall, where one of each was booked, sold, paid, told and reviewed.
pub(super) struct Filled {
    pub hotel: Hotel,
    pub room: Resource,
    pub booking: BookingId,
    pub offering: OfferingId,
    pub order: OrderId,
    pub payment: PaymentId,
    /// The pool of the concert's session.
    pub session: PoolId,
    pub promo: PromoCodeId,
    /// The pool of the hotel's nights.
    pub pool: PoolId,
    /// The room that the stay is put into.
    pub double: HotelRoomId,
    /// What the stay is known by.
    pub confirmation: String,
    /// The record that much happened to.
    pub told: String,
    /// Copies that there are of each, the first one among them.
    copies: usize,
    first: Vec<Copied>,
}

/// An item that is copied, and what of it differs from copy to copy.
struct Copied {
    table: Table,
    item: Item,
    by: Differs,
}

/// What differs.
enum Differs {
    /// Ids, wherever they stand.
    Ids(Vec<String>),
    /// The number that is the sort key.
    Sort,
}

impl Copied {
    fn copy(&self, n: usize) -> Item {
        let mut item = self.item.clone();
        if let Differs::Sort = self.by {
            // Copies of one event stand at one place of its index: they are in none.
            item.remove(BY_TIME.sort);
        }
        for (name, value) in &mut item {
            match (&self.by, value) {
                (Differs::Ids(ids), AttributeValue::S(text)) => {
                    for id in ids {
                        *text = text.replace(id, &format!("{}{n:010}{}", &id[..4], &id[14..]));
                    }
                }
                (Differs::Sort, AttributeValue::N(number)) if name == "sk" => {
                    *number = (number.parse::<i64>().unwrap() + i64::try_from(n).unwrap()).to_string();
                }
                _ => {}
            }
        }
        item
    }
}

impl Filled {
    /// One of each.
    pub(super) async fn start() -> Self {
        let hotel = Hotel::at(TestApp::start_cached(cache::Cache::memory()).await, 10, 0).await;
        let app = &hotel.app;
        let place = hotel.place.id.to_string();
        let room = catalog::room(app, &hotel.desk, &place, "Blue", 4).await;
        let room = app.store().resource(room.parse().unwrap()).await.unwrap();
        let booked = office::book(app, &hotel.anna, &room, "09:00", "10:00").await.expect(201);
        office::book(app, &hotel.anna, &room, "11:00", "12:00").await.expect(201);
        let was = (office::tuesday("03:00"), office::tuesday("04:00"));
        let was = (was.0.as_str(), was.1.as_str());
        let room_id = room.id.to_string();
        let past = catalog::booked(app, &room_id, hotel.anna.id, was, BookingState::Completed).await;
        let review = json!({ "booking_id": past.id, "rating": 4 });
        let review = app.post("/v2/reviews", review).by(&hotel.anna).send().await.expect(201).text_of("id");
        let flag = json!({ "reason": "rude" });
        let other = app.person(Role::Customer).await;
        app.post(&format!("/v2/reviews/{review}/flag"), flag).by(&other).send().await.expect(200);
        let stay = hotel.stay("stay", ("2027-01-05", "2027-01-08")).await;
        let guest = json!({ "name": "Lima", "email": MAIL, "phone": PHONE });
        let guest = made(app, &hotel.desk, "guests", guest).await;
        let offering = json!({
            "location_id": hotel.place.id, "name": "Concert", "currency": "EUR",
            "plans": [{ "code": "seat", "name": "A seat", "price": 2_500 }],
        });
        let offering = made(app, &hotel.desk, "offerings", offering).await;
        let session = json!({ "local_start": "2027-01-11T18:30:00", "minutes": 60, "capacity": 40 });
        let sessions = format!("/v2/offerings/{offering}/sessions");
        let session = app.post(&sessions, session).by(&hotel.desk).send().await.expect(201);
        let session = session.data()[0]["id"].as_str().unwrap().to_owned();
        let promo = json!({
            "location_id": hotel.place.id, "code": "SPRING", "currency": "EUR", "basis_points": 1_000,
        });
        let promo = made(app, &hotel.desk, "promo-codes", promo).await;
        let order = json!({ "lines": [{ "pool_id": session, "quantity": 1 }], "promo_code": "SPRING" });
        let order = made(app, &hotel.anna, "orders", order).await;
        let payment = made(app, &hotel.anna, &format!("orders/{order}/payments"), json!({})).await;
        let double = hotel.hotel_room(&hotel.double, "101").await;
        hotel.assign(&stay, &double).await.expect(200);
        reach(app, hotel.anna.id).await;
        app.settle().await;
        let sold = app.store().order(stay.parse().unwrap()).await.unwrap();
        let pool = app.store().room_type(hotel.double.parse().unwrap()).await.unwrap().pool();
        let mut filled = Self {
            booking: booked.text_of("id").parse().unwrap(),
            offering: offering.parse().unwrap(),
            order: order.parse().unwrap(),
            payment: payment.parse().unwrap(),
            session: session.parse().unwrap(),
            promo: promo.parse().unwrap(),
            pool,
            double: double.parse().unwrap(),
            confirmation: sold.stay.unwrap().confirmation,
            told: stay.clone(),
            room,
            hotel,
            copies: 1,
            first: Vec::new(),
        };
        filled.copy_each(&[&review, &stay, &guest, &offering, &session, &order, &payment]).await;
        filled
    }

    async fn copy_each(&mut self, ids: &[&str; 7]) {
        let [review, stay, guest, offering, session, order, payment] = ids;
        let failed = self.failed_payment().await;
        let (room, booking) = (self.room.id.to_string(), self.booking.to_string());
        let store = self.hotel.app.store();
        let anna = self.hotel.anna.id;
        let message = store.messages_to(anna, 1, None).await.unwrap().items[0].id.to_string();
        let event = store.event(&booking, 1).await.unwrap();
        let reached = [format!("guest-email#{MAIL}"), format!("guest-phone#{PHONE}")];
        for (table, pk, sk) in [
            (CATALOG, room.as_str(), "resource"),
            (CATALOG, review, "review"),
            (CATALOG, offering, "offering"),
            (CATALOG, session, "pool"),
            (RESERVATIONS, &booking, "booking"),
            (RESERVATIONS, order, "order"),
            (RESERVATIONS, stay, "order"),
            (RESERVATIONS, payment, "payment"),
            (RESERVATIONS, &failed, "payment"),
            (MESSAGES, &message, "message"),
            (ACCOUNTS, &anna.to_string(), "user"),
            (ACCOUNTS, guest, "guest"),
        ] {
            self.add(table, pk, sk, Differs::Ids(vec![pk.to_owned()])).await;
        }
        for by in reached {
            self.add(ACCOUNTS, &by, guest, Differs::Ids(vec![(*guest).to_owned()])).await;
        }
        let made = self.hotel.app.store().order(self.order).await.unwrap().created_at;
        let claimed = format!("{}#{order}", made.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"));
        self.add(INSIGHTS, &format!("pool#{session}"), &claimed, Differs::Ids(vec![(*order).to_owned()]))
            .await;
        let ids = vec![booking.clone(), event.id.to_string()];
        self.add(EVENTS, &booking, "1", Differs::Ids(ids)).await;
        self.add(EVENTS, stay, "1", Differs::Sort).await;
        self.add(LEDGER, &room, BLOCK, Differs::Sort).await;
    }

    async fn add(&mut self, table: Table, pk: &str, sk: &str, by: Differs) {
        let store = self.hotel.app.store();
        let sort = if table.numeric_sort { AttributeValue::N } else { AttributeValue::S };
        let read = store.client().get_item().table_name(store.name(&table));
        let read = read.key("pk", AttributeValue::S(pk.to_owned())).key("sk", sort(sk.to_owned()));
        let item = read.send().await.unwrap().item.unwrap_or_else(|| panic!("there is no {sk} {pk}"));
        self.first.push(Copied { table, item, by });
    }

    /// A payment whose only attempt failed, and that nobody asks about any more.
    async fn failed_payment(&self) -> String {
        let store = self.hotel.app.store();
        let mut payment = store.payment(self.payment).await.unwrap();
        payment.id = PaymentId::derived([9; 16]);
        payment.attempts = BTreeMap::from([("pay_1".to_owned(), Stage::Failed)]);
        payment.look_at = None;
        payment.version = 1;
        let mut tx = Tx::new();
        tx.insert_payment(store, &payment);
        store.commit(tx).await.unwrap();
        payment.id.to_string()
    }

    /// Copies, until there are so many of each.
    pub(super) async fn fill(&mut self, copies: usize) {
        let store = self.hotel.app.store();
        for copied in &self.first {
            let numbers: Vec<usize> = (self.copies..copies).collect();
            let batches = futures::stream::iter(numbers.chunks(MOST_WRITES).map(|numbers| async move {
                let put = |n: &usize| {
                    let put = PutRequest::builder().set_item(Some(copied.copy(*n))).build().unwrap();
                    WriteRequest::builder().put_request(put).build()
                };
                let request = store.client().batch_write_item();
                let request =
                    request.request_items(store.name(&copied.table), numbers.iter().map(put).collect());
                let left = request.send().await?.unprocessed_items.unwrap_or_default();
                assert!(left.is_empty(), "{left:?}");
                Ok::<_, aws_sdk_dynamodb::Error>(())
            }));
            batches.buffer_unordered(4).try_collect::<()>().await.unwrap();
        }
        self.figures(copies).await;
        self.copies = copies;
    }

    /// An order more on each further day.
    async fn figures(&self, copies: usize) {
        let place = |n: usize| domain::figures::Place {
            location: Some(self.hotel.place.id),
            kind: Kind::Money,
            day: FIRST.checked_add(i64::try_from(n).unwrap().days()).unwrap(),
            of: None,
        };
        let deltas = (self.copies..copies).map(|n| Delta { place: place(n), name: "made".to_owned(), by: 1 });
        let event = Event {
            id: EventId::derived([1; 16]),
            kind: "order.made".to_owned(),
            subject: format!("copies {}", self.copies),
            sequence: 1,
            at: self.hotel.app.now(),
            actor: domain::Actor::system(),
            data: Value::Null,
        };
        let tallies = Tally::of(&event, deltas.collect());
        self.hotel.app.store().add_figures(0, &tallies).await.unwrap();
    }
}

/// Gives somebody a phone that is known to be theirs, and a code to it.
async fn reach(app: &TestApp, user: UserId) {
    let account = app.store().account(user).await.unwrap();
    let mut after = account.clone();
    (after.user.phone, after.user.phone_proved) = (Some(PHONE.parse().unwrap()), true);
    after.user.version += 1;
    let mut tx = Tx::new();
    tx.update_account(app.store(), &account.user, &after);
    app.store().commit(tx).await.unwrap();
    app.post("/v2/auth/otp", json!({ "phone": PHONE })).send().await.expect(202);
}

/// What a request made; its id.
async fn made(app: &TestApp, by: &Person, what: &str, body: Value) -> String {
    app.post(&format!("/v2/{what}"), body).by(by).key(what).send().await.expect(201).text_of("id")
}
