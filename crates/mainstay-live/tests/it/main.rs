//! Live queries on both stores, through the crate's public API.

#[path = "../../../mainstay/tests/it/dice.rs"]
mod dice;
mod feed;
mod hints;
mod images;
mod models;
mod oracle;
mod resets;
