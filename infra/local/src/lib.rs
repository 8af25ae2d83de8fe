//! All of Holdfast in one process: database, queues, every group behind one port, and the workers.

mod acting;
mod checkout;
mod crowd;
mod dashboard;
mod demo;
mod front;
mod groups;
mod house;
mod html;
pub mod import;
mod installation;
mod outbox;
mod plot;
mod rebuild;
pub mod reservations;
mod secret;
mod server;
pub mod sqs;
mod status;
mod workers;

pub use acting::Acting;
pub use database;
pub use demo::{Demo, demo};
pub use front::{Came, Front};
pub use groups::{api, groups};
pub use installation::{Aws, Installation, Serving};
pub use rebuild::rebuild;
pub use secret::secret;
pub use server::{Options, Server, start};
pub use workers::Workers;
