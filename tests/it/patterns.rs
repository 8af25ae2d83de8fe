//! Each access pattern that answers an index of a source system: a page of it costs as much among 10,000 records as among 10.
//!
//! `tests/it/tidy/patterns.rs` holds the list below to the table of `shared/store/src/lib.rs`.

mod filled;

use domain::figures::Kind;
use domain::pool::{Cells, Nights};
use domain::{BookingId, BookingState, Span};
use errors::Result;
use filled::{FIRST, Filled, MAIL, PHONE};
use futures::future::BoxFuture;
use jiff::{SignedDuration, ToSpan};
use store::{Page, Placed, StayStage, Usage, metered};

use crate::office;

/// How many there are of each.
const FEW: usize = 10;
const MANY: usize = 10_000;
/// How many are asked for.
const MOST: u32 = 5;

/// A way to read: the function, reading with it, how many it found, and how many it reads at most if it has no pages.
struct Pattern<'a> {
    name: &'static str,
    read: BoxFuture<'a, usize>,
    bound: Option<usize>,
}

fn pattern<'a, T: 'a>(
    name: &'static str,
    read: impl Future<Output = Result<T>> + Send + 'a,
    count: fn(T) -> usize,
) -> Pattern<'a> {
    Pattern { name, read: Box::pin(async move { count(read.await.unwrap()) }), bound: None }
}

/// A page.
fn page<'a, T: 'a>(
    name: &'static str,
    read: impl Future<Output = Result<Page<T>>> + Send + 'a,
) -> Pattern<'a> {
    pattern(name, read, |page| page.items.len())
}

/// A page of which some may be kept.
fn placed<'a, T: 'a>(
    name: &'static str,
    read: impl Future<Output = Result<Placed<T>>> + Send + 'a,
) -> Pattern<'a> {
    pattern(name, read, |page| page.items.len())
}

/// Up to so many as it was told.
fn list<'a, T: 'a>(
    name: &'static str,
    read: impl Future<Output = Result<Vec<T>>> + Send + 'a,
) -> Pattern<'a> {
    pattern(name, read, |list| list.len())
}

/// What is read by its key.
fn one<'a, T: 'a>(name: &'static str, read: impl Future<Output = Result<T>> + Send + 'a) -> Pattern<'a> {
    pattern(name, read, |_| 1)
}

/// What is found by a name, or is not.
fn maybe<'a, T: 'a>(
    name: &'static str,
    read: impl Future<Output = Result<Option<T>>> + Send + 'a,
) -> Pattern<'a> {
    pattern(name, read, |found| usize::from(found.is_some()))
}

impl Pattern<'_> {
    fn at_most(self, bound: usize) -> Self {
        Self { bound: Some(bound), ..self }
    }
}

/// Every pattern.
fn patterns(filled: &Filled) -> Vec<Pattern<'_>> {
    let mut all = people(filled);
    all.extend(catalog(filled));
    all.extend(bookings(filled));
    all.extend(orders(filled));
    all
}

fn people(filled: &Filled) -> Vec<Pattern<'_>> {
    let (store, anna) = (filled.hotel.app.store(), &filled.hotel.anna);
    let name = async { store.account_named(&anna.user_name.parse().unwrap()).await };
    let email = async { store.account_with_email(&anna.email.parse().unwrap()).await };
    let phone = async { store.account_with_phone(&PHONE.parse().unwrap()).await };
    let guest_email = async { store.guests_with_email(&MAIL.parse().unwrap()).await };
    let guest_phone = async { store.guests_with_phone(&PHONE.parse().unwrap()).await };
    vec![
        one("account", store.account(anna.id)),
        maybe("account_named", name),
        maybe("account_with_email", email),
        maybe("account_with_phone", phone),
        maybe("code", store.code(filled.hotel.app.core().keys.holder(PHONE))),
        page("guests", store.guests("lim", MOST, None)),
        list("guests_with_email", guest_email).at_most(100),
        list("guests_with_phone", guest_phone).at_most(100),
        page("messages_to", store.messages_to(anna.id, MOST, None)),
    ]
}

fn catalog(filled: &Filled) -> Vec<Pattern<'_>> {
    let (store, room, place) = (filled.hotel.app.store(), &filled.room, filled.hotel.place.id);
    let (now, anna) = (filled.hotel.app.now(), filled.hotel.anna.id);
    vec![
        one("resource", store.resource(room.id)),
        maybe("resource_named", store.resource_named(place, &room.name)),
        list("resources_named", store.resources_named(&room.name)).at_most(100),
        placed("resources_at", store.resources_at(place, MOST, None)),
        placed("resources", store.resources(2, MOST, None)),
        placed("reviews_of", store.reviews_of(room.id, MOST, None)),
        placed("reviews_by", store.reviews_by(anna, MOST, None)),
        placed("flagged_reviews", store.flagged_reviews(MOST, None)),
        one("review_report", store.review_report(room.id)),
        one("offering", store.offering(filled.offering)),
        page("offerings_at", store.offerings_at(place, MOST, None)),
        page("sessions_of", store.sessions_of(filled.offering, now, MOST, None)),
        list("sessions", store.sessions(now, true, 5)),
        one("promo_code", store.promo_code(filled.promo)),
        pattern("promo_uses", async move { store.promo_uses(&[filled.promo]).await }, |uses| uses.len()),
        one("promo_uses_by", store.promo_uses_by(filled.promo, anna)),
        one("hotel_room", store.hotel_room(filled.double)),
    ]
}

