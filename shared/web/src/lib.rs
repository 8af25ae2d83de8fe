//! The edge of every group: routes as a table, versions, callers, problems, and one way to serve them on Lambda and a laptop.
//!
//! A group's `v1.rs` and `v2.rs` open with their route table:
//!
//! ```text
//! pub(crate) fn routes() -> Vec<Route<App>> {
//!     vec![
//!         get("/rooms/{id}", Access::Anyone, show).named("showRoom", "Read a room").answers::<RoomView>(200),
//!         post("/rooms", Access::Needs(Permission::ManageCatalog), create)
//!             .named("createRoom", "Add a room").keyed(Key::Accepted).takes::<NewRoom>().answers::<RoomView>(201),
//!     ]
//! }
//! ```
//!
//! Whoever adds a route must say who may call it: there is no constructor without an [`Access`]. A handler gets the caller
//! through [`Signed`], a body through [`Json`], which reports every bad field at once, and answers a [`Reply`].
//!
//! # How to add a version
//! One variant in [`Version`], one stage in `template.yaml`; in each group that changes a `vN.rs` and `.version(Version::VN, …)`.

mod access;
mod api;
mod asked;
mod caching;
mod cursor;
mod edge;
mod expand;
mod extract;
mod fields;
mod idempotency;
mod keys;
mod limits;
pub mod openapi;
mod page;
mod problem;
mod reply;
mod request;
mod serve;
mod sheet;
mod signing;
pub mod telemetry;
mod tokens;
mod trace;
mod version;

pub use access::{Access, Core, Counter};
pub use api::{Api, Key, Route, delete, get, patch, post, put};
pub use asked::{Asked, Done};
pub use axum::extract::State;
pub use axum::http::{HeaderMap, HeaderValue, StatusCode};
pub use caching::Keeping;
pub use cursor::{Listed, PageQuery};
pub use expand::Expand;
pub use extract::{IfMatch, Json, MaybeSigned, Origin, Path, Query, Raw, Signed, Whole};
pub use fields::Fields;
pub use idempotency::Idempotency;
pub use keys::{AccessToken, Keys};
pub use limits::{Group, Limits, Quotas, Tier, network};
pub use page::Page;
pub use problem::{Problem, Result};
pub use reply::{Plain, Reply, ReplyV1};
pub use request::{Patch, Reader, Request};
pub use serve::{run, service};
pub use sheet::{Cell, Csv};
pub use version::Version;

#[doc(hidden)]
pub mod macros {
    pub use crate::request::{FieldSchema, Reader};
    pub use schemars::{JsonSchema, Schema, SchemaGenerator};
    pub use serde_json::{Map, Value};
}
