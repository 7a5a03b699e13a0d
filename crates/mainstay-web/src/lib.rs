//! The axum edge: what stands between the socket and the handlers. It knows nothing of SQL.
//!
//! A request's way: [`Server`] accepts the connection and bounds its head; [`EdgeService`] names the
//! request, refuses what no handler should see, bounds the body, lets the router answer, catches
//! panics and turns every error into the one envelope.

mod accept_backoff;
mod access_log;
mod answering;
mod body_limit;
mod client_address;
mod compression;
mod connection;
mod cors;
pub mod crud;
mod deadline;
mod edge;
pub mod endpoint;
mod env;
mod envelope;
mod error;
mod error_page;
mod exchange;
mod extension;
mod fuzz;
mod head_timer;
mod health;
mod http_metrics;
mod nearest;
mod negotiation;
pub mod openapi;
pub mod ops;
pub mod overview;
mod rate_limit;
mod recent;
pub mod reference;
mod repeat;
mod request_id;
pub mod respond;
mod route;
mod route_entry;
mod sending;
mod server;
mod shutdown;
mod site;
mod socket;
mod state;
mod status;
mod target;
mod trace_context;

pub use access_log::{ACCESS_LOG, AccessLine, AccessLines, AccessLog};
pub use body_limit::BodyLimit;
pub use client_address::Cidr;
pub use cors::{OriginError, TrustedOrigins};
pub use edge::{Compression, Edge, EdgeConfig, EdgeService};
pub use env::Env;
pub use error::ApiError;
pub use exchange::{CallerId, Exchange, UNMATCHED};
#[doc(hidden)]
pub use fuzz::{fuzz_if_match, fuzz_json_body, fuzz_list_parameters, fuzz_patch, fuzz_query, fuzz_search};
pub use health::{Boot, CheckConfig, CheckResult, Health, Manifest, OperatorAccess, Readiness, TokenDigest};
pub use http_metrics::Metrics;
pub use prometheus_client;
pub use request_id::{RequestId, X_REQUEST_ID};
pub use route_entry::{RouteEntry, Serves, Terms};
pub use server::{BindError, Server, ServerConfig};
pub use shutdown::Shutdown;
pub use site::Site;
pub use state::{State, States};
pub use trace_context::{TRACEPARENT, TRACESTATE, TraceContext};
