//! Tasks, crons and operations of an application, on both stores.

mod app;
mod backlog;
mod crons;
mod effect;
mod failures;
mod hooks;
mod keys;
mod operations;
mod reports;
mod running;
mod scheduling;
mod spawning;
mod versions;
