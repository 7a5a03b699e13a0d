//! The contract, through the HTTP door, on both stores.

mod bodies;
mod changes;
mod envelopes;
mod fields;
mod hangups;
mod lists;
mod models;
mod people;
mod predicates;
mod references;
mod repeats;
mod routes;
mod sameness;
mod scopes;
mod secrets;
mod statuses;
mod tables;
mod totals;
mod updates;
mod versions;
mod walks;

use models::app;
