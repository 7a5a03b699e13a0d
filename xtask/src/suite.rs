//! Running tests: the whole suite, fuzz targets, soak tests, benchmarks, continuous integration.

use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};

use crate::{
    process,
    services::{self, Service},
    tools::{self, Tool},
};

/// Every test with nextest, then, without filters, the documentation's examples.
pub(crate) fn test(filters: &[String]) -> Result<()> {
    let mut nextest = nextest()?;
    process::run(nextest.args(filters))?;
    if filters.is_empty() {
        process::run(process::cargo().args(["test", "--doc", "--workspace", "--quiet"]))?;
    }
    Ok(())
}

/// One benchmark by name.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let mut bench = process::cargo();
    bench.args(["run", "--profile", "bench", "--package", "bench", "--"]).args(arguments);
    process::run(&mut bench)
}

/// The target `fuzz_NAME`: guided by coverage where nightly and cargo-fuzz are installed, else the
/// test of that name with its own byte generator.
pub(crate) fn fuzz(name: &str, seconds: u64) -> Result<()> {
    let name = name.strip_prefix("fuzz_").unwrap_or(name);
    let target = process::root().join(format!("fuzz/fuzz_targets/{name}.rs"));
    if target.is_file() && has_nightly() && Tool::Fuzz.is_installed() {
        println!("fuzz: cargo-fuzz on nightly, guided by coverage, {seconds} s");
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(process::root()).args(["+nightly", "fuzz", "run", name, "--"]);
        return process::run(fuzz.arg(format!("-max_total_time={seconds}")));
    }
    // From the wall clock, so that every run is another one; printed, so that it can be repeated.
    let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    println!("fuzz: random bytes on the stable toolchain, {seconds} s, MAINSTAY_FUZZ_SEED={seed}");
    println!("      (guided by coverage with a nightly toolchain and `cargo install cargo-fuzz`)");
    let mut nextest = nextest()?;
    nextest.env("MAINSTAY_FUZZ_SECONDS", seconds.to_string()).env("MAINSTAY_FUZZ_SEED", seed.to_string());
    process::run(nextest.args(["--profile", "long", &format!("fuzz_{name}")]))
        .with_context(|| format!("looked for a test named `fuzz_{name}`"))
}

/// The tests named `soak_NAME`, for this long each.
pub(crate) fn soak(name: &str, seconds: u64) -> Result<()> {
    let name = name.strip_prefix("soak_").unwrap_or(name);
    let mut nextest = nextest()?;
    nextest.env("MAINSTAY_SOAK_SECONDS", seconds.to_string());
    process::run(nextest.args(["--profile", "long", &format!("soak_{name}")]))
        .with_context(|| format!("looked for tests named `soak_{name}`"))
}

/// The script of continuous integration.
pub(crate) fn ci() -> Result<()> {
    process::run(Command::new("bash").current_dir(process::root()).arg(".ci/run"))
}

/// `cargo nextest run --workspace` with the services' addresses in its environment.
fn nextest() -> Result<Command> {
    let endpoints = services::ensure(&Service::ALL)?;
    tools::ensure(Tool::Nextest)?;
    let mut nextest = process::cargo();
    nextest.args(["nextest", "run", "--workspace"]).envs(services::test_environment(&endpoints));
    // A test names what it uses: an application under test must not find the developer's services.
    for service in Service::ALL {
        nextest.env_remove(service.variable());
    }
    Ok(nextest)
}

fn has_nightly() -> bool {
    process::succeeds(Command::new("rustup").args(["run", "nightly", "cargo", "--version"]))
}
