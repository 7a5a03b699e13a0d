//! The shop as processes, of either version.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use mainstay::kernel::{Db, Id};
use tokio::task::spawn_blocking;

/// A build of the shop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Version {
    Before,
    After,
}

/// What all processes have in common, as in production.
#[derive(Clone)]
pub(crate) struct Deployment(Arc<Settings>);

struct Settings {
    root: PathBuf,
    database: String,
    broker: String,
    prefix: String,
}

/// A process that serves; killed when dropped.
pub(crate) struct Node {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Deployment {
    pub(crate) async fn new(root: PathBuf, db: &Db) -> Self {
        let broker = std::env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned());
        let prefix = format!("test-{}", Id::<Db>::new());
        Self(Arc::new(Settings { root, database: schema_of(db).await, broker, prefix }))
    }

    pub(crate) fn broker(&self) -> &str {
        &self.0.broker
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    fn command(&self, version: Version, words: &[&str]) -> Command {
        let mut command = Command::new(match version {
            Version::Before => env!("CARGO_BIN_EXE_shop-before"),
            Version::After => env!("CARGO_BIN_EXE_shop-after"),
        });
        let secret = "of the test, and of nobody else, for sure";
        command.env_clear().env("MAINSTAY_ROOT", &self.0.root).env("MAINSTAY_ENV", "production");
        command.env("AUTH_JWT_SECRET", secret).env("AUTH_SECRET", secret).env("LOG", "error");
        command.env("HOST", "127.0.0.1").env("PORT", "0");
        command.env("DATABASE_POOL_SIZE", "6").env("DATABASE_SHARED_CONNECTIONS", "1");
        command.env("DATABASE_URL", &self.0.database);
        command.env("NATS_URL", &self.0.broker).env("NATS_PREFIX", &self.0.prefix);
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Makes what the tables lack for this version.
    pub(crate) async fn migrate(&self, version: Version) {
        let mut command = self.command(version, &["migrate", "up"]);
        let done = spawn_blocking(move || command.output()).await.expect("it ends").expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts a process with these roles and waits until it serves.
    pub(crate) async fn start(&self, version: Version, roles: &str) -> Node {
        let mut command = self.command(version, &["serve", "--roles", roles]);
        let starting = spawn_blocking(move || {
            let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
            let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
            let ready = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned()));
            let address = ready.expect("it gets ready").parse().expect("an address");
            Node { child, address }
        });
        starting.await.expect("it gets ready")
    }
}

impl Node {
    /// Asks it to stop, and waits until it has ended what it had begun.
    pub(crate) async fn stop(mut self) {
        let stopping = spawn_blocking(move || {
            let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            assert!(told.expect("kill").success());
            self.child.wait().expect("it was started")
        });
        let ended = stopping.await.expect("it stops");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The test's own schema, as an address for other processes.
async fn schema_of(db: &Db) -> String {
    let schema: Option<String> =
        db.reader().sql("SELECT current_schema()::text").one().await.expect("it answers");
    let server = std::env::var("TEST_DATABASE_URL").expect("the harness found it");
    let between = if server.contains('?') { '&' } else { '?' };
    format!("{server}{between}options=-c%20search_path%3D{}", schema.expect("the test's own"))
}
