//! As on AWS, on one machine: the packaged functions under Lambda's own runtime emulator, called as AWS calls them.
//!
//! What stands for what:
//!
//! | on AWS | here |
//! | --- | --- |
//! | execution environments of Lambda | AWS's Runtime Interface Emulator, one process for each, with the `bootstrap` below it ([`environment`]) |
//! | API Gateway | [`gateway`]: routes and stages of `template.yaml`, events of payload version 2.0, each request in another shape of its path |
//! | the stream, the event source mappings, the schedules | [`sources`]: what is new in the Events table, what the queues hold, and both sweeps |
//! | `DynamoDB` and SQS | moto's server in a process of its own, or the embedded database where units are counted |
//! | `ElastiCache` | redis-server, without TLS |
//! | IAM | [`guard`]: a function may do what `template.yaml` allows it on this table or queue, and nothing else |
//! | time | libfaketime, so that a test can let hours pass in functions that were built for production |
//!
//! Variables, memory, time-outs, tables, queues, routes and rights are read from `template.yaml`: a mistake there shows here.

mod environment;
mod events;
mod function;
mod gateway;
mod guard;
mod place;
mod redis;
mod routes;
mod sources;
mod stack;
mod template;
mod values;

pub use environment::Tools;
pub use place::{Database, Place};
pub use routes::chosen;
pub use sources::Sources;
pub use stack::{Options, Stack};
pub use template::{Function, Template, json_of};
