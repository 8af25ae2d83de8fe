//! Hotels: room types whose nights the ledger counts, the rooms of a type, rates, guests, and their stays.
//!
//! What is sold is a night of a *room type*, never a room: the pool of the type has the only number that decides. Which room
//! somebody is put into, in what state it is, and what a night costs are said apart from that and change nothing about it. A stay
//! is an order ([`crate::Order`]) with a [`stay::Stay`]: one line for each room, so that holding, paying, refunding and the audit are those
//! of every order.

pub mod folio;
pub mod guest;
pub mod house;
pub mod invoice;
pub mod price;
pub mod property;
pub mod rates;
pub mod room_type;
pub mod stay;

pub use folio::FolioLine;
pub use guest::Guest;
pub use house::HotelRoom;
pub use invoice::Invoice;
pub use property::Property;
pub use rates::RatePlan;
pub use room_type::RoomType;
pub use stay::Stay;
