//! The rules of booking as values and functions: pure and synchronous, no clock, no chance, no I/O.
//!
//! Types here cannot hold what is not valid: text enters through `TryFrom`, time spans through [`Span::new`],
//! states change only through transitions that consume the old record and return the new one. The same types are what
//! `store` keeps; what clients see are wire types in the groups.

pub mod booking;
pub mod event;
pub mod id;
pub mod message;
pub mod people;
pub mod resource;
pub mod span;
pub mod text;
pub mod user;
pub mod zone;

pub use booking::{Booking, BookingState};
pub use event::{Actor, Event};
pub use id::{
    BookingId, EventId, FeedId, LocationId, MessageId, RequestId, ResourceId, ReviewId, SeriesId, SessionId,
    UserId,
};
pub use message::{Message, MessageKind, MessageState};
pub use people::{Caller, Permission, Role, Scope};
pub use resource::{Location, Resource};
pub use span::Span;
pub use user::User;
pub use zone::Zone;
