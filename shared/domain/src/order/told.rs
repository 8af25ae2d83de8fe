//! What the events of an order tell.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::{EventId, Order, OrderId, PoolId};

/// What an event tells of the pools of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pools {
    /// Of which one.
    pub order: OrderId,
    /// When that was made.
    pub made: Timestamp,
    /// Whose units it has from then on.
    pub pools: BTreeSet<PoolId>,
}

impl Pools {
    /// What the event tells of them; `None` where they stayed as they were, or where it is of no order.
    pub fn told(event: &Event) -> Option<Self> {
        let order = event.kind.starts_with("order.").then(|| event.subject.parse().ok())??;
        let made = Timestamp::deserialize(event.data.pointer("/of/made")?).ok()?;
        let lines = event.data.pointer("/after/lines")?.as_array()?;
        let pools = lines.iter().filter_map(|line| PoolId::deserialize(line.get("pool")?).ok()).collect();
        Some(Self { order, made, pools })
    }
}

impl Order {
    /// The event that tells of the change from `before` (nothing, for a new order) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        let told = Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told());
        let mut event = told;
        // Told with each: who hears of orders hears of those that have a price, and what figures are kept by.
        let mut of = json!({ "location": self.location, "made": self.created_at });
        if let (Some(sale), Some(of)) = (&self.sale, of.as_object_mut()) {
            of.insert("offering".to_owned(), json!(sale.offering));
            of.insert("currency".to_owned(), json!(sale.currency));
        }
        if let Some(data) = event.data.as_object_mut() {
            data.insert("of".to_owned(), of);
            if self.sale.is_some() {
                data.insert("priced".to_owned(), true.into());
            }
        }
        event
    }

    fn told(&self) -> Value {
        let mut told = json!({
            "state": self.state, "location": self.location, "user": self.user, "lines": self.lines,
            "hold_until": self.hold_until, "reason": self.reason,
        });
        if let (Some(stay), Some(object)) = (&self.stay, told.as_object_mut()) {
            object.insert("stay".to_owned(), stay.told(self.state, &self.lines));
        }
        if let (Some(sale), Some(object)) = (&self.sale, told.as_object_mut()) {
            let sale = json!({
                "total": sale.total, "charged": sale.charged, "posted": sale.posted, "captured": sale.captured,
                "refunded": sale.refunded, "lost": sale.lost, "completed": sale.completed,
                "promo_code": sale.promo.as_ref().map(|promo| &promo.code),
            });
            object.insert("sale".to_owned(), sale);
        }
        told
    }
}
