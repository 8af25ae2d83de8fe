//! Every table but the ledger: one function per access pattern, and the one transaction that commits a command.
//!
//! # How to add an access pattern
//! On an existing index: one function in the entity's file and its row in the table below. A new index: one constant in
//! [`schema`], which the local tables, `holdfast migrate` and the test against `template.yaml` follow.
//!
//! A command builds a [`Tx`]: records, events, and through `ledger` its claims. [`Store::commit`] writes all or nothing in one
//! round trip. What a condition means is said where it is made, in the closure that turns a failed condition into an error.
//!
//! # Access patterns
//! The last column names the indexes of the systems whose place this one takes (meeting rooms, a barber, pujas, a hotel), with their own names;
//! where only columns are given, they are of the table before. Indexes of the marketplace (shops, products, their orders) come with its issue.
//!
//! A page costs as much among 10,000 records as among 10: `tests/it/patterns.rs` measures each pattern that answers an index.
//!
//! | read | table, index | answers the source index |
//! | --- | --- | --- |
//! | `account(id)` | Accounts | rooms: `users(user_id)` |
//! | `account_named(name)` | Accounts, claim item then record | rooms: `users(username)` |
//! | `account_with_email(email)` | Accounts, claim item then record | rooms, pujas: `users(email)`; barber: `users(email, active)` |
//! | `account_with_phone(phone)` | Accounts, claim item then record | pujas: `users(mobile)` |
//! | `accounts` | Accounts `by_kind` | — |
//! | `signed_in(user, session)`, `session(user, id)` | Accounts, two items in one batch; one | — |
//! | `calendar_feed(user, id)`, `calendar_feeds_of(user)` | Accounts | — |
//! | `code(holder)` | Accounts | pujas: `otp_logins(user)` |
//! | `stop(holder)`, `is_stopped(holder)` | Accounts | — |
//! | `guest(id)` | Accounts | — |
//! | `guests(begins)` | Accounts `by_kind` | barber: `clients(name)`, by its beginning |
//! | `guests_with_email(email)`, `guests_with_phone(phone)` | Accounts, claim items then records, at most 100 | hotel: `guests(email)`, `(phone_number)`; barber: `clients(email)`, `(phone)` |
//! | `location(id)`, `location_exists(id)` | Catalog | — |
//! | `location_named(name)` | Catalog, claim item then record | — |
//! | `locations`, `all_locations` | Catalog `by_kind` | — |
//! | `resource(id)` | Catalog | rooms: `rooms(room_id)`; barber: `availability(user, day)`: the hours stand in the record |
//! | `resource_exists(id)`, `resources_by_id(ids)` | Catalog | — |
//! | `resource_named(location, name)` | Catalog, claim item then record | rooms: `rooms(room_name)` |
//! | `resources_named(name)` | Catalog `by_name`, at most 100 | rooms: `rooms(room_name)`, of all locations |
//! | `resources_at(location)` | Catalog `by_place` | rooms: `rooms(room_status, room_location)` |
//! | `resources(min capacity)` | Catalog `by_kind` | rooms: `rooms(room_status)` |
//! | `all_resources` | Catalog `by_kind` | — |
//! | `review(id)`, `reviews` | Catalog; Catalog `by_kind` | — |
//! | `reviews_of(resource)` | Catalog `by_place` | rooms: `reviews(room_id)` |
//! | `reviews_by(user)` | Catalog `by_author` | rooms: `reviews(user_id)` |
//! | `flagged_reviews` | Catalog `by_name` | rooms: partial `reviews(is_flagged)` |
//! | `review_report(resource)` | Catalog, the room's counters | barber: `reviews(barber, rating)` |
//! | `pool(id)`, `pools_at(location)` | Catalog; Catalog `by_kind` | — |
//! | `offering(id)` | Catalog | pujas: `pujas(id)`, `plans(id)`, `chadawas(id)` |
//! | `offerings_at(location)` | Catalog `by_kind` | barber: `services(user, active)` |
//! | `sessions_of(offering)` | Catalog `by_place` | pujas: `pujas(date)`, of one offering |
//! | `sessions(now)` | Catalog `by_name` | pujas: `pujas(date)` |
//! | `promo_code(id)` | Catalog | pujas: `promo_codes(code)`: the id is derived from it |
//! | `promo_codes_at(location)` | Catalog `by_kind` | — |
//! | `promo_uses(ids)`, `promo_uses_by(id, user)` | Reservations, counters in one batch | pujas: `orders(promo_code)` |
//! | `room_type(id)`, `rate_plan(id)`, `property(location)` | Catalog | — |
//! | `hotel_room(id)` | Catalog | hotel: `reservations(room_id)`: who is put into it stands in the record |
//! | `room_types_at(location)`, `hotel_rooms_at(location)`, `rate_plans_at(location)` | Catalog `by_kind` | — |
//! | `booking(id)` | Reservations | rooms: `bookings(booking_id)`; barber: `appointments(id, version)`: the version is a condition of the write |
//! | `bookings(ids)` | Reservations, a batch | barber: `appointments(recurring_pattern_id, start_time)`: the ids follow from the series and the dates |
//! | `series(id)` | Reservations | — |
//! | `bookings_of(user)` | Reservations `by_user` | rooms: `bookings(user_id)`; barber: `appointments(user_id, start_time, status)`, `(user_id, status, start_time)`, `(client_id, start_time)`, `(client_id, status)` |
//! | `bookings_on(location, day)` | Reservations `by_place` | rooms: `bookings(booking_date)`; barber: `appointments(start_time, status)`, `(location_id, start_time)` |
//! | `bookings_starting(resource, day)` | Reservations `by_place` | rooms: `bookings(booking_date, room_id)`; barber: `appointments(date, barber)` |
//! | `bookings_in(resource, span)` | Reservations `by_place`, a query per day | rooms: `bookings(booking_date, start_time, end_time)`; barber: `appointments(barber_id, start_time, duration)` |
//! | `bookings_page_in(resource, span)` | Reservations `by_place`, a query per day | rooms: `bookings(room_id)`; barber: `appointments(barber_id, start_time, status)`, partial open statuses |
//! | `bookings_in_state(state)`, `latest_in_state(state)` | Reservations `by_state` | rooms: `bookings(status)`; barber: `appointments(status, start_time)`, by end |
//! | `bookings_ending(state, from)` | Reservations `by_state` | barber: partial appointments of the future not cancelled |
//! | `bookings_created(from, to)` | Events `by_time`, then Reservations by id | rooms: `bookings(created_at)` |
//! | `ledger::claimed(resource, span)` | Ledger | rooms: `bookings(booking_date, start_time, end_time)`, what is taken; barber: `booking_slots(date, barber, available)` |
//! | `ledger::counts(pool, cells)` | Ledger, a batch | hotel: `reservations(check_in_date, check_out_date)`, what is left |
//! | `order(id)` | Reservations | — |
//! | `orders_of(user)` | Reservations `by_user` | pujas: `bookings(user)`; hotel: `reservations(guest_id)`; barber: `payments(user_id, status, created_at)`: the sums stand in the orders |
//! | `orders_at(location)` | Reservations `by_place` | hotel: `reservations(created_at)`, the latest |
//! | `orders_made_at(location, range)` | Reservations `by_place` | pujas: `bookings(created_at)`, `(temple, date, status)`; hotel: `reservations(created_at)` |
//! | `orders_made(location, range)` | Reservations `by_place` | pujas: `bookings(created_at)`, the first one first |
//! | `orders_of_pool(pool, range)` | Insights, then Reservations by id | pujas: `bookings(puja, date, status)`: who booked one session |
//! | `orders_held`, `orders_overdue(before)` | Reservations `by_state` | pujas: `bookings(status)`, those that wait to be paid |
//! | `orders_confirmed(from)` | Reservations `by_state` | pujas: `bookings(status)`, those that are to come |
//! | `stay_named(confirmation)` | Reservations, claim item then record | hotel: `reservations(confirmation_number)` |
//! | `stays(location, stage, days)` | Reservations `by_stay` | hotel: `reservations(check_in_date, check_out_date)`, `(status)` |
//! | `folio(order)`, `folio_line(order, id)` | Reservations | — |
//! | `invoice(id)`, `next_invoice(location)` | Reservations | — |
//! | `invoices_at(location)` | Reservations `by_place` | — |
//! | `channel_events(room type, channel)` | Reservations | — |
//! | `payment(id)` | Reservations | pujas: `payments(booking)`, `(razorpay_order_id)`; barber: `payments(appointment_id, status)`, `(stripe intent)`, `(stripe charge)`; hotel: `payments(reservation_id)`: the order has the ids, and a gateway's order gives one |
//! | `payments_at(location)` | Reservations `by_place` | pujas: `payments(created_at, status)`, the latest |
//! | `payments_begun(location, range)` | Reservations `by_place` | pujas: `payments(created_at, status)`; barber: `payments(created_at, status)`; hotel: `payments(payment_date)` |
//! | `payments_open`, `payments_to_ask(now)` | Reservations `by_state` | pujas, barber: `payments(created_at, status)`, those that are open |
//! | `payments_failed(location)` | Reservations `by_state` | pujas, barber: `payments(created_at, status)`, those that failed |
//! | `webhook(id)` | Messages | — |
//! | `message(id)`, `messages_made(ids)` | Messages | — |
//! | `messages_to(user)` | Messages `by_recipient` | barber: `notifications(user, read)` |
//! | `messages_due(now)`, `messages_waiting`, `messages_dead` | Messages `by_due` | — |
//! | `campaign(id)`, `campaign_counts(id)` | Messages | — |
//! | `campaigns` | Messages `by_recipient`, a partition of their own | — |
//! | `campaigns_due(now)` | Messages `by_due`, a partition of their own | — |
//! | `audience(filter)` | Accounts `by_kind`; or Reservations `by_place`, then Accounts by id; or Accounts by phone | — |
//! | `event(subject, sequence)` | Events | — |
//! | `events_of(subject)` | Events | rooms: `bookings(updated_at)`, of one booking |
//! | `events_in(from, to)` | Events `by_time`, a query per day and shard | rooms: `bookings(updated_at)` |
//! | `events_between(from, to)` | Events `by_time`, a query per day and shard | — |
//! | `events_by(person)` | Insights, then Events by key | — |
//! | `progress(reader)` | Live | — |
//! | `figures(location, kind, days)` | Insights, those days | barber, pujas, hotel: revenue by date |
//! | `figures_at(locations)` | Insights and Catalog, a batch | — |
//! | `usage(kind, days)` | Live, a query per day | — |
//! | `alerts` | Live, the rules' items in one batch | — |
//! | `feed_lag(now)` | Live, the readers' places; Events `by_time`, a query per day and shard | — |
//! | `together(ids)` | by id, a batch for each hundred | — |
//!
//! # What is not asked here
//! - Pairs, as barber's `appointments(user_id, client_id)`, `(barber_id, client_id)`: `bookings_of` of the one is read.
//! - `appointments(service_id, start_time)`, those by source and revenue, metrics by barber: no figures of bookings are kept. What is sold on dates is
//!   counted by offering.
//! - `appointments(google_event_id)`: calendars are read from feeds, and an entry that comes in has an id that is derived from its own.
//! - Full text: nobody looks through notes. `users(role, location)`, `clients(last_visit)`, `reviews(location, rating)`: there are no such lists.
//! - Payouts, as `payments(barber_id, created_at, status)`, and `waitlist(date, status)`: there are none.
//! - Blogs and their slugs: there are none.

