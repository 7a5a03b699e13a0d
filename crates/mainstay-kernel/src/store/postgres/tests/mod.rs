//! Against a real server: one fresh schema for each test.

mod capture;
mod changes;
mod claims;
mod conflicts;
mod connections;
mod groups;
mod lost;
mod migrations;
mod proxy;
mod reads;
mod single;
mod transactions;
mod trial;
mod values;
