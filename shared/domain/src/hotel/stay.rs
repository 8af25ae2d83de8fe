//! Stays: who is in which room for which nights, and what happens from the arrival to the departure.
//!
//! A stay is the part of an order that says so: its rooms and the order's lines go side by side, one line of one unit for each room.
//! States of a room: expected → in house → departed; or no show, of the stay as a whole. The order's own states say whether its
//! nights are claimed.

use errors::{Code, Error, Result};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Guest;
use super::folio::Folio;
use super::price::Wanted;
use super::room_type::{Party, pool_of, type_of};
use crate::order::OrderAction;
use crate::pool::{Cells, Nights};
use crate::text::{Name, Tag};
use crate::{GuestId, HotelRoomId, Order, OrderId, OrderLine, OrderState, RatePlanId, RoomTypeId, Sale};

/// Letters and digits that are not taken for one another when read aloud or written by hand.
const LETTERS: &[u8; 24] = b"ACDEFGHJKMNPQRTVWXY34679";

/// What an order says of a stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// What the guest names it by, `ABC-DEF-GHJ`; unique.
    pub confirmation: String,
    /// Who stays.
    pub guest: GuestId,
    /// Their name, copied for reading; follows when they are renamed.
    pub guest_name: Name,
    /// By which plan it was sold.
    pub rate_plan: RatePlanId,
    /// How it came: `direct`, `phone`, the name of a channel.
    pub source: Tag,
    /// Its rooms; each is the order's line of the same place.
    pub rooms: Vec<StayRoom>,
    /// So many nights of each room are charged if nobody comes; all of them when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_show_nights: Option<u8>,
    /// Who pays which part of it.
    #[serde(default, skip_serializing_if = "Folio::is_untouched")]
    pub folio: Folio,
}

/// A room of a stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayRoom {
    /// For whom.
    pub party: Party,
    /// What each night costs, in minor units, from the first on.
    pub nightly: Vec<i64>,
    /// Into which room they are put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned: Option<Assigned>,
    /// Where they are.
    #[serde(default)]
    pub stage: Stage,
    /// Until when they may stay on their last day, if later than others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Time>,
}

/// A room that somebody is put into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Which.
    pub room: HotelRoomId,
    /// Its number, copied for reading; follows when it is renumbered.
    pub number: Name,
}

/// Where the guests of a room are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not there yet.
    #[default]
    Expected,
    /// In the house, since then.
    InHouse {
        /// When they came.
        since: Timestamp,
    },
    /// Gone, since then.
    Departed {
        /// When they left.
        at: Timestamp,
    },
    /// They never came.
    NoShow,
}

impl Stage {
    /// The text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::InHouse { .. } => "in_house",
            Self::Departed { .. } => "departed",
            Self::NoShow => "no_show",
        }
    }
}

/// What an order with this id is called: nine letters of an alphabet of 24, derived from it, so that a retry gets the same ones.
pub fn confirmation_of(order: OrderId) -> String {
    // The low bits of an id are chance or a hash.
    let mut bits = order.bits();
    let mut text = String::with_capacity(11);
    for place in 0..9 {
        if place == 3 || place == 6 {
            text.push('-');
        }
        let at = usize::try_from(bits % 24).unwrap_or(0);
        text.extend(LETTERS.get(at).map(|letter| char::from(*letter)));
        bits /= 24;
    }
    text
}

/// The confirmation number that somebody wrote: without what they put between the letters, in capitals; `None` if it cannot be one.
pub fn confirmation_read(text: &str) -> Option<String> {
    let letters: Vec<u8> =
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    if letters.len() != 9 || !letters.iter().all(|letter| LETTERS.contains(letter)) {
        return None;
    }
    let part = |part: &[u8]| part.iter().map(|letter| char::from(*letter)).collect::<String>();
    Some(letters.chunks(3).map(part).collect::<Vec<_>>().join("-"))
}

impl Stay {
    /// Whether some of the guests have come.
    pub fn has_come(&self) -> bool {
        self.rooms.iter().any(|room| matches!(room.stage, Stage::InHouse { .. } | Stage::Departed { .. }))
    }

    /// Whether some of them are put into a room.
    pub fn is_assigned(&self) -> bool {
        self.rooms.iter().any(|room| room.assigned.is_some())
    }

    /// Whether nobody is expected or in the house any more.
    pub fn is_over(&self) -> bool {
        self.rooms.iter().all(|room| matches!(room.stage, Stage::Departed { .. } | Stage::NoShow))
    }