mod client;
mod codes;
mod events;
mod feed;
mod figures;
mod heard;
mod hotel;
mod messages;
mod meter;
mod migration;
mod page;
pub mod schema;
mod single;
mod table;
mod tx;

mod accounts;
mod alerts;
mod bookings;
mod calendar_feeds;
mod campaigns;
mod catalog;
mod insights;
mod limits;
mod offerings;
mod orders;
mod payments;
mod pools;
mod promos;
mod reviews;
mod series;
mod stops;
mod tables;
mod together;
mod usage;
mod work;

pub use accounts::{Account, Link, account_from};
pub use bookings::{LONGEST, booking_from};
pub use calendar_feeds::{CalendarFeed, calendar_feed_from};
pub use campaigns::{Seen, campaign_from};
pub use catalog::{location_from, resource_from};
pub use client::{CALL_TIMEOUT, Config, Store};
pub use codes::{OneTimeCode, SentTo};
pub use events::event_from;
pub use feed::{FEED_READER, NOTED_EVERY, ONLY_READER};
pub use figures::{Generations, Kept, Tally};
pub use heard::{Told, Written};
pub use hotel::{ChannelEvent, StayStage, record_from};
pub use limits::Limit;
pub use meter::{Usage, metered, metered_for, on_behalf_of, read as count_read};
pub use migration::{Step, What};
pub use offerings::offering_from;
pub use orders::order_from;
pub use page::{Page, Placed, Position};
pub use payments::Webhook;
pub use pools::pool_from;
pub use promos::promo_code_from;
pub use reviews::review_from;
pub use series::series_from;
pub use stops::Stop;
pub use table::{Item, broken};
pub use together::{Ids, Together};
pub use tx::{MOST_ACTIONS, Outcome, Refused, Tx};
pub use usage::{KEPT_EVERY, Numbers, Spending, Spent};
pub use work::Work;
