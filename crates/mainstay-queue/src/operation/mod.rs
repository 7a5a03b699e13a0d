//! Operations: mutations and queries by name, called the same way over HTTP, from within and from the command line.

mod answers;
mod asked;
mod client;
mod extension;
mod middleware;
mod outcome;
mod path;
mod perform;
mod registry;
mod spec;

pub use answers::{Cache, Callers};
pub use asked::{Asked, FromAsked};
pub use client::{Call, Client};
pub use extension::Extension;
pub use middleware::{Cx, Middleware, MiddlewareEntry, Reply};
pub use outcome::{Outcome, output};
pub use path::OperationPath;
pub use perform::{answered, perform};
pub use registry::{Found, Mounted, Operations};
pub use spec::{Operation, OperationEntry, OperationKind, OperationSpec, Perform};