    /// As events tell it: without names, and with where its order stands and which nights it is about, so that figures follow
    /// from each event alone.
    pub(crate) fn told(&self, state: OrderState, lines: &[OrderLine]) -> Value {
        let room = |(room, line): (&StayRoom, &OrderLine)| {
            json!({
                "room_type": type_of(line.pool), "arrival": line.cells.nights().map(|nights| nights.from()),
                "adults": room.party.adults, "children": room.party.children.len(), "nightly": room.nightly,
                "assigned": room.assigned.as_ref().map(|assigned| assigned.room), "stage": room.stage, "late": room.late,
            })
        };
        let rooms: Vec<Value> = self.rooms.iter().zip(lines).map(room).collect();
        json!({
            "guest": self.guest, "rate_plan": self.rate_plan, "source": self.source, "state": state, "rooms": rooms,
        })
    }

    /// Where it is as a whole: in the house while anybody is, expected while anybody is to come, else gone or never come.
    pub fn stage(&self) -> Stage {
        let stages = || self.rooms.iter().map(|room| room.stage);
        stages()
            .find(|stage| matches!(stage, Stage::InHouse { .. }))
            .or_else(|| stages().find(|stage| *stage == Stage::Expected))
            .or_else(|| stages().next_back())
            .unwrap_or_default()
    }
}

/// The line that a room of a stay claims.
pub fn line(room_type: RoomTypeId, nights: Nights) -> OrderLine {
    OrderLine { pool: pool_of(room_type), cells: Cells::Nights(nights), quantity: 1, overbooked: false }
}

impl Order {
    /// What a room of the stay is: type, nights, party. `None` where there is no such room.
    pub fn room(&self, at: usize) -> Option<Wanted> {
        let (line, room) = (self.lines.get(at)?, self.stay.as_ref()?.rooms.get(at)?);
        let nights = line.cells.nights()?;
        Some(Wanted { room_type: type_of(line.pool), nights, party: room.party.clone() })
    }

    /// The first arrival and the last departure of a stay.
    pub fn dates(&self) -> Option<Nights> {
        let nights = || self.lines.iter().filter_map(|line| line.cells.nights());
        Nights::new(nights().map(|nights| nights.from()).min()?, nights().map(|nights| nights.to()).max()?)
    }

    /// Other rooms from now on, at another price. Where a room is put stays with it while type and nights stay.
    ///
    /// # Errors
    /// `wrong_state` unless held or confirmed, and once there is an invoice of its nights.
    pub fn restay(
        self,
        (lines, rooms): (Vec<OrderLine>, Vec<StayRoom>),
        after: Sale,
        now: Timestamp,
    ) -> Result<Self> {
        self.unbilled()?;
        let mut next = self.step(OrderAction::Change, now)?;
        next.lines = lines;
        if let Some(stay) = &mut next.stay {
            stay.rooms = rooms;
        }
        if let Some(before) = &mut next.sale {
            // What was paid, and by what, stays; what is to be paid is another amount.
            before.lines = after.lines;
            before.total = after.total;
            before.first_part = after.first_part.min(after.total);
            before.starts = after.starts;
            before.title = after.title;
            if next.state == OrderState::Confirmed {
                before.charged = before.sold_for();
            }
        }
        Ok(next)
    }

    /// Puts a room of the stay into a room of the house, or into none.
    ///
    /// # Errors
    /// `wrong_state` unless sold, once they have left, and for taking guests in the house out of theirs.
    pub fn put_into(mut self, at: usize, assigned: Option<Assigned>, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        let room = self.room_mut(at)?;
        let gone = matches!(room.stage, Stage::Departed { .. } | Stage::NoShow);
        let homeless = matches!(room.stage, Stage::InHouse { .. }) && assigned.is_none();
        if gone || homeless || state != OrderState::Confirmed {
            return Err(wrong_stage("put into a room", room.stage, state));
        }
        room.assigned = assigned;
        Ok(self.touched(now))
    }

    /// The guests of a room are here: from the day of arrival on, in the room that they were put into.
    ///
    /// # Errors
    /// `wrong_state` unless sold, expected, put into a room, and within the nights.
    pub fn check_in(mut self, at: usize, (today, now): (Date, Timestamp)) -> Result<Self> {
        let (state, wanted) = (self.state_at(now), self.room(at));
        let room = self.room_mut(at)?;
        if state != OrderState::Confirmed || room.stage != Stage::Expected {
            return Err(wrong_stage("checked in", room.stage, state));
        }
        let within = wanted.is_some_and(|wanted| (wanted.nights.from()..wanted.nights.to()).contains(&today));
        if !within {
            let message = "guests are checked in from the day of arrival until before that of departure";
            return Err(Error::new(Code::WrongState, message).with_detail("today", today.to_string()));
        }
        if room.assigned.is_none() {
            return Err(Error::new(Code::WrongState, "put them into a room first"));
        }
        room.stage = Stage::InHouse { since: now };
        Ok(self.touched(now))
    }