fn bookings(filled: &Filled) -> Vec<Pattern<'_>> {
    let (store, anna) = (filled.hotel.app.store(), filled.hotel.anna.id);
    let (room, place) = ((filled.hotel.place.id, filled.room.id), &filled.hotel.place);
    let (confirmed, hour) = (BookingState::Confirmed, SignedDuration::from_hours(1));
    let day = FIRST.tomorrow().unwrap();
    let span = |from: &str, to: &str| {
        Span::new(office::tuesday(from).parse().unwrap(), office::tuesday(to).parse().unwrap()).unwrap()
    };
    let (morning, noon, evening) = (span("06:00", "12:00"), span("11:00", "12:00"), span("20:00", "21:00"));
    let (now, later) = (filled.hotel.app.now(), filled.hotel.app.now() + hour);
    let at = (place.id, &place.zone);
    let ids: Vec<BookingId> = vec![filled.booking];
    vec![
        one("booking", store.booking(filled.booking)),
        list("bookings", async move { store.bookings(&ids).await }),
        page("bookings_of", store.bookings_of(anna, MOST, None)),
        page("bookings_on", store.bookings_on(place.id, day, MOST, None)),
        list("bookings_starting", store.bookings_starting(room, day, 5)),
        list("bookings_in", store.bookings_in(at, room.1, noon, hour, 5)),
        page("bookings_page_in", store.bookings_page_in(at, room.1, (morning, hour), MOST, None)),
        // Nothing is there that late: who reads on gets there.
        pattern(
            "bookings_page_in",
            store.bookings_page_in(at, room.1, (evening, hour), MOST, None),
            |page| usize::from(page.next.is_some()),
        ),
        page("bookings_in_state", store.bookings_in_state(confirmed, None, MOST, None)),
        page("bookings_ending", store.bookings_ending(confirmed, morning.start(), MOST, None)),
        list("latest_in_state", store.latest_in_state(confirmed, 5)),
        page("bookings_created", store.bookings_created((now, later), MOST, None)),
        page("events_in", store.events_in((now, later), MOST, None)),
        page("events_of", store.events_of(&filled.told, MOST, None)),
        pattern("ledger::claimed", ledger::claimed(store, room.1, span("06:00", "23:00")), move |claimed| {
            claimed.at(jiff::Timestamp::UNIX_EPOCH).len()
        }),
    ]
}

fn orders(filled: &Filled) -> Vec<Pattern<'_>> {
    let (store, anna, place) = (filled.hotel.app.store(), filled.hotel.anna.id, filled.hotel.place.id);
    let (now, day) = (filled.hotel.app.now(), SignedDuration::from_hours(24));
    let (today, week) = (FIRST, FIRST + 7.days());
    let nights = Cells::Nights(Nights::new(today, week).unwrap());
    let stays = (place, StayStage::Expected);
    vec![
        one("order", store.order(filled.order)),
        page("orders_of", store.orders_of(anna, MOST, None)),
        page("orders_at", store.orders_at(place, MOST, None)),
        page("orders_made_at", store.orders_made_at(place, (now, now + day), MOST, None)),
        page("orders_made", store.orders_made(place, (now, now + day), MOST, None)),
        page("orders_of_pool", store.orders_of_pool(filled.session, (now, now + day), MOST, None)),
        page("orders_held", store.orders_held(MOST, None)),
        page("orders_overdue", store.orders_overdue(now + day, MOST, None)),
        page("orders_confirmed", store.orders_confirmed(today, MOST, None)),
        one("stay_named", store.stay_named(&filled.confirmation)),
        page("stays", store.stays(stays, (today, week), MOST, None)),
        one("payment", store.payment(filled.payment)),
        page("payments_at", store.payments_at(place, MOST, None)),
        page("payments_begun", store.payments_begun(place, (now, now + day), MOST, None)),
        page("payments_open", store.payments_open(MOST, None)),
        page("payments_to_ask", store.payments_to_ask(now + day, MOST, None)),
        page("payments_failed", store.payments_failed(place, MOST, None)),
        list("figures", store.figures(0, (Some(place), Kind::Money), (today, week))),
        one("ledger::counts", async move { ledger::counts(store, &[(filled.pool, nights)]).await }),
    ]
}

/// What each pattern found, and what that took.
async fn measure(filled: &Filled) -> Vec<(usize, Usage)> {
    let mut all = Vec::new();
    for pattern in patterns(filled) {
        all.push(metered(pattern.read).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_as_much_among_ten_thousand_as_among_ten() {
    let mut filled = Filled::start().await;
    filled.fill(FEW).await;
    let few = measure(&filled).await;
    filled.fill(MANY).await;
    let many = measure(&filled).await;
    println!("| pattern | read units at {FEW} | at {MANY} | round trips | found |");
    println!("| --- | --- | --- | --- | --- |");
    let lines: Vec<_> = patterns(&filled).into_iter().zip(few.into_iter().zip(many)).collect();
    for (pattern, ((_, few), (found, many))) in &lines {
        let bound = pattern.bound.map_or_else(String::new, |bound| format!(", at most {bound}"));
        let (name, trips) = (pattern.name, many.trips);
        println!("| `{name}` | {} | {} | {trips} | {found}{bound} |", few.reads(), many.reads());
    }
    for (pattern, ((before, few), (found, many))) in lines {
        let name = pattern.name;
        assert!(before > 0 && many.half_reads > 0, "{name} found nothing");
        assert_eq!(few.trips, many.trips, "{name}");
        match pattern.bound {
            Some(bound) => assert!(found <= bound, "{name} found {found}"),
            None => assert_eq!((before, few.half_reads), (found, many.half_reads), "{name}"),
        }
    }
}
