//! What happens to places and rooms, and the events that tell of it.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event::{Actor, Event};
use crate::resource::OutOfService;
use crate::{Booking, EventId, Location, Resource};

impl Location {
    /// The event that tells of the change from `before` (nothing, for a new place) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "name": self.name, "address": self.address, "zone": self.zone, "coordinates": self.coordinates,
        })
    }
}

impl Resource {
    /// Takes it off the offer for ever; its history stays.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn retire(self, now: Timestamp) -> Result<Self> {
        let mut next = self.offered()?.stepped(now);
        next.retired = true;
        Ok(next)
    }

    /// Takes it out of service; a later word replaces an earlier one.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn take_out_of_service(self, out: OutOfService, now: Timestamp) -> Result<Self> {
        let mut next = self.offered()?.stepped(now);
        next.out_of_service = Some(out);
        Ok(next)
    }

    /// Puts it back into service.
    ///
    /// # Errors
    /// `wrong_state` unless out of service.
    pub fn put_into_service(self, now: Timestamp) -> Result<Self> {
        let resource = self.offered()?;
        if resource.out_of_service.is_none() {
            return Err(Error::new(Code::WrongState, "the room is in service"));
        }
        let mut next = resource.stepped(now);
        next.out_of_service = None;
        Ok(next)
    }

    /// The next version of it, to be changed by the caller in what it is and allows.
    ///
    /// # Errors
    /// `wrong_state` once retired.
    pub fn revise(self, now: Timestamp) -> Result<Self> {
        Ok(self.offered()?.stepped(now))
    }

    /// The event that tells of the change from `before` (nothing, for a new room) to `self`.
    pub fn event(&self, id: EventId, kind: &str, before: Option<&Self>, actor: Actor) -> Event {
        let record = (self.id.to_string(), self.version, self.updated_at);
        Event::of_change(id, kind, record, actor, before.map(Self::told).as_ref(), &self.told())
    }

    fn told(&self) -> Value {
        json!({
            "location": self.location, "name": self.name, "capacity": self.capacity,
            "equipment": self.equipment, "attributes": self.attributes, "rules": self.rules,
            "out_of_service": self.out_of_service, "retired": self.retired,
        })
    }

    fn offered(self) -> Result<Self> {
        if self.retired {
            return Err(Error::new(Code::WrongState, "the room is retired"));
        }
        Ok(self)
    }

    fn stepped(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self.last_request = None;
        self
    }
}

impl Booking {
    /// The booking after its people were told that the room is out of service, and the event `booking.room_unavailable`
    /// that tells them. `mark` is kept as a request that changed it, so that they are told once.
    pub fn told_unavailable(
        &self,
        out: &OutOfService,
        mark: String,
        (id, actor): (EventId, Actor),
        now: Timestamp,
    ) -> (Self, Event) {
        let mut next = self.clone();
        (next.updated_at, next.requests) = (now, next.requests.with(Some(mark)));
        next.version += 1;
        let mut event = next.event(id, "booking.room_unavailable", None, actor);
        if let Some(data) = event.data.as_object_mut() {
            let why = json!({ "reason": out.reason, "from": out.from, "until": out.until });
            data.insert("out_of_service".to_owned(), why);
        }
        (next, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, room};

    const NOW: &str = "2027-01-05T12:00:00Z";

    fn broken() -> OutOfService {
        OutOfService { reason: "no heating".parse().unwrap(), from: at(NOW), until: None }
    }

    #[test]
    fn out_of_service_and_back_is_two_changes() {
        let out = room("UTC").take_out_of_service(broken(), at(NOW)).unwrap();
        assert_eq!((out.version, out.out_of_service.is_some()), (2, true));
        let back = out.put_into_service(at(NOW)).unwrap();
        assert_eq!((back.version, back.out_of_service.clone()), (3, None));
        assert_eq!(back.put_into_service(at(NOW)).unwrap_err().code(), Code::WrongState);
    }

    #[test]
    fn nothing_happens_to_a_retired_room() {
        let retired = room("UTC").retire(at(NOW)).unwrap();
        assert!(retired.clone().retire(at(NOW)).is_err());
        assert!(retired.clone().revise(at(NOW)).is_err());
        assert!(retired.take_out_of_service(broken(), at(NOW)).is_err());
    }

    #[test]
    fn an_event_tells_what_changed_and_no_more() {
        let before = room("UTC");
        let after = before.clone().retire(at(NOW)).unwrap();
        let actor = Actor::system();
        let event = after.event(EventId::derived([1; 16]), "room.retired", Some(&before), actor);
        assert_eq!(event.sequence, 2);
        assert_eq!(event.data, json!({ "before": { "retired": false }, "after": { "retired": true } }));
    }
}
