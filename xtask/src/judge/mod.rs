//! Outside judges: programs that know nothing of us hold examples against their contracts, on each store.

mod api;
mod nats;
mod server;
mod store;
mod tools;

use std::fs;

use anyhow::Result;
use clap::ValueEnum;

use crate::process;

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The blog's answers, against its OpenAPI document.
    Api,
    /// The sign-up flow over NATS, by published clients.
    Nats,
}

/// Every judge of these parts, or of all.
pub(crate) fn run(parts: &[Part]) -> Result<()> {
    let parts = if parts.is_empty() { Part::value_variants() } else { parts };
    let folder = process::target().join("judge");
    fs::create_dir_all(&folder)?;
    for part in parts {
        match part {
            Part::Api => api::run(&folder)?,
            Part::Nats => nats::run(&folder)?,
        }
    }
    Ok(())
}
