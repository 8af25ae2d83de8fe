//! The place where everything happens, and records as new ones are.

use std::collections::{BTreeMap, BTreeSet};

use domain::pool::PoolKind;
use domain::resource::Rules;
use domain::{
    Booking, BookingState, LocationId, Order, OrderLine, OrderState, Pool, PoolId, Requests, Resource,
    ResourceId, Span, UserId, Zone,
};
use errors::{Error, Result};
use jiff::Timestamp;
use store::{Store, Tx};

use super::Key;

/// A place with one customer.
#[derive(Debug, Clone)]
pub struct World {
    template: Resource,
    user: UserId,
}

impl World {
    /// A place whose resources keep so many minutes free before and after each booking.
    ///
    /// # Errors
    /// Never, as long as the names in it are valid.
    pub fn new(buffers: (u32, u32)) -> Result<Self> {
        let rules = Rules { buffer_before: buffers.0, buffer_after: buffers.1, ..Rules::default() };
        let template = Resource {
            id: ResourceId::derived([0; 16]),
            location: LocationId::derived([1; 16]),
            zone: Zone::utc(),
            name: "Resource".parse().map_err(Error::internal)?,
            capacity: 1,
            equipment: BTreeSet::new(),
            attributes: BTreeMap::new(),
            rules,
            out_of_service: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            retired: false,
            version: 1,
            request: None,
            last_request: None,
        };
        Ok(Self { template, user: UserId::derived([2; 16]) })
    }

    /// Makes a pool's record; what is offered of it, nobody has said yet.
    ///
    /// # Errors
    /// `unavailable` when the database is.
    pub async fn open(&self, store: &Store, id: PoolId, kind: PoolKind, now: Timestamp) -> Result<()> {
        let pool = Pool {
            id,
            location: self.template.location,
            zone: self.template.zone.clone(),
            name: id.to_string().parse().map_err(Error::internal)?,
            kind,
            session: None,
            room_type: None,
            created_at: now,
            updated_at: now,
            retired: false,
            version: 1,
            request: Some(id.to_string()),
            requests: Requests::default(),
        };
        let mut tx = Tx::new();
        tx.insert_pool(store, &pool);
        store.commit(tx).await.map(|_| ())
    }

    pub(super) fn resource(&self, id: ResourceId) -> Resource {
        Resource { id, ..self.template.clone() }
    }

    pub(super) fn booking(&self, key: Key, resource: ResourceId, span: Span, now: Timestamp) -> Booking {
        Booking {
            id: key.booking(),
            resource,
            location: self.template.location,
            zone: self.template.zone.clone(),
            user: self.user,
            booked_by: None,
            span,
            buffers: (self.template.rules.buffer_before, self.template.rules.buffer_after),
            state: BookingState::Confirmed,
            hold_until: None,
            title: None,
            note: None,
            attendees: None,
            reason: None,
            occurrence: None,
            reviewed: false,
            sequence: 0,
            created_at: now,
            updated_at: now,
            version: 1,
            request: Some(key.text()),
            requests: Requests::default(),
        }
    }

    pub(super) fn order(&self, key: Key, lines: Vec<OrderLine>, now: Timestamp) -> Order {
        Order {
            id: key.order(),
            location: self.template.location,
            user: self.user,
            booked_by: None,
            lines,
            state: OrderState::Confirmed,
            hold_until: None,
            sale: None,
            stay: None,
            note: None,
            reason: None,
            created_at: now,
            updated_at: now,
            version: 1,
            request: Some(key.text()),
            requests: Requests::default(),
        }
    }
}
