//! What is asked of the databases themselves, past the application.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use mainstay_kernel::{Caller, Db, DbOptions, Reader, Request, Statement, StoreUrl, Tx};
use serde_json::Value;

use crate::deployment::{Way, posted};
use crate::history::{Call, Deed, Kept, Op, State};

const END_BACKENDS: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
     WHERE application_name = ? AND state <> 'idle'";
const OWNED: &str = "SELECT id FROM mainstay_task WHERE owner IN \
     (SELECT id FROM mainstay_node WHERE name LIKE ?)";
const LEFT: &str = "SELECT COUNT(*) FROM mainstay_task WHERE id = ?";

/// A connection to a database, beside the application's own.
pub(crate) struct Database {
    runtime: tokio::runtime::Runtime,
    db: Db,
}

impl Database {
    pub(crate) fn open(url: StoreUrl) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let options = DbOptions { pool_size: 1, shared_connections: 1, ..DbOptions::new(url) };
        let db = runtime.block_on(Db::open(options))?;
        Ok(Self { runtime, db })
    }

    /// Runs a statement.
    pub(crate) fn run(&self, text: String) -> Result<()> {
        let statement = Statement::new(text);
        let ran = self.db.write_unbounded(async |tx: &mut Tx| tx.execute(&statement).await.map(drop));
        Ok(self.runtime.block_on(ran)?)
    }

    /// Ends the connections of an application that are at work; how many.
    pub(crate) fn end_backends(&self, application: &str) -> Result<i64> {
        let reader = self.db.reader();
        let ended = reader.sql(END_BACKENDS).bind(application).one::<i64>();
        Ok(self.runtime.block_on(ended)?.unwrap_or_default())
    }

    /// The tasks that a process holds.
    pub(crate) fn owned_by(&self, process: u32) -> Result<Vec<String>> {
        let reader = self.db.reader();
        let owned = reader.sql(OWNED).bind(format!("%:{process}")).all::<mainstay_kernel::work::TaskId>();
        Ok(self.runtime.block_on(owned)?.iter().map(ToString::to_string).collect())
    }

    /// Whether a task is there.
    pub(crate) fn has_task(&self, id: &str) -> Result<bool> {
        let id: mainstay_kernel::work::TaskId = id.parse()?;
        let reader = self.db.reader();
        let left = reader.sql(LEFT).bind(id).one::<i64>();
        Ok(self.runtime.block_on(left)?.unwrap_or_default() > 0)
    }

    /// What is there in the end.
    pub(crate) fn state(&self, calls: &BTreeMap<Op, Call>, way: Way) -> Result<State> {
        self.runtime.block_on(read(&self.db.reader(), calls, way))
    }

    pub(crate) fn close(self) {
        self.runtime.block_on(self.db.stop(Duration::from_secs(5)));
    }
}

async fn read(reader: &Reader, calls: &BTreeMap<Op, Call>, way: Way) -> Result<State> {
    let mut state = State::default();
    results(reader, calls, way, &mut state).await?;
    for row in reader.sql("SELECT name, balance FROM accounts").rows().await? {
        state.accounts.insert(row.at(0)?, row.at(1)?);
    }
    for (table, into) in [("journals", &mut state.journals), ("echoes", &mut state.echoes)] {
        for row in reader.sql(&format!("SELECT name, entries FROM {table}")).rows().await? {
            into.insert(row.at(0)?, serde_json::from_value(row.at::<Value>(1)?)?);
        }
    }
    for row in reader.sql("SELECT kind, op, task FROM deeds").rows().await? {
        let task: Option<mainstay_kernel::work::TaskId> = row.at(2)?;
        state.deeds.push(Deed { kind: row.at(0)?, op: row.at(1)?, task: task.map(|it| it.to_string()) });
    }
    state.dead = tasks(reader, "SELECT name, body FROM mainstay_dead").await?;
    let waiting = "SELECT name, body FROM mainstay_task UNION ALL SELECT name, body FROM mainstay_schedule";
    state.waiting = tasks(reader, waiting).await?;
    for row in reader.sql("SELECT due_at FROM mainstay_tick WHERE cron = 'tick'").rows().await? {
        state.ticks.push(row.at::<mainstay_kernel::Timestamp>(0)?.as_micros() / 1_000_000);
    }
    Ok(state)
}

/// Which answer is of which call: its id is hashed.
async fn results(reader: &Reader, calls: &BTreeMap<Op, Call>, way: Way, state: &mut State) -> Result<()> {
    let asked = |path: &str, op: &str, body: &str| {
        Request::keyed(op, &Caller::Anonymous.label(), path, body.as_bytes()).id
    };
    let ids: BTreeMap<_, &Op> =
        calls.iter().map(|(op, call)| (asked(&way.key(&call.wish), op, &call.wish.body()), op)).collect();
    let opening = asked(&posted("account.open"), "opening", "");
    for row in reader.sql("SELECT id, status, body FROM mainstay_result").rows().await? {
        let id: mainstay_kernel::Id<()> = row.at(0)?;
        let (status, body) = (row.at::<i64>(1)?, row.at::<Vec<u8>>(2)?);
        let kept =
            Kept { status: u16::try_from(status)?, body: serde_json::from_slice(&body).unwrap_or_default() };
        match ids.get(&id.uuid()) {
            Some(op) => {
                state.results.insert((*op).clone(), kept);
            }
            None if id.uuid() == opening => {}
            None => state.strange_results += 1,
        }
    }
    Ok(())
}

/// What is to be run, and for which operation: the input names it, or is it.
async fn tasks(reader: &Reader, query: &str) -> Result<Vec<(String, Op)>> {
    let mut tasks = Vec::new();
    for row in reader.sql(query).rows().await? {
        let body: Value = serde_json::from_str(&row.at::<String>(1)?)?;
        let op = body.as_str().or_else(|| body["op"].as_str()).unwrap_or_default();
        tasks.push((row.at(0)?, op.to_owned()));
    }
    Ok(tasks)
}