    /// The guests of a room have left.
    ///
    /// # Errors
    /// `wrong_state` unless they are in the house.
    pub fn check_out(mut self, at: usize, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        let room = self.room_mut(at)?;
        if !matches!(room.stage, Stage::InHouse { .. }) {
            return Err(wrong_stage("checked out", room.stage, state));
        }
        room.stage = Stage::Departed { at: now };
        Ok(self.touched(now))
    }

    /// The guests of a room may leave later on their last day.
    ///
    /// # Errors
    /// `wrong_state` unless sold, and once they have left.
    pub fn leaves_late(mut self, at: usize, until: Time, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        let room = self.room_mut(at)?;
        let there = matches!(room.stage, Stage::Expected | Stage::InHouse { .. });
        if state != OrderState::Confirmed || !there {
            return Err(wrong_stage("allowed to leave late", room.stage, state));
        }
        room.late = Some(until);
        Ok(self.touched(now))
    }

    /// Nobody came: the nights are given back, and as much is charged as the stay says.
    ///
    /// # Errors
    /// `wrong_state` unless sold, expected in all its rooms, and begun.
    pub fn no_show(self, now: Timestamp) -> Result<Self> {
        let state = self.state_at(now);
        let Some(stay) = &self.stay else { return Err(no_stay()) };
        let expected = stay.rooms.iter().all(|room| room.stage == Stage::Expected);
        if state != OrderState::Confirmed || !expected {
            return Err(wrong_stage("a no-show", stay.stage(), state));
        }
        if self.sale.as_ref().is_some_and(|sale| now < sale.starts) {
            return Err(Error::new(Code::WrongState, "guests may still come until their arrival"));
        }
        let nightly = || stay.rooms.iter().map(|room| &room.nightly);
        let first = usize::from(stay.no_show_nights.unwrap_or(u8::MAX));
        let kept: i64 = nightly().flat_map(|nights| nights.iter().take(first)).sum();
        let all: i64 = nightly().flatten().sum();
        self.unbilled()?;
        let mut next = self.step(OrderAction::Cancel, now)?;
        // Nobody is put anywhere any more.
        for room in next.stay.iter_mut().flat_map(|stay| &mut stay.rooms) {
            (room.stage, room.assigned) = (Stage::NoShow, None);
        }
        // Taxes go with the nights that they are on.
        next.charge(|sale| {
            let kept = i128::from(sale.total) * i128::from(kept) / i128::from(all.max(1));
            let kept = i64::try_from(kept).unwrap_or(sale.total).min(sale.total);
            (kept - sale.reduced).max(0).saturating_add(sale.posted).max(0)
        });
        Ok(next)
    }

    /// Shows the guest as they are now; `None` where it does already, and for what is no stay.
    pub fn of_guest(mut self, guest: &Guest, now: Timestamp) -> Option<Self> {
        let stay = self.stay.as_mut()?;
        if (stay.guest, &stay.guest_name) == (guest.id, &guest.name) {
            return None;
        }
        (stay.guest, stay.guest_name) = (guest.id, guest.name.clone());
        self.user = guest.user();
        Some(self.touched(now))
    }

    /// Shows a room of the house by its number; `None` where it does already.
    pub fn renumbered(mut self, room: HotelRoomId, number: &Name, now: Timestamp) -> Option<Self> {
        let rooms = self.stay.iter_mut().flat_map(|stay| &mut stay.rooms);
        let mut changed = false;
        for assigned in rooms.filter_map(|kept| kept.assigned.as_mut()).filter(|kept| kept.room == room) {
            changed |= assigned.number != *number;
            assigned.number = number.clone();
        }
        changed.then(|| self.touched(now))
    }

    fn room_mut(&mut self, at: usize) -> Result<&mut StayRoom> {
        let stay = self.stay.as_mut().ok_or_else(no_stay)?;
        stay.rooms.get_mut(at).ok_or_else(|| Error::not_found("room of this stay"))
    }
}

fn no_stay() -> Error {
    Error::not_found("stay")
}

fn wrong_stage(what: &str, at: Stage, state: OrderState) -> Error {
    let word = if state == OrderState::Confirmed { at.as_str() } else { state.as_str() };
    Error::new(Code::WrongState, format!("a stay that is {word} cannot be {what}")).with_detail("state", word)
}

#[cfg(test)]
pub(crate) mod tests;
