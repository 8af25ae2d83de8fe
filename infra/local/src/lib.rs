//! All of Holdfast in one process: database, queues, every group behind one port, and the workers.

pub mod database;
mod groups;
mod secret;
mod server;
pub mod sqs;

pub use groups::{api, groups};
pub use secret::secret;
pub use server::{Options, Server, start};
