//! The edge over real sockets and as a service.

mod access_lines;
mod application;
mod compressed;
mod cross_origin;
mod draining;
mod errors;
mod identity;
mod limits;
mod operators;
mod targets;
mod wire;
