//! Operations and tasks over NATS JetStream.
//!
//! What is committed is in the database; the broker carries requests to it and pointers from it. Losing the broker
//! delays work and loses none.

mod connection;
mod headers;
mod ingress;
mod pointers;
mod subject;
mod topology;

pub use connection::{Nats, NatsOptions};
pub use ingress::{Authenticate, Ingress};
pub use pointers::Pointers;
