//! What both stores must do alike, through the kernel's public API.

mod backlog;
mod changes;
mod conformance;
mod control_lines;
mod raw;
mod repeats;
mod stores;
mod tasks;
mod traces;
mod trails;
mod transactions;
mod values;
