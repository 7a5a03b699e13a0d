//! The processes of one trial, what they stand on, and what clients know of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mainstay_kernel::{SeededBug, StoreUrl};
use tempfile::TempDir;

use crate::broker::Broker;
use crate::client::{ACCOUNTS, account};
use crate::deployment::{Deployment, Store, Way};
use crate::disk::SmallDisk;
use crate::fleet::Fleet;
use crate::history::{Answer, Call, Op, State};
use crate::node::{Deadly, Launch, Node, Started};
use crate::server::Server;
use crate::store::Database;
use crate::wire::http;

/// How long the application may take to answer again, and to do what is left.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What is in each account at first.
pub(crate) const OPENING_BALANCE: i64 = 100;

/// Which disk a SQLite file is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    Usual,
    Small,
}

/// All that a trial breaks.
pub(crate) struct World<'f> {
    pub(crate) deployment: Deployment,
    pub(crate) fleet: &'f Fleet,
    pub(crate) dice: fastrand::Rng,
    pub(crate) server: Option<Server>,
    pub(crate) broker: Option<Broker>,
    pub(crate) disk: Option<SmallDisk>,
    /// How long it took until the tasks of a process that was killed were done by others.
    pub(crate) recoveries: Vec<Duration>,
    nodes: Vec<Option<Node>>,
    launches: Vec<Launch>,
    folder: TempDir,
}

impl<'f> World<'f> {
    /// Starts the application.
    pub(crate) fn open(
        deployment: Deployment,
        fleet: &'f Fleet,
        seed: u64,
        bug: Option<SeededBug>,
        disk: Disk,
    ) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = TempDir::with_prefix_in("trial-", target()?)?;
        fs::create_dir(folder.path().join("logs"))?;
        let server = match deployment.store() {
            Store::Sqlite => None,
            Store::Postgres => Some(Server::open(NUMBER.fetch_add(1, Ordering::Relaxed))?),
        };
        let broker = match deployment.way() {
            Way::Http => None,
            Way::Nats => Some(Broker::start(folder.path(), deployment.nodes())?),
        };
        broker.iter().for_each(|it| fleet.asks_broker(it.address()));
        let launch = |node| launch(folder.path(), server.as_ref(), broker.as_ref(), node, bug);
        let launches = (0..deployment.nodes()).map(launch).collect::<Result<_>>()?;
        let mut world = Self {
            deployment,
            fleet,
            dice: fastrand::Rng::with_seed(seed),
            disk: None,
            recoveries: Vec::new(),
            nodes: (0..deployment.nodes()).map(|_| None).collect(),
            launches,
            server,
            broker,
            folder,
        };
        if disk == Disk::Small {
            world.disk = SmallDisk::mount(&world.launches[0].root.join(".mainstay"))?;
        }
        world.start_all()?;
        world.open_accounts()?;
        Ok(world)
    }

    /// Where clients keep their logs.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// The write-ahead log of a SQLite file.
    pub(crate) fn write_ahead_log(&self) -> PathBuf {
        self.launches[0].root.join(".mainstay/chaos.db-wal")
    }

    fn open_accounts(&self) -> Result<()> {
        let names: Vec<String> = (0..ACCOUNTS).map(account).collect();
        let body = serde_json::json!({ "names": names, "balance": OPENING_BALANCE }).to_string();
        let answer = self.ask(0, "account.open", "opening", &body)?;
        if answer.status == 200 { Ok(()) } else { bail!("the accounts could not be opened: {answer:?}") }
    }

    /// Asks a process.
    pub(crate) fn ask(&self, node: usize, operation: &str, id: &str, body: &str) -> Result<Answer> {
        let node = self.nodes[node].as_ref().context("the process is not there")?;
        Ok(http::post(node.address, &http::path(operation), id, body)?)
    }

    /// One of the processes.
    pub(crate) fn any(&mut self) -> usize {
        self.dice.usize(..self.nodes.len())
    }

    /// A process that is there.
    pub(crate) fn node(&mut self, number: usize) -> Result<&mut Node> {
        self.nodes[number].as_mut().context("the process is not there")
    }

    /// Takes a process out of clients' sight.
    pub(crate) fn take(&mut self, number: usize) -> Result<Node> {
        self.fleet.moves(number, None);
        self.nodes[number].take().context("the process is not there")
    }

    /// Shows clients where a process is, or that it is nowhere to be found.
    pub(crate) fn show(&self, number: usize) {
        self.fleet.moves(number, self.nodes[number].as_ref().map(|it| it.address));
    }

    /// Starts a process that is to die somewhere; `None` when it has before it was ready.
    pub(crate) fn start_deadly(&mut self, number: usize, deadly: Deadly) -> Result<Option<ExitStatus>> {
        match self.launches[number].start(deadly)? {
            Started::Ready(node) => {
                self.nodes[number] = Some(node);
                self.show(number);
                Ok(None)
            }
            Started::Ended(status) => Ok(Some(status)),
        }
    }

    /// Starts whatever does not run.
    pub(crate) fn start_all(&mut self) -> Result<()> {
        for number in 0..self.nodes.len() {
            if self.nodes[number].is_none() {
                self.nodes[number] = Some(self.launches[number].start_well()?);
                self.show(number);
            }
        }
        Ok(())
    }

    /// Waits until so many more requests are answered.
    pub(crate) fn work(&self, requests: u64) -> Result<()> {
        let (goal, end) = (self.fleet.answered() + requests, Instant::now() + PATIENCE);
        while self.fleet.answered() < goal {
            if Instant::now() >= end {
                bail!("for {PATIENCE:?} not even {requests} requests were answered");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Waits until nothing is left to do; whether that came.
    pub(crate) fn drain(&self) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.ask(0, "state.backlog", "", "null").is_ok_and(|it| it.status == 200 && it.body == "0") {
                return true;
            }
            thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Ends the application and reads what it left.
    pub(crate) fn close(&mut self, calls: &BTreeMap<Op, Call>) -> Result<State> {
        for node in self.nodes.drain(..).flatten() {
            node.stop()?;
        }
        let url = match &self.server {
            Some(server) => StoreUrl::Postgres(server.url()),
            None => StoreUrl::SqliteFile(self.launches[0].root.join(".mainstay/chaos.db")),
        };
        let database = Database::open(url)?;
        let state = database.state(calls, self.deployment.way());
        database.close();
        if let Some(server) = self.server.take() {
            server.drop_schema()?;
        }
        state
    }

    /// Keeps the logs of the processes and of the clients.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

fn launch(
    folder: &Path,
    server: Option<&Server>,
    broker: Option<&Broker>,
    node: usize,
    bug: Option<SeededBug>,
) -> Result<Launch> {
    let root = folder.join(format!("node-{node}"));
    fs::create_dir(&root)?;
    // The first one can be cut off.
    let url = server.map(|it| if node == 0 { it.url_through_proxy() } else { it.url() });
    let broker = broker.map(|it| it.url_through_proxy(node));
    Ok(Launch { root, url, broker, bug, log: folder.join(format!("node-{node}.log")) })
}

/// `target/chaos`
pub(crate) fn target() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let folder = root().join(target).join("chaos");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}
