//! Typed ids: a prefix that says the kind, then 128 bits in Crockford's base 32.
//!
//! Bits of a new id are a UUID version 7 (RFC 9562), so that ids sort by the time of creation. An id derived from an
//! idempotency key is a hash instead: the retry of a request arrives at the same id.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// The text is not an id of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    prefix: &'static str,
}

impl std::fmt::Display for InvalidId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not a valid id: expected {} and {DIGITS} letters or digits", self.prefix)
    }
}

impl std::error::Error for InvalidId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u128);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &str = $prefix;

            /// A new id, sortable by `now`; `random` must come from `env::random`.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(version_7(now, random))
            }

            /// The id that a digest stands for: equal digests, equal ids.
            pub fn derived(digest: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(digest))
            }

            /// The 128 bits.
            pub fn bits(self) -> u128 {
                self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix).and_then(decode).map(Self).ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

// Append only: a prefix names one kind for ever.
ids! {
    /// A person or a machine with an account.
    UserId = "usr_";
    /// A family of refresh tokens: one log-in on one device.
    SessionId = "ses_";
    /// A place with an address and a zone.
    LocationId = "loc_";
    /// What is booked by time: a room.
    ResourceId = "res_";
    /// Time on a resource for somebody.
    BookingId = "bkg_";
    /// What is counted and sold by number: nights of a room type, seats of a session, pieces in stock.
    PoolId = "pol_";
    /// Units of one or more pools for somebody.
    OrderId = "ord_";
    /// What is sold on dates, with its plans, add-ons and terms.
    OfferingId = "ofr_";
    /// Money for an order, by one means.
    PaymentId = "pmt_";
    /// A kind of rooms whose nights are sold by number.
    RoomTypeId = "rty_";
    /// One numbered room of a room type.
    HotelRoomId = "hrm_";
    /// Prices and rules by which nights are sold.
    RatePlanId = "rpl_";
    /// Somebody who stays, or has stayed.
    GuestId = "gst_";
    /// A promo code.
    PromoCodeId = "prm_";
    /// Something posted to the folio of a stay.
    FolioLineId = "fln_";
    /// What somebody has paid for, with a number.
    InvoiceId = "inv_";
    /// Bookings that repeat.
    SeriesId = "srs_";
    /// What a person says of a resource they used.
    ReviewId = "rvw_";
    /// What happened.
    EventId = "evt_";
    /// One message to one person over one channel.
    MessageId = "msg_";
    /// One text to many people.
    CampaignId = "cmp_";
    /// A private calendar feed.
    FeedId = "fed_";
    /// A one-time code that a phone was sent.
    CodeId = "otp_";
    /// One request, as told in `X-Request-Id` and the log.
    RequestId = "req_";
}

fn version_7(now: Timestamp, random: [u8; 10]) -> u128 {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().as_u128()
}

fn encode(bits: u128) -> String {
    (0..DIGITS)
        .rev()
        .filter_map(|digit| ALPHABET.get(usize::try_from((bits >> (digit * 5)) & 31).ok()?))
        .map(|letter| char::from(*letter))
        .collect()
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != DIGITS || text.as_bytes().first()? > &b'7' {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, letter| {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        Some((bits << 5) | u128::try_from(value).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = BookingId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(BookingId::derived([255; 16]).to_string().parse(), Ok(BookingId::derived([255; 16])));
    }

    #[test]
    fn later_ids_sort_later_as_text() {
        let early = UserId::new(Timestamp::from_second(1_000_000).unwrap(), [255; 10]);
        let late = UserId::new(Timestamp::from_second(1_000_001).unwrap(), [0; 10]);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn foreign_kinds_and_bad_letters_are_refused() {
        let id = BookingId::derived([3; 16]).to_string();
        assert!(id.parse::<UserId>().is_err());
        for bad in ["bkg_", "bkg_u0000000000000000000000000", "bkg_80000000000000000000000000", "é"] {
            assert!(bad.parse::<BookingId>().is_err(), "{bad}");
        }
    }
}
