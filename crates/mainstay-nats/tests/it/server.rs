//! NATS servers of a test's own, which may be broken.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with JetStream and a store of its own; killed when dropped.
pub(super) struct Server {
    pub(super) port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

/// A port that is nobody's at the moment.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Says so where there is no such program, and that the test is skipped.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|it| it.join(name)).find(|it| it.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no `{name}` on PATH");
        eprintln!("skipped: there is no `{name}` on PATH");
    }
    found
}

impl Server {
    /// One with these settings beside its port and its store, as its file of configuration has them. Nothing where there
    /// is no `nats-server`.
    pub(super) fn start(settings: &str) -> Option<Self> {
        Self::start_at(free_port(), settings)
    }

    pub(super) fn start_at(port: u16, settings: &str) -> Option<Self> {
        program("nats-server")?;
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self { port, folder, child: None };
        let store = server.folder().join("store");
        let written = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n{settings}\n",
            store.display()
        );
        fs::write(server.folder().join("nats.conf"), written).expect("it is written");
        server.resume();
        Some(server)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Starts it where it was killed, and waits until it answers.
    pub(super) fn resume(&mut self) {
        let log = File::options().append(true).create(true).open(self.folder().join("log")).expect("a log");
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(self.folder().join("nats.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().expect("it starts"));
        let end = Instant::now() + PATIENCE;
        while !self.greets() {
            let ended = self.child.as_mut().map(|it| it.try_wait().expect("it was started"));
            let log = || fs::read_to_string(self.folder().join("log")).unwrap_or_default();
            assert!(ended == Some(None) && Instant::now() < end, "it does not answer: {}", log());
            std::thread::yield_now();
        }
    }

    fn greets(&self) -> bool {
        let mut said = [0; 4];
        let heard =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).and_then(|mut it| it.read_exact(&mut said));
        heard.is_ok() && &said == b"INFO"
    }

    /// Ends it at once, as a lost machine would.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Takes away all that it has on disk, while it does not run.
    pub(super) fn lose(&self) {
        fs::remove_dir_all(self.folder().join("store")).expect("it is there");
    }

    /// Sends it a signal, such as `-STOP`.
    pub(super) fn signal(&self, signal: &str) {
        let child = self.child.as_ref().expect("it runs");
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
