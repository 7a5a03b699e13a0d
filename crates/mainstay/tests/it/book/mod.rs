//! What the book's pages show, compiled and run. Each piece of Rust in `docs/` stands somewhere in here, in an
//! example or in a template, word by word: a rule of the repository's shape looks for it.

#![allow(unreachable_pub, reason = "the pages show what applications write")]

mod background;
mod configuration;
mod discovery;
mod endpoints;
mod hooks;
mod migrations;
mod models;
mod openapi;
mod upgrades;
