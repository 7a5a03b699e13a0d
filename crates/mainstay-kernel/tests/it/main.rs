//! What both stores must do alike, through the kernel's public API.

mod conformance;
mod repeats;
mod stores;
mod transactions;
mod values;
