//! What the events of an order tell.

use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::{EventId, Order};

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
