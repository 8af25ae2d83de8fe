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
//! | read | table, index | answers the source index |
//! | --- | --- | --- |
//! | `account(id)` | Accounts | users(user_id) |
//! | `account_named`, `account_with_email` | Accounts, claim item then record | users(username), users(email) |
//! | `accounts` | Accounts `by_kind` | — |
//! | `signed_in(user, session)` | Accounts, two items in one batch | — |
//! | `calendar_feed(user, id)`, `calendar_feeds_of(user)` | Accounts | — |
//! | `code(holder)`, `is_stopped(holder)`, `account_with_phone(phone)` | Accounts | users(mobile) |
//! | `location(id)`, `resource(id)`, `review(id)`, `pool(id)` | Catalog | rooms(room_id), reviews(review_id) |
//! | `location_named`, `resource_named` | Catalog, claim item then record | rooms(room_name) |
//! | `locations`, `all_locations` | Catalog `by_kind` | — |
//! | `resources_at(location)` | Catalog `by_place` | rooms(room_status, room_location) |
//! | `resources(min capacity)`, `all_resources` | Catalog `by_kind` | rooms(room_status) |
//! | `resources_named(name)` | Catalog `by_name` | rooms(room_name) |
//! | `reviews_of(resource)` | Catalog `by_place` | reviews(room_id) |
//! | `reviews_by(user)` | Catalog `by_author` | reviews(user_id) |
//! | `reviews` | Catalog `by_kind` | — |
//! | `flagged_reviews` | Catalog `by_name` | partial reviews(is_flagged) |
//! | `review_report(resource)` | Catalog, the room's counters | — |
//! | `booking(id)` | Reservations | bookings(booking_id) |
//! | `bookings_of(user)` | Reservations `by_user` | bookings(user_id) |
//! | `bookings_on(location, day)` | Reservations `by_place` | bookings(booking_date), (booking_date, room_id) |
//! | `bookings_starting(resource, day)` | Reservations `by_place` | bookings(booking_date, room_id) |
//! | `bookings_in(resource, span)` | Reservations `by_place`, a query per day | bookings(room_id), (booking_date, start_time, end_time) |
//! | `bookings_page_in(resource, span)` | Reservations `by_place`, a query per day | bookings(room_id), in pages |
//! | `bookings_in_state(state)` | Reservations `by_state` | bookings(status) |
//! | `bookings_created(from, to)` | Events `by_time`, then Reservations by id | bookings(created_at) |
//! | `bookings_ending(state, from)` | Reservations `by_state` | the auditor: what claims time from then on |
//! | `pools_at(location)` | Catalog `by_kind` | — |
//! | `offering(id)` | Catalog | pujas(id), plans(id), chadawas(id) |
//! | `offerings_at(location)` | Catalog `by_kind` | — |
//! | `sessions_of(offering)` | Catalog `by_place` | pujas(date) |
//! | `promo_code(id)`, `promo_codes_at(location)` | Catalog; Catalog `by_kind` | promo_codes(code): the id is derived from it |
//! | `promo_uses`, `promo_uses_by(user)` | Reservations, counters in one batch | orders(promo_code) |
//! | `order(id)` | Reservations | — |
//! | `orders_of(user)` | Reservations `by_user` | — |
//! | `orders_at(location)` | Reservations `by_place` | — |
//! | `orders_overdue(before)` | Reservations `by_state` | holds that ran out, to be released |
//! | `orders_held`, `orders_confirmed(from)` | Reservations `by_state` | the auditor: what claims units from then on |
//! | `payment(id)` | Reservations | payments(booking_id), payments(razorpay_order_id): the id is derived from it |
//! | `payments_at(location)` | Reservations `by_place` | payments(created_at) |
//! | `payments_to_ask(now)`, `payments_open` | Reservations `by_state` | payments(status) |
//! | `payments_failed(location)` | Reservations `by_state` | payments(status) |
//! | `orders_made(location, range)`, `payments_begun(location, range)` | Reservations `by_place` | payments(created_at) |
//! | `webhook(id)` | Messages | — |
//! | `series(id)` | Reservations | — |
//! | `messages_to(user)` | Messages `by_recipient` | — |
//! | `campaign(id)`, `campaign_counts(id)` | Messages | — |
//! | `campaigns` | Messages `by_recipient`, a partition of their own | — |
//! | `campaigns_due` | Messages `by_due`, a partition of their own | — |
//! | `audience` | Accounts `by_kind`; or Reservations `by_place`, then Accounts by id; or Accounts by phone | — |
//! | `messages_due`, `messages_waiting`, `messages_dead` | Messages `by_due` | — |
//! | `events_of(subject)` | Events | bookings(updated_at) |
//! | `events_between`, `events_in` | Events `by_time`, a query per day and shard | bookings(created_at) |
//! | `events_by(person)` | Insights, then Events by key | — |
//! | `figures(location, kind, days)` | Insights | payments(created_at) and whatever else is added up |
//! | `usage(kind, days)` | Live, a query per day | — |
//! | `alerts` | Live, the rules' items in one batch | — |
//! | `feed_lag(now)` | Events `by_time`, a query per day and shard; Live, the readers' places | — |

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
pub use meter::{Usage, metered, metered_for, read as count_read};
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
pub use usage::{Numbers, Spending, Spent};
