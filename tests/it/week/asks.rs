//! What people ask for in half a day, and which answers are right.

use domain::Resource;
use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::chance::Chance;
use super::firm::Firm;
use crate::harness::{Call, Person, TestApp};

/// Starts by the room's clock, in quarters of an hour since midnight, the popular ones first.
const STARTS: [i64; 16] = [40, 56, 36, 44, 60, 38, 42, 58, 64, 34, 46, 52, 62, 48, 68, 32];
/// Lengths in quarters.
const LENGTHS: [i64; 6] = [4, 2, 4, 6, 8, 12];

/// Something that somebody asks for.
#[derive(Clone)]
pub(super) struct Ask {
    /// How it is counted.
    pub(super) kind: &'static str,
    pub(super) by: Person,
    pub(super) path: String,
    pub(super) key: Option<String>,
    pub(super) body: Value,
    /// Statuses and codes that are right.
    pub(super) right: &'static [&'static str],
}

const BOOKED: &[&str] = &["201", "409 slot_taken"];
/// A double click may meet its first one while that is being written.
const TWICE: &[&str] = &["201", "409 slot_taken"];
const MOVED: &[&str] = &["200", "409 slot_taken", "409 wrong_state"];
const CHANGED: &[&str] = &["200", "409 wrong_state"];

/// A booking that was made, as far as its maker knows.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) room: usize,
    pub(super) by: Person,
}

impl Ask {
    pub(super) fn call<'a>(&self, app: &'a TestApp) -> Call<'a> {
        let call = match self.kind {
            "invalid: broken JSON" => {
                app.call(reqwest::Method::POST, &self.path).raw("application/json", "{")
            }
            _ => app.post(&self.path, self.body.clone()),
        };
        let call = if self.kind == "invalid: nobody" { call } else { call.by(&self.by) };
        match &self.key {
            Some(key) => call.key(key),
            None => call,
        }
    }
}

/// Makes what is asked for, one half-day after the other.
pub(super) struct Asks<'a> {
    pub(super) chance: &'a mut Chance,
    pub(super) firm: &'a Firm,
    pub(super) today: Date,
    /// Names the half-day in keys.
    pub(super) round: usize,
    pub(super) list: Vec<Ask>,
}

