//! All of Holdfast in one process: database, queues, every group behind one port, and the workers.

pub mod database;
mod groups;
mod secret;
mod server;
pub mod sqs;
mod workers;

pub use groups::api;
pub use secret::secret;
pub use server::{Options, Server, start};
pub use workers::Workers;
