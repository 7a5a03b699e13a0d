//! Servers of our own, on free ports, with their files under `target/services`.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::postgres::{self, Cluster};
use super::{Service, probe};
use crate::process;

const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// Where pid files, addresses, logs and data live.
pub(crate) fn folder() -> PathBuf {
    process::target().join("services")
}

/// The URL of one that an earlier run started, if it still answers.
pub(crate) fn running(service: Service) -> Option<String> {
    let url = fs::read_to_string(file(service, "url")).ok()?;
    probe::first_that_answers(service, &[url])
}

/// Starts one, installing its Debian package where its program is missing, and returns its URL.
pub(crate) fn start(service: Service) -> Result<String> {
    fs::create_dir_all(folder())?;
    install_if_missing(service)?;
    let port = free_port()?;
    let pid = match service {
        Service::Postgres => Cluster::new("postgres", port)?.start()?,
        Service::Redis => spawn(service, &redis(port))?,
        Service::Nats => spawn(service, &nats(port))?,
    };
    fs::write(file(service, "pid"), pid.to_string())?;
    let urls = service.local_urls(port);
    let url = wait_until(START_LIMIT, || probe::first_that_answers(service, &urls))
        .with_context(|| format!("{} does not answer, see {}", program(service), log(service).display()))?;
    fs::write(file(service, "url"), &url)?;
    Ok(url)
}

/// Ends the one that `start` started; whether there was one.
pub(crate) fn stop(service: Service) -> Result<bool> {
    let Ok(text) = fs::read_to_string(file(service, "pid")) else { return Ok(false) };
    let pid: u32 = text.trim().parse().with_context(|| format!("`{text}` is not a process id"))?;
    let ours = is_running(pid, program(service));
    if ours {
        // SIGINT is the quick and clean end of all three; `kill` is a builtin of every shell.
        process::run(Command::new("sh").args(["-c", &format!("kill -INT {pid}")]))?;
        wait_until(STOP_LIMIT, || (!is_running(pid, program(service))).then_some(()))
            .with_context(|| format!("{} (process {pid}) does not stop", program(service)))?;
    }
    for ending in ["pid", "url"] {
        // The address is missing where the start failed half-way.
        let _ = fs::remove_file(file(service, ending));
    }
    Ok(ours)
}

/// Asks every 100 ms until there is an answer or the limit is over.
pub(crate) fn wait_until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        match ask() {
            Some(answer) => return Some(answer),
            None if Instant::now() >= end => return None,
            None => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// What the server prints.
pub(crate) fn log(service: Service) -> PathBuf {
    file(service, "log")
}

fn file(service: Service, ending: &str) -> PathBuf {
    folder().join(format!("{}.{ending}", service.name()))
}

/// The server's program and the name of its process.
fn program(service: Service) -> &'static str {
    match service {
        Service::Postgres => "postgres",
        Service::Redis => "redis-server",
        Service::Nats => "nats-server",
    }
}

fn redis(port: u16) -> Vec<String> {
    let fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"];
    fixed.iter().map(ToString::to_string).chain([port.to_string()]).collect()
}

fn nats(port: u16) -> Vec<String> {
    let store = folder().join("nats").display().to_string();
    ["-a", "127.0.0.1", "-js", "-sd", &store, "-p", &port.to_string()].map(str::to_owned).into()
}

/// Starts it in a process group of its own, so that ctrl-c here does not end it.
fn spawn(service: Service, arguments: &[String]) -> Result<u32> {
    let output = fs::File::create(log(service))?;
    let child = Command::new(program(service))
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0)
        .spawn()
        .with_context(|| format!("`{}` could not be started", program(service)))?;
    Ok(child.id())
}

/// Whether this process runs this program: a pid file outlives its process, and the number is used again.
fn is_running(pid: u32, program: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    line("Name:") == Some(program) && !line("State:").is_some_and(|state| state.starts_with('Z'))
}

pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

pub(crate) fn install_if_missing(service: Service) -> Result<()> {
    let is_there = match service {
        Service::Postgres => postgres::programs().is_some(),
        Service::Redis | Service::Nats => process::find(program(service)).is_some(),
    };
    if is_there {
        return Ok(());
    }
    let package = match service {
        Service::Postgres => "postgresql",
        Service::Redis => "redis-server",
        Service::Nats => "nats-server",
    };
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        bail!("`{}` is not installed, and only root on Debian can be helped", program(service));
    }
    println!("{}: installing the Debian package {package}", service.name());
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends", package]);
    // Runlevel 1: the package's own service is not started.
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1"))
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_program_is_not_ours() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let runs_sleep = wait_until(START_LIMIT, || is_running(child.id(), "sleep").then_some(()));
        let runs_postgres = is_running(child.id(), "postgres");
        child.kill().unwrap();
        let is_zombie_running = wait_until(START_LIMIT, || (!is_running(child.id(), "sleep")).then_some(()));
        child.wait().unwrap();
        assert_eq!(runs_sleep, Some(()));
        assert!(!runs_postgres);
        assert_eq!(is_zombie_running, Some(()));
    }

    #[test]
    fn waiting_ends_at_the_limit() {
        assert_eq!(wait_until(Duration::ZERO, || None::<()>), None);
    }
}
