//! The rules of booking as values and functions: pure and synchronous, no clock, no chance, no I/O.
//!
//! Types here cannot hold what is not valid: text enters through `TryFrom`, time spans through [`Span::new`],
//! states change only through transitions that consume the old record and return the new one. The same types are what
//! `store` keeps; what clients see are wire types in the groups.

pub mod address;
pub mod alert;
pub mod availability;
pub mod booking;
pub mod campaign;
mod catalog;
pub mod event;
pub mod figures;
pub mod gateway;
pub mod hotel;
pub mod hours;
pub mod id;
pub mod message;
pub mod money;
pub mod offering;
pub mod order;
pub mod payment;
pub mod people;
pub mod phone;
pub mod pool;
pub mod prices;
pub mod promo;
pub mod quiet;
pub mod rate;
pub mod refusal;
pub mod requests;
pub mod resource;
pub mod review;
pub mod rules;
pub mod sale;
pub mod series;
pub mod span;
pub mod text;
pub mod user;
mod wall;
pub mod weekly;
pub mod zone;

#[cfg(test)]
mod fixtures;

pub use address::Address;
pub use alert::Alert;
pub use booking::{Booking, BookingState};
pub use campaign::{Campaign, CampaignState};
pub use event::{Actor, Event};
pub use id::{
    BookingId, CampaignId, CodeId, EventId, FeedId, FolioLineId, GuestId, HotelRoomId, InvoiceId, LocationId,
    MessageId, OfferingId, OrderId, PaymentId, PoolId, PromoCodeId, RatePlanId, RequestId, ResourceId,
    ReviewId, RoomTypeId, SeriesId, SessionId, UserId,
};
pub use message::{Message, MessageKind, MessageState};
pub use money::{Currency, Money};
pub use offering::Offering;
pub use order::{Order, OrderLine, OrderState};
pub use payment::Payment;
pub use people::{Caller, Permission, Role, Scope};
pub use phone::{DialCode, Phone};
pub use pool::{Pool, PoolKind};
pub use promo::PromoCode;
pub use quiet::QuietHours;
pub use rate::Rate;
pub use refusal::Refusal;
pub use requests::Requests;
pub use resource::{Location, Resource};
pub use review::Review;
pub use sale::Sale;
pub use series::Series;
pub use span::Span;
pub use user::{Preferences, Session, User};
pub use weekly::Weekly;
pub use zone::Zone;
