//! Operations and tasks over NATS JetStream.
//!
//! What is committed is in the database; the broker carries requests to it and pointers from it. Losing the broker
//! delays work and loses none.

mod breaks;
mod commit_hints;
mod connection;
mod entrance;
mod headers;
mod incoming;
mod ingress;
mod outgoing;
mod pointers;
mod subject;
mod topology;

pub use commit_hints::CommitHints;
pub use connection::{Nats, NatsOptions};
pub use incoming::Incoming;
pub use ingress::{Authenticate, Ingress};
pub use outgoing::Outgoing;
pub use pointers::Pointers;
