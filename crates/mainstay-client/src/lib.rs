#![doc = include_str!("../README.md")]

mod answer;
mod call;
mod client;
mod operation;

pub use answer::{CallError, Refusal, Undeclared};
pub use call::Call;
pub use client::{Client, ConnectError};
pub use operation::Operation;
