//! A server under callgrind: what a request costs it in instructions, whatever else the machine does.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::answer::{Answer, parse};
use crate::folder;
use crate::server::Server;

/// Requests before those that count: they prepare statements and fill what is reused.
const WARM_UP: u32 = 200;
/// Requests that count.
const COUNTED: u32 = 1000;

/// What one request costs.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    /// Instructions in user space.
    pub(crate) instructions: u64,
    /// Calls of the allocator that give memory.
    pub(crate) allocations: f64,
    /// Instructions by the crate that they were written in, wherever they were inlined.
    pub(crate) crates: BTreeMap<String, u64>,
}

/// Starts the server that `command` is under callgrind and counts what one client's requests cost it.
pub(crate) fn count(name: &str, command: &Command, request: &dyn Fn(&mut Vec<u8>)) -> Result<Cost> {
    let profile = folder()?.join(format!("{name}.callgrind"));
    let server = Server::start(name, &mut under_callgrind(command, &profile))?;
    let mut client = TcpStream::connect(server.address)?;
    client.set_nodelay(true)?;
    tell(server.id(), "instrumentation on")?;
    ask(&mut client, WARM_UP, request)?;
    tell(server.id(), "zero")?;
    ask(&mut client, COUNTED, request)?;
    tell(server.id(), "dump")?;
    let first = PathBuf::from(format!("{}.1", profile.display()));
    let text = fs::read_to_string(&first).with_context(|| format!("no profile at {}", first.display()))?;
    read(&text)
}

fn under_callgrind(command: &Command, profile: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--instr-atstart=no", "--quiet"]);
    valgrind.arg(format!("--callgrind-out-file={}", profile.display()));
    valgrind.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => valgrind.env(name, value),
            None => valgrind.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        valgrind.current_dir(folder);
    }
    valgrind
}

/// Gives an order to valgrind in the process.
fn tell(process: u32, order: &str) -> Result<()> {
    let status = Command::new("vgdb")
        .args([&format!("--pid={process}"), "-c", order])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("vgdb, which comes with valgrind, could not be started")?;
    if status.success() { Ok(()) } else { bail!("callgrind did not take `{order}`") }
}

fn ask(client: &mut TcpStream, times: u32, request: &dyn Fn(&mut Vec<u8>)) -> Result<()> {
    let (mut sent, mut answer, mut chunk) = (Vec::new(), Vec::new(), [0; 32 * 1024]);
    for _ in 0..times {
        sent.clear();
        answer.clear();
        request(&mut sent);
        client.write_all(&sent)?;
        loop {
            let read = client.read(&mut chunk)?;
            answer.extend_from_slice(&chunk[..read]);
            match parse(&answer)? {
                Answer::Partial if read > 0 => {}
                Answer::Complete { status: 200..=299, .. } => break,
                Answer::Partial | Answer::Complete { .. } => {
                    bail!("answered: {}", String::from_utf8_lossy(&answer))
                }
            }
        }
    }
    Ok(())
}

/// Reads a profile in callgrind's format, in which a name stands once beside its number.
fn read(profile: &str) -> Result<Cost> {
    let mut names = Names::default();
    let (mut file, mut object, mut called) = (String::new(), String::new(), String::new());
    let (mut total, mut allocations) = (0, 0);
    let mut by_crate = BTreeMap::<String, u64>::new();
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        let (key, value) = line.split_once('=').unwrap_or(("", line));
        match key {
            "ob" => object = names.resolve("ob", value),
            "fl" | "fi" | "fe" => file = names.resolve("fl", value),
            "fn" => drop(names.resolve("fn", value)),
            "cob" => drop(names.resolve("ob", value)),
            "cfi" | "cfl" => drop(names.resolve("fl", value)),
            "cfn" => called = names.resolve("fn", value),
            "calls" => {
                let count = value.split(' ').next().unwrap_or_default();
                if ["malloc", "calloc", "realloc", "posix_memalign"].contains(&called.as_str()) {
                    allocations += count.parse::<u64>()?;
                }
                // What the callee cost, which stands in its own lines too.
                lines.next();
            }
            "" => {
                let cost = value.split_once(' ').filter(|(line, _)| !line.ends_with(':'));
                let Some(cost) = cost.and_then(|(_, cost)| cost.parse::<u64>().ok()) else { continue };
                total += cost;
                *by_crate.entry(crate_of(&file, &object)).or_default() += cost;
            }
            _ => {}
        }
    }
    let crates = by_crate.into_iter().map(|(name, cost)| (name, cost / u64::from(COUNTED))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of allocations is far below 2^52")]
    let allocations = allocations as f64 / f64::from(COUNTED);
    Ok(Cost { instructions: total / u64::from(COUNTED), allocations, crates })
}

/// `(7) malloc` names number 7; `(7)` is that name again.
#[derive(Default)]
struct Names(HashMap<(&'static str, String), String>);

impl Names {
    fn resolve(&mut self, kind: &'static str, text: &str) -> String {
        let (number, name) = text.split_once(' ').unwrap_or((text, ""));
        let known = self.0.entry((kind, number.to_owned())).or_insert_with(|| name.to_owned());
        known.clone()
    }
}

/// The crate that a source file belongs to; the library, where there is no source.
fn crate_of(file: &str, object: &str) -> String {
    let folders: Vec<_> = file.split('/').collect();
    let after = |name: &str| folders.iter().position(|it| *it == name).and_then(|at| folders.get(at + 1));
    if file.contains("/rustc/") {
        return "std".to_owned();
    }
    if let Some(package) =
        folders.iter().rposition(|it| *it == "src").and_then(|at| folders.get(at.checked_sub(1)?))
    {
        // `hyper-1.12.0`, without its version.
        return match package.rsplit_once('-') {
            Some((name, version)) if version.starts_with(|it: char| it.is_ascii_digit()) => name.to_owned(),
            _ => (*package).to_owned(),
        };
    }
    after("crates").map_or_else(
        || Path::new(object).file_name().map_or("?".into(), |it| it.to_string_lossy()).into_owned(),
        |name| (*name).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_summed_by_the_crate_of_each_line_and_what_is_called_counts_once() {
        let profile = "ob=(1) /bench\nfl=(1) /registry/hyper-1.12.0/src/a.rs\nfn=(1) a\n10 3000\n\
                       fi=(2) crates/mainstay-web/src/edge.rs\n+2 5000\ncob=(2) /lib/libc.so.6\ncfi=(3) ???\n\
                       cfn=(2) malloc\ncalls=2000 0 \n* 4000\nob=(2)\nfl=(3)\nfn=(2)\n0 4000\ntotals: 12000\n";
        let cost = read(profile).unwrap();
        assert_eq!(cost.instructions, 12);
        assert!((cost.allocations - 2.0).abs() < f64::EPSILON);
        let crates: Vec<_> = cost.crates.iter().map(|(name, cost)| (name.as_str(), *cost)).collect();
        assert_eq!(crates, [("hyper", 3), ("libc.so.6", 4), ("mainstay-web", 5)]);
    }
}
