//! The control socket: commands for the process that owns the database, from a terminal beside it.
//!
//! One request is one JSON line, `{"args":["seed","--posts","10"]}` or `{"handover":true}`, answered by
//! lines of JSON, each a [`Frame`], until an exit code ends it. The socket is a Unix socket of mode
//! 0600, and another user's process is refused whatever the mode.

mod client;
mod frame;
mod place;
mod server;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use client::ControlClient;
pub use frame::Frame;
pub use server::{ControlServer, Handler};

use crate::Error;

fn failed(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::internal(format!("the control socket {} cannot be used: {why}", path.display()))
}
