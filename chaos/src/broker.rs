//! A NATS server that may be killed and lose what it has on disk, and a proxy before it for each process.

use std::env;
use std::fs::{self, File};
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mainstay_test::Proxy;

/// How long the server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with JetStream and a store of its own; killed when dropped.
pub(crate) struct Broker {
    /// Before it, one for each process.
    pub(crate) proxies: Vec<Proxy>,
    address: SocketAddr,
    folder: PathBuf,
    server: Option<Child>,
}

impl Broker {
    /// Starts one whose files are in this folder.
    pub(crate) fn start(folder: &Path, nodes: usize) -> Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let proxies = (0..nodes).map(|_| Proxy::before(address.to_string())).collect();
        let mut broker = Self { proxies, address, folder: folder.to_owned(), server: None };
        broker.resume()?;
        Ok(broker)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a process finds it.
    pub(crate) fn url_through_proxy(&self, node: usize) -> String {
        format!("nats://{}", self.proxies[node].address())
    }

    /// Starts it where it was killed, and waits until it answers.
    pub(crate) fn resume(&mut self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            // It ends by itself where the port is somebody's connection at the moment.
            if self.server.as_mut().is_none_or(|it| !matches!(it.try_wait(), Ok(None))) {
                self.server = Some(self.spawn()?);
            }
            if self.greets() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("nats-server does not answer: see {}", self.folder.join("nats.log").display())
    }

    fn spawn(&self) -> Result<Child> {
        let program = env::var_os("MAINSTAY_CHAOS_NATS")
            .context("no NATS server that may be killed: use `cargo xtask chaos`")?;
        let log = File::options().append(true).create(true).open(self.folder.join("nats.log"))?;
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", &self.address.port().to_string(), "-js", "-sd"]);
        command.arg(self.store()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        command.spawn().context("nats-server could not be started")
    }

    fn greets(&self) -> bool {
        let mut said = [0; 4];
        let heard = TcpStream::connect(self.address).and_then(|mut it| it.read_exact(&mut said));
        heard.is_ok() && &said == b"INFO"
    }

    /// Ends it at once, as a lost machine would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut server = self.server.take().context("the broker does not run")?;
        server.kill()?;
        server.wait()?;
        Ok(())
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let server = self.server.as_ref().context("the broker does not run")?;
        let status = Command::new("kill").args([signal, &server.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { bail!("`kill {signal}` of nats-server failed") }
    }

    /// Keeps a copy of what it has on disk, while it does not run.
    pub(crate) fn back_up(&self) -> Result<()> {
        let status = Command::new("cp").arg("-a").arg(self.store()).arg(self.backup()).status()?;
        if status.success() { Ok(()) } else { bail!("the store of nats-server could not be copied") }
    }

    /// Puts the copy in the place of what it has on disk, while it does not run.
    pub(crate) fn put_back(&self) -> Result<()> {
        self.lose()?;
        Ok(fs::rename(self.backup(), self.store())?)
    }

    /// Takes away all that it has on disk, while it does not run.
    pub(crate) fn lose(&self) -> Result<()> {
        Ok(fs::remove_dir_all(self.store())?)
    }

    fn store(&self) -> PathBuf {
        self.folder.join("nats")
    }

    fn backup(&self) -> PathBuf {
        self.folder.join("nats-backup")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
