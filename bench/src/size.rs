//! P12: what `examples/blog` takes on SQLite: memory, disk, time to start.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use crate::rounds::median;
use crate::{Options, example, folder, request, scratch, table};

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    example::run(&mut example::cargo(&["build", "--release", "--package", "blog"]))?;
    let target = folder()?;
    let binary = target.parent().unwrap_or(&target).join("release/blog");
    let hello = request::get("/v1/hello");
    let (mut first, mut again, mut idle, mut used) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let folder = scratch()?;
        let new = example::start(&mut Command::new(&binary), folder.path())?;
        first.push(new.start.as_secs_f64() * 1000.0);
        drop(new);
        let server = example::start(&mut Command::new(&binary), folder.path())?;
        again.push(server.start.as_secs_f64() * 1000.0);
        sleep(Duration::from_secs(1));
        idle.push(mebibytes(server.memory()?));
        server.measure(options, 64, &hello)?;
        used.push(mebibytes(server.memory()?));
    }
    let row = |what: &str, values: Vec<f64>, unit: &str, target: &str| {
        let (least, most) = values
            .iter()
            .fold((f64::INFINITY, 0.0), |(least, most), &it| (f64::min(least, it), f64::max(most, it)));
        let middle = median(values.into_iter());
        vec![what.to_owned(), format!("{middle:.1} {unit} ({least:.1}–{most:.1})"), target.to_owned()]
    };
    let size = mebibytes(std::fs::metadata(&binary)?.len());
    let rows = [
        row("memory, idle after start (RSS)", idle, "MiB", "≤ 30 MiB"),
        row("memory after a load of 64 clients (RSS)", used, "MiB", ""),
        row("binary, release, stripped", vec![size], "MiB", "≤ 30 MiB"),
        row("start to the ready line, existing database", again, "ms", "≤ 200 ms"),
        row("start to the ready line, new database", first, "ms", "≤ 200 ms"),
    ];
    table::print("P12: `examples/blog` on SQLite", &["", "median (least–most)", "target"], &rows);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
