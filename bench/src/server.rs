//! A server in a process of its own, ended when it is dropped.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::load::{self, Load};
use crate::rounds::Sample;
use crate::{Options, folder};

/// A server that answers.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to the line that says it is ready.
    pub(crate) start: Duration,
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the command and waits for the line that names `http://127.0.0.1:PORT`. Its log goes to
    /// `target/bench/NAME.log`.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let log = folder()?.join(format!("{name}.log"));
        let begun = Instant::now();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        let mut output = BufReader::new(process.stdout.take().context("it was piped")?);
        let address =
            address(&mut output).with_context(|| format!("{name} did not start: see {}", log.display()));
        let start = begun.elapsed();
        match address {
            Ok(address) => Ok(Self { process, address, start, _output: output }),
            Err(error) => {
                // It may have ended by itself.
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// Measures it under one kind of request.
    pub(crate) fn measure(
        &self,
        options: &Options,
        clients: usize,
        request: &dyn Fn(&mut Vec<u8>),
    ) -> Result<Sample> {
        let before = self.processor_time()?;
        let load = Load { address: self.address, clients, time: options.time(), request };
        let served = load::put(&load)?;
        let used = self.processor_time()?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
        let answers = served.answers as f64;
        Ok(Sample {
            rate: answers / served.time.as_secs_f64(),
            cpu_micros: Some(used.as_secs_f64() * 1e6 / answers),
        })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Memory that it holds, in bytes.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(self.proc("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
    }

    /// Time on a processor so far, of user and of system.
    fn processor_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(self.proc("stat"))?;
        // proc(5): fields 14 and 15, counted after the name, which may hold spaces.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 =
            after.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.process.id()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By the signal that orchestrators send, so that files are closed; then for good.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(12);
        while Instant::now() < deadline {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn address(output: &mut BufReader<ChildStdout>) -> Result<SocketAddr> {
    let mut line = String::new();
    loop {
        line.clear();
        if output.read_line(&mut line)? == 0 {
            anyhow::bail!("it ended without a word");
        }
        if let Some((_, rest)) = line.split_once("http://") {
            let end =
                rest.find(|it: char| !it.is_ascii_digit() && it != '.' && it != ':').unwrap_or(rest.len());
            return rest[..end].parse().with_context(|| format!("no address in `{}`", line.trim()));
        }
    }
}
