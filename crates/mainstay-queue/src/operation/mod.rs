//! Operations: mutations and queries by name, called the same way over HTTP, from within and from the command line.

mod asked;
mod client;
mod outcome;
mod path;
mod perform;
mod registry;
mod spec;

pub use asked::{Asked, FromAsked};
pub use client::{Call, Client};
pub use outcome::{Outcome, output};
pub use path::OperationPath;
pub use perform::{answered, perform};
pub use registry::{Found, Operations};
pub use spec::{Operation, OperationEntry, OperationKind, OperationSpec, Perform};
