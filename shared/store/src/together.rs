//! Records of several kinds in one trip: what a command must know before it writes, what a list tells beside its rows.

use std::collections::BTreeSet;

use domain::hotel::{Guest, HotelRoom, Property, RatePlan, RoomType};
use domain::{
    Booking, BookingId, GuestId, HotelRoomId, Location, LocationId, Offering, OfferingId, Order, OrderId,
    Payment, PaymentId, Pool, PoolId, PromoCode, PromoCodeId, RatePlanId, Resource, ResourceId, RoomTypeId,
    Series, SeriesId, User, UserId,
};
use errors::Result;

use crate::schema::{ACCOUNTS, CATALOG, RESERVATIONS, Table};
use crate::table::{Item, read};
use crate::{Account, Store};

/// The database's own limit on keys of a batch read.
const MOST_KEYS: usize = 100;

/// Ids to be read together; each is read once, however often it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    /// Rooms.
    pub resources: BTreeSet<ResourceId>,
    /// Accounts.
    pub users: BTreeSet<UserId>,
    /// Bookings.
    pub bookings: BTreeSet<BookingId>,
    /// Series.
    pub series: BTreeSet<SeriesId>,
    /// Places.
    pub locations: BTreeSet<LocationId>,
    /// Pools.
    pub pools: BTreeSet<PoolId>,
    /// Orders.
    pub orders: BTreeSet<OrderId>,
    /// Offerings.
    pub offerings: BTreeSet<OfferingId>,
    /// Payments.
    pub payments: BTreeSet<PaymentId>,
    /// Room types.
    pub room_types: BTreeSet<RoomTypeId>,
    /// Rooms of room types.
    pub hotel_rooms: BTreeSet<HotelRoomId>,
    /// Rate plans.
    pub rate_plans: BTreeSet<RatePlanId>,
    /// Guests.
    pub guests: BTreeSet<GuestId>,
    /// Locations whose house rules are wanted.
    pub properties: BTreeSet<LocationId>,
    /// Promo codes.
    pub promo_codes: BTreeSet<PromoCodeId>,
}

/// What there is of it.
#[derive(Debug, Clone, Default)]
pub struct Together {
    /// Rooms, in no order.
    pub resources: Vec<Resource>,
    /// Accounts, in no order.
    pub users: Vec<User>,
    /// Bookings, in no order.
    pub bookings: Vec<Booking>,
    /// Series, in no order.
    pub series: Vec<Series>,
    /// Places, in no order.
    pub locations: Vec<Location>,
    /// Pools, in no order.
    pub pools: Vec<Pool>,
    /// Orders, in no order.
    pub orders: Vec<Order>,
    /// Offerings, in no order.
    pub offerings: Vec<Offering>,
    /// Payments, in no order.
    pub payments: Vec<Payment>,
    /// Room types, in no order.
    pub room_types: Vec<RoomType>,
    /// Rooms of room types, in no order.
    pub hotel_rooms: Vec<HotelRoom>,
    /// Rate plans, in no order.
    pub rate_plans: Vec<RatePlan>,
    /// Guests, in no order.
    pub guests: Vec<Guest>,
    /// House rules, in no order.
    pub properties: Vec<Property>,
    /// Promo codes, in no order.
    pub promo_codes: Vec<PromoCode>,
}

impl Together {
    /// The room, if it was found.
    pub fn resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// The account, if it was found.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The booking, if it was found.
    pub fn booking(&self, id: BookingId) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.id == id)
    }

    /// The place, if it was found.
    pub fn location(&self, id: LocationId) -> Option<&Location> {
        self.locations.iter().find(|location| location.id == id)
    }

    /// The pool, if it was found.
    pub fn pool(&self, id: PoolId) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == id)
    }

    /// The room type, if it was found.
    pub fn room_type(&self, id: RoomTypeId) -> Option<&RoomType> {
        self.room_types.iter().find(|room_type| room_type.id == id)
    }

    /// The rate plan, if it was found.
    pub fn rate_plan(&self, id: RatePlanId) -> Option<&RatePlan> {
        self.rate_plans.iter().find(|plan| plan.id == id)
    }

    fn add(&mut self, item: Item) -> Result<()> {
        match item.get("sk").and_then(|sort| sort.as_s().ok()).map(String::as_str) {
            Some("resource") => self.resources.push(read(item)?),
            Some("user") => self.users.push(read::<Account>(item)?.user),
            Some("booking") => self.bookings.push(read(item)?),
            Some("location") => self.locations.push(read(item)?),
            Some("pool") => self.pools.push(read(item)?),
            Some("order") => self.orders.push(read(item)?),
            Some("offering") => self.offerings.push(read(item)?),
            Some("payment") => self.payments.push(read(item)?),
            Some("promo_code") => self.promo_codes.push(read(item)?),
            Some("series") => self.series.push(read(item)?),
            Some("room_type") => self.room_types.push(read(item)?),
            Some("hotel_room") => self.hotel_rooms.push(read(item)?),
            Some("rate_plan") => self.rate_plans.push(read(item)?),
            Some("guest") => self.guests.push(read(item)?),
            Some("property") => self.properties.push(read(item)?),
            _ => {}
        }
        Ok(())
    }
}

impl Store {
    /// Everything of that which exists, read consistently: one trip for each hundred ids.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn together(&self, ids: &Ids) -> Result<Together> {
        let key = |table: Table, id: String, sort: &str| (table, id, sort.to_owned());
        let mut keys: Vec<(Table, String, String)> = Vec::new();
        keys.extend(ids.resources.iter().map(|id| key(CATALOG, id.to_string(), "resource")));
        keys.extend(ids.users.iter().map(|id| key(ACCOUNTS, id.to_string(), "user")));
        keys.extend(ids.bookings.iter().map(|id| key(RESERVATIONS, id.to_string(), "booking")));
        keys.extend(ids.series.iter().map(|id| key(RESERVATIONS, id.to_string(), "series")));
        keys.extend(ids.locations.iter().map(|id| key(CATALOG, id.to_string(), "location")));
        keys.extend(ids.pools.iter().map(|id| key(CATALOG, id.to_string(), "pool")));
        keys.extend(ids.orders.iter().map(|id| key(RESERVATIONS, id.to_string(), "order")));
        keys.extend(ids.offerings.iter().map(|id| key(CATALOG, id.to_string(), "offering")));
        keys.extend(ids.payments.iter().map(|id| key(RESERVATIONS, id.to_string(), "payment")));
        keys.extend(ids.room_types.iter().map(|id| key(CATALOG, id.to_string(), "room_type")));
        keys.extend(ids.hotel_rooms.iter().map(|id| key(CATALOG, id.to_string(), "hotel_room")));
        keys.extend(ids.rate_plans.iter().map(|id| key(CATALOG, id.to_string(), "rate_plan")));
        keys.extend(ids.guests.iter().map(|id| key(ACCOUNTS, id.to_string(), "guest")));
        keys.extend(ids.properties.iter().map(|id| key(CATALOG, id.to_string(), "property")));
        keys.extend(ids.promo_codes.iter().map(|id| key(CATALOG, id.to_string(), "promo_code")));
        let mut found = Together::default();
        for keys in keys.chunks(MOST_KEYS) {
            for (_, item) in self.get_many(keys).await? {
                found.add(item)?;
            }
        }
        Ok(found)
    }
}
