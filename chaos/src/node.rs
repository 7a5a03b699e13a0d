//! One process of the application, which can be killed, stopped and started again.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mainstay_kernel::{Failpoint, SeededBug};

use crate::wire::PREFIX;

/// How long a process may take to get ready, and to end.
const PATIENCE: Duration = Duration::from_secs(40);

/// How a process is started, each time anew.
pub(crate) struct Launch {
    /// Its project root.
    pub(crate) root: PathBuf,
    /// Its database, where it is not the default one.
    pub(crate) url: Option<String>,
    /// Its broker, where it has one.
    pub(crate) broker: Option<String>,
    /// The bug that it has.
    pub(crate) bug: Option<SeededBug>,
    /// Where its log goes.
    pub(crate) log: PathBuf,
}

/// Where a process is to die.
pub(crate) type Deadly = Option<(Failpoint, u32)>;

/// A process that serves; killed when dropped.
pub(crate) struct Node {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// What became of a start.
pub(crate) enum Started {
    Ready(Node),
    /// It ended before it was ready.
    Ended(ExitStatus),
}

impl Launch {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(&self, deadly: Deadly) -> Result<Started> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("MAINSTAY_ROOT", &self.root)
            .env("PORT", "0")
            .env("LOG", "info")
            .env("LOG_FORMAT", "pretty");
        command.env("DATABASE_POOL_SIZE", "8").env("DATABASE_SHARED_CONNECTIONS", "2");
        command.envs(self.url.iter().map(|url| ("DATABASE_URL", url)));
        command
            .envs(self.broker.iter().flat_map(|url| [("NATS_URL", url.as_str()), ("NATS_PREFIX", PREFIX)]));
        command.envs(self.bug.map(|bug| ("MAINSTAY_CHAOS_BUG", bug.name())));
        if let Some((point, times)) = deadly {
            command.env("MAINSTAY_CHAOS_FAILPOINT", format!("{}:{times}", point.name()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().context("the application could not be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("it was piped")?).lines();
        let ready = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.trim().to_owned()));
        match ready {
            Some(address) => {
                // Whoever has nobody to read from it cannot write to it.
                thread::spawn(move || lines.for_each(drop));
                Ok(Started::Ready(Node { child, address: address.parse()? }))
            }
            None => Ok(Started::Ended(child.wait()?)),
        }
    }

    /// Starts it to stay.
    pub(crate) fn start_well(&self) -> Result<Node> {
        match self.start(None)? {
            Started::Ready(node) => Ok(node),
            Started::Ended(status) => {
                bail!("the application did not start ({status}): see {}", self.log.display())
            }
        }
    }
}

impl Node {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let status = Command::new("kill").args([signal, &self.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { bail!("`kill {signal}` of the process {} failed", self.id()) }
    }

    /// Ends it at once, as a lost machine would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits up to `limit` for its end.
    pub(crate) fn ended_within(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(Some(status)),
                None if Instant::now() >= end => return Ok(None),
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.signal("-TERM")?;
        match self.ended_within(PATIENCE)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("the application ended badly: {status}"),
            None => bail!("the application does not end"),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process died at a point of its own.
pub(crate) fn has_aborted(status: ExitStatus) -> bool {
    const SIGABRT: i32 = 6;
    status.signal() == Some(SIGABRT)
}
