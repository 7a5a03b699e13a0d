//! A Redis server of our own that writes its log to disk.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::scratch;

/// When what was written is on disk.
#[derive(Clone, Copy)]
pub(super) enum Fsync {
    Always,
    EachSecond,
}

/// The server, ended when dropped.
pub(super) struct Redis {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Redis {
    pub(super) fn start(fsync: Fsync) -> Result<Self> {
        let folder = scratch()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let fsync = match fsync {
            Fsync::Always => "always",
            Fsync::EachSecond => "everysec",
        };
        let mut server = Command::new("redis-server");
        server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]);
        server.arg(folder.path()).args(["--appendonly", "yes", "--appendfsync", fsync]);
        let child = server.stdout(Stdio::null()).spawn().context("redis-server is needed")?;
        let redis = Self { port, child, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                bail!("redis-server does not answer");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
