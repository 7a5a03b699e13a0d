//! Over a NATS server with JetStream: `TEST_NATS_URL`, or the standard port of this machine.

mod app;
mod broker;
mod client;
mod cluster;
mod commit_hints;
mod connection;
mod entrance;
mod messages;
mod paused;
mod recovery;
mod requests;
mod server;
mod tasks;
mod topology;