impl Asks<'_> {
    fn add(
        &mut self,
        kind: &'static str,
        by: &Person,
        path: &str,
        body: Value,
        right: &'static [&'static str],
    ) {
        let key = Some(format!("{} {}", self.round, self.list.len()));
        self.list.push(Ask { kind, by: by.clone(), path: path.to_owned(), key, body, right });
    }

    /// A room, a day of the next seven, and a time on its grid within its hours.
    fn slot(&mut self) -> (Resource, DateTime, i64) {
        let room = self.chance.favour(&self.firm.rooms).clone();
        let day = self.today + jiff::Span::new().days(1 + i64::try_from(self.chance.below(7)).unwrap());
        let quarters = *self.chance.favour(&STARTS);
        let length = *self.chance.favour(&LENGTHS) * 15;
        (room, day.at(0, 0, 0, 0) + jiff::Span::new().minutes(quarters * 15), length)
    }

    fn wanted(room: &Resource, start: DateTime, minutes: i64) -> Value {
        let end = start + jiff::Span::new().minutes(minutes);
        json!({ "room_id": room.id, "local_start": start, "local_end": end, "attendees": 3 })
    }

    pub(super) fn singles(&mut self, count: usize) {
        for _ in 0..count {
            let (room, start, minutes) = self.slot();
            let by = self.chance.pick(&self.firm.customers).clone();
            let mut body = Self::wanted(&room, start, minutes);
            body["title"] = json!(format!("Meeting {}", self.chance.below(1_000)));
            self.add("meeting", &by, "/v2/bookings", body, BOOKED);
        }
    }

    /// The same weekday and time for three weeks; each occurrence answers for itself.
    pub(super) fn teams(&mut self, count: usize) {
        for _ in 0..count {
            let (room, start, minutes) = self.slot();
            let by = self.chance.pick(&self.firm.customers).clone();
            let body = json!({
                "room_id": room.id, "local_start": start, "length_minutes": minutes, "count": 3, "title": "Team",
            });
            self.add("team series", &by, "/v2/series", body, &["201"]);
        }
    }

    /// Somebody else wants half of what was just asked for.
    pub(super) fn collisions(&mut self, count: usize) {
        let before: Vec<Ask> = self.list.iter().filter(|ask| ask.kind == "meeting").cloned().collect();
        for _ in 0..count {
            let mut body = self.chance.pick(&before).body.clone();
            let start: DateTime = body["local_start"].as_str().unwrap().parse().unwrap();
            body["local_start"] = json!(start + jiff::Span::new().minutes(30));
            body["local_end"] = json!(start + jiff::Span::new().minutes(90));
            let by = self.chance.pick(&self.firm.customers).clone();
            self.add("overlap", &by, "/v2/bookings", body, BOOKED);
        }
    }

    /// The same request once more, at the same time.
    pub(super) fn double_clicks(&mut self, count: usize) {
        for _ in 0..count {
            let at = self.chance.below(self.list.len());
            if self.list[at].key.is_some() && self.list[at].path == "/v2/bookings" {
                let again = Ask { kind: "double click", right: TWICE, ..self.list[at].clone() };
                self.list.insert(at + 1, again);
            }
        }
    }

    pub(super) fn desk(&mut self, count: usize) {
        for _ in 0..count {
            let (room, start, minutes) = self.slot();
            let mut body = Self::wanted(&room, start, minutes);
            body["user_id"] = json!(self.chance.pick(&self.firm.customers).id);
            self.add("desk for others", self.firm.desk(&room), "/v2/bookings", body, BOOKED);
        }
    }

    pub(super) fn holds(&mut self, count: usize) {
        for _ in 0..count {
            let (room, start, minutes) = self.slot();
            let by = self.chance.pick(&self.firm.customers).clone();
            let mut body = Self::wanted(&room, start, minutes);
            body["hold_seconds"] = json!(300);
            self.add("hold", &by, "/v2/bookings", body, BOOKED);
        }
    }

    pub(super) fn reschedules(&mut self, made: &[Made]) {
        for booking in made {
            let (_, start, minutes) = self.slot();
            let end = start + jiff::Span::new().minutes(minutes);
            let body = json!({ "local_start": start, "local_end": end });
            self.add(
                "reschedule",
                &booking.by,
                &format!("/v2/bookings/{}/reschedule", booking.id),
                body,
                MOVED,
            );
        }
    }

    /// One in four is given back by the desk.
    pub(super) fn cancels(&mut self, made: &[Made]) {
        for booking in made {
            let desk = self.chance.below(4) == 0;
            let by = if desk { self.firm.desk(&self.firm.rooms[booking.room]) } else { &booking.by };
            let path = format!("/v2/bookings/{}/cancel", booking.id);
            self.add("cancel", by, &path, json!({ "reason": "plans change" }), CHANGED);
        }
    }

    pub(super) fn confirms(&mut self, holds: &[Made]) {
        for hold in holds {
            let path = format!("/v2/bookings/{}/confirm", hold.id);
            self.add("confirm", &hold.by, &path, json!({}), &["200"]);
        }
    }

    /// Somebody else asks for what was held, and the holder comes too late.
    pub(super) fn takeovers(&mut self, holds: &[(Made, Value)]) {
        for (hold, body) in holds {
            let by = self.chance.pick(&self.firm.customers).clone();
            let mut body = body.clone();
            body["hold_seconds"] = Value::Null;
            self.add("takeover", &by, "/v2/bookings", body, BOOKED);
            let path = format!("/v2/bookings/{}/confirm", hold.id);
            self.add("confirm too late", &hold.by, &path, json!({}), &["410 hold_expired"]);
        }
    }

    /// One of each.
    pub(super) fn invalid(&mut self, foreign: Option<&Made>) {
        const NOT_BOOKABLE: &[&str] = &["422 not_bookable"];
        let (room, start, minutes) = self.slot();
        let by = self.chance.pick(&self.firm.customers).clone();
        let hours = |hours| jiff::Span::new().hours(hours);
        let at = |start, minutes| Self::wanted(&room, start, minutes);
        let midnight = start.date().at(0, 0, 0, 0);
        let with = |name: &str, value: Value| {
            let mut body = at(start, minutes);
            body[name] = value;
            body
        };
        let stranger = self.firm.customers[(self.chance.below(9) + 1) % 10].clone();
        let someone = json!(self.firm.customers.iter().find(|person| person.id != by.id).unwrap().id);
        let unknown = json!("res_00000000000000000000000000");
        let book = "/v2/bookings";
        self.add(
            "invalid: off the grid",
            &by,
            book,
            at(start + jiff::Span::new().minutes(5), 30),
            NOT_BOOKABLE,
        );
        self.add("invalid: in the past", &by, book, at(midnight - hours(24 * 10 - 9), 60), NOT_BOOKABLE);
        self.add("invalid: at night", &by, book, at(midnight + hours(3), 60), NOT_BOOKABLE);
        self.add("invalid: too long", &by, book, at(midnight + hours(8), 9 * 60), NOT_BOOKABLE);
        self.add("invalid: in years", &by, book, at(start + hours(24 * 800), 60), NOT_BOOKABLE);
        self.add("invalid: backwards", &by, book, at(start, -60), &["422 validation_failed"]);
        self.add("invalid: crowd", &by, book, with("attendees", json!(99)), &["422 validation_failed"]);
        self.add("invalid: no such room", &by, book, with("room_id", unknown), &["404 not_found"]);
        self.add("invalid: for others", &by, book, with("user_id", someone.clone()), &["403 forbidden"]);
        let desk = self.firm.other_desk(&room);
        self.add("invalid: other desk", desk, book, with("user_id", someone), &["403 forbidden"]);
        self.add("invalid: broken JSON", &by, book, Value::Null, &["400 malformed_body"]);
        self.add("invalid: nobody", &by, book, at(start, minutes), &["401 unauthenticated"]);
        if let Some(booking) = foreign {
            let stranger = if stranger.id == booking.by.id { &self.firm.customers[59] } else { &stranger };
            let path = format!("/v2/bookings/{}/cancel", booking.id);
            self.add("invalid: not theirs", stranger, &path, json!({}), &["404 not_found"]);
        }
        self.add("invalid: no key", &by, book, at(start, minutes), &["400 idempotency_key_required"]);
        self.list.last_mut().unwrap().key = None;
    }
}
