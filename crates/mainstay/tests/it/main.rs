//! The contract, through the HTTP door, on both stores.

mod bodies;
mod changes;
mod dice;
mod differential;
mod elsewhere;
mod envelopes;
mod expanding;
mod fields;
mod hangups;
mod hooks;
mod kinds;
mod lists;
mod models;
mod newcomers;
mod operators;
mod patches;
mod people;
mod predicates;
mod references;
mod removals;
mod repeats;
mod routes;
mod sameness;
mod scopes;
mod secrets;
mod statuses;
mod steps;
mod tables;
mod totals;
mod undeclared;
mod updates;
mod versions;
mod walks;
mod writers;

use models::app;
