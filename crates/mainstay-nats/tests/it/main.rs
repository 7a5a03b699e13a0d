//! Over a NATS server with JetStream: `TEST_NATS_URL`, or the standard port of this machine.

mod app;
mod broker;
mod client;
mod commit_hints;
mod connection;
mod messages;
mod requests;
mod tasks;
mod topology;
