//! `cargo xtask chaos`: the crate of that name, a PostgreSQL that it may crash, and the NATS server that it starts.

use anyhow::{Context, Result};

use crate::process;
use crate::services::postgres::Cluster;
use crate::services::{Service, private};

/// Runs it with these arguments. The server is its own, and ends with it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut build = process::cargo();
    process::run(build.args(["build", "--package", "chaos", "--features", "faults"]))?;
    private::install_if_missing(Service::Postgres)?;
    private::install_if_missing(Service::Nats)?;
    let port = private::free_port()?;
    let cluster = Cluster::new("chaos", port)?;
    // One that a run left which was killed.
    process::succeeds(&mut cluster.stopping("immediate"));
    cluster.start()?;
    let mut chaos = process::cargo();
    chaos.args(["run", "--quiet", "--package", "chaos", "--features", "faults", "--"]).args(arguments);
    chaos.env("MAINSTAY_CHAOS_POSTGRES", format!("postgres://postgres@127.0.0.1:{port}/test"));
    chaos.env("MAINSTAY_CHAOS_POSTGRES_CRASH", process::shell(&cluster.stopping("immediate")));
    chaos.env("MAINSTAY_CHAOS_POSTGRES_START", process::shell(&cluster.starting()));
    let nats = process::find("nats-server").context("nats-server is not on PATH")?;
    chaos.env("MAINSTAY_CHAOS_NATS", nats);
    let ran = process::run(&mut chaos);
    process::run(&mut cluster.stopping("fast"))?;
    ran
}
