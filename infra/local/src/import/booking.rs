//! One occurrence as a request.

use calendar::{Occurrence, Status};
use domain::{ResourceId, Span};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::report::Became;
use crate::Front;

/// Longest title and note that a booking takes, in characters.
const TITLE: usize = 200;
const NOTE: usize = 1_000;

/// What an occurrence asks for.
pub(super) struct Wish<'a> {
    pub(super) room: ResourceId,
    /// After the shift.
    pub(super) span: Span,
    pub(super) occurrence: &'a Occurrence<'a>,
}

impl Wish<'_> {
    /// Why nobody would ask for it.
    pub(super) fn left_out(&self) -> Option<Became> {
        let entry = self.occurrence.entry;
        if entry.status == Status::Cancelled {
            return Some(Became::refused("cancelled", "the calendar says that it does not take place"));
        }
        (!entry.busy).then(|| Became::refused("not_busy", "the calendar says that it takes up no time"))
    }

    /// Asks for it.
    pub(super) async fn book(&self, front: &Front) -> Became {
        let came = front.post("/v2/bookings", &self.key(), &self.body()).await;
        match came.text("id") {
            Some(id) if came.replayed => Became::AlreadyThere(id),
            Some(id) if came.status.is_success() => Became::Taken(id),
            _ => came.into(),
        }
    }

    /// The same for the same occurrence in the same room, whenever and with whatever shift it is imported.
    fn key(&self) -> String {
        let start = self.occurrence.original_start.unwrap_or(self.occurrence.span.start());
        let mut sha = Sha256::new();
        for part in [self.room.to_string(), self.occurrence.entry.uid.clone(), start.to_string()] {
            sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            sha.update(part);
        }
        let digest = sha.finalize();
        digest.iter().fold("import ".to_owned(), |key, byte| format!("{key}{byte:02x}"))
    }

    fn body(&self) -> Value {
        let entry = self.occurrence.entry;
        json!({
            "room_id": self.room,
            "start": self.span.start(),
            "end": self.span.end(),
            "title": entry.summary.as_deref().and_then(|text| clipped(text, TITLE, &[])),
            "note": entry.description.as_deref().and_then(|text| clipped(text, NOTE, &['\n', '\t'])),
        })
    }
}

/// As much of the text as fits, without control characters other than those that are `kept`.
fn clipped(text: &str, most: usize, kept: &[char]) -> Option<String> {
    let plain = |c: char| if c.is_control() && !kept.contains(&c) { ' ' } else { c };
    let text: String = text.trim().chars().map(plain).take(most).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_what_a_booking_takes() {
        assert_eq!(clipped(" a\r\nb\u{7} ", 4, &['\n']).as_deref(), Some("a \nb"));
        assert_eq!(clipped(&"ü".repeat(201), TITLE, &[]).map(|text| text.chars().count()), Some(200));
        assert_eq!(clipped("\n \u{0}", TITLE, &[]), None);
    }
}
