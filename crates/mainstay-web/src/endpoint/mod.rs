//! Endpoints: functions under `#[endpoint]`, from a request to its answer.
//!
//! A request's way: middleware and request hooks around it ([`Next`]), the caller and whom the endpoint admits,
//! each argument read from the request ([`argument`]), the function itself, in a transaction where it asks for
//! one ([`writes`]), and what it gave as a response ([`answer`]).

mod answer;
mod argument;
mod caller;
mod client;
mod context;
mod describe;
mod entry;
mod fault;
mod json;
mod kept;
mod middleware;
mod path;
mod perform;
mod query;
mod request_hook;
mod spec;
mod write;

pub use answer::{Answer, AsData, AsResponse, Created, Fallible, answer};
pub use argument::{Argument, Input, OfBody, OfHead, Output, argument};
pub use caller::{Auth, Role, identified, identity};
pub use client::{Client, TraceId};
pub use context::RequestCx;
pub use describe::{Described, Describing, Documented, Param, ParamIn, Payload};
#[doc(hidden)]
pub use describe::{Known, Probe, Undocumented};
pub use entry::{Endpoint, EndpointEntry};
pub use middleware::{Middleware, MiddlewareEntry, Next};
pub use path::Path;
pub use perform::{Extract, plain, reads};
pub use query::Query;
pub use request_hook::{Around, Moment, RequestHook, RequestHookEntry};
pub use spec::{Admits, Checked, Method, Replay, Spec, Stands};
pub use write::writes;

/// A future of its own.
pub type Boxed<'a, T> = mainstay_kernel::Boxed<'a, T>;

pub(crate) use kept::{replayed, response};

#[doc(hidden)]
pub use axum::response::Response;
#[doc(hidden)]
pub use mainstay_kernel::{Place, Result};
