use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{join, join3};
use tokio::sync::Mutex as Turnstile;
use uuid::Uuid;

use super::bind::Bind;
use super::pool::Lease;
use super::prepared::{Shape, only_reading};
use super::results::LOOK_UP;
use super::session::Ran;
use crate::store::Rollback;
use crate::{Error, ErrorKind, Request, Result, Row, SeededBug, Statement, ValueRef};

const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// The seeded bug's.
const WEAK: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Every statement sees what was committed when the first one ran.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// An open transaction on a connection of its own. Dropped before its end, it takes the connection
/// with it.
pub(crate) struct PostgresTx {
    pub(super) lease: Lease,
    request: Option<Uuid>,
    /// What opens it.
    begin: Cow<'static, str>,
    /// Held while the first statement opens the transaction: another one sent before `BEGIN`
    /// would commit by itself.
    opening: Turnstile<()>,
    opened: AtomicBool,
    fate: Mutex<Fate>,
}

/// What stands in the way of a commit, whatever the handler made of it.
#[derive(Default)]
struct Fate {
    fault: Option<Box<ErrorKind>>,
    /// A statement was sent whose answer nobody awaits any more.
    abandoned: bool,
}

/// What a transaction is found to be at its end.
pub(super) enum Ending {
    /// No statement was run.
    Unopened,
    /// Every statement succeeded.
    Sound,
    /// The first fault, in a transaction that can be rolled back.
    Failed(ErrorKind),
    /// The connection is of no more use: it is lost, or a statement may still be running on it.
    Broken(ErrorKind),
}

impl PostgresTx {
    pub(super) fn new(lease: Lease, request: Option<&Request>) -> Self {
        Self {
            lease,
            request: request.map(|request| request.id),
            begin: Cow::Borrowed(if SeededBug::WeakIsolation.is_on() { WEAK } else { BEGIN }),
            opening: Turnstile::default(),
            opened: AtomicBool::new(false),
            fate: Mutex::default(),
        }
    }

    /// One that only reads, each statement within this limit.
    pub(super) fn snapshot(lease: Lease, limit: Duration) -> Self {
        let begin = format!("{SNAPSHOT}; SET LOCAL statement_timeout = {}", limit.as_millis());
        Self { begin: Cow::Owned(begin), ..Self::new(lease, None) }
    }

    /// Runs a statement; the rows it gives back.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.run(statement).await.map(|ran| ran.rows)
    }

    /// Runs a statement that can only read; its rows.
    pub(crate) async fn only_reading(&self, statement: &Statement) -> Result<Vec<Row>> {
        let text = only_reading(statement.text())?;
        self.rows(&Statement::with(text, statement.params().to_vec())).await
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&self, statement: &Statement) -> Result<u64> {
        self.run(statement).await.map(|ran| ran.touched)
    }

    /// Waits for this key and holds it until the transaction ends.
    pub(crate) async fn lock(&self, key: &str) -> Result<()> {
        let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
        let half = |at: usize| digest.as_ref()[at..].first_chunk().map_or(0, |it| i32::from_be_bytes(*it));
        let lock = Statement::new("SELECT pg_advisory_xact_lock($1, $2)").bind(half(0)).bind(half(4));
        self.execute(&lock).await.map(drop)
    }

    /// Rolls back. A connection with a statement still running on it is closed instead.
    pub(crate) async fn rollback(self) -> Rollback {
        match self.ending() {
            Ending::Unopened => {
                self.lease.give_back();
                Rollback::Final
            }
            Ending::Sound => {
                self.undo().await;
                Rollback::Final
            }
            Ending::Failed(fault) => {
                self.undo().await;
                rollback_of(&fault)
            }
            Ending::Broken(fault) => rollback_of(&fault),
        }
    }

    /// Ends the transaction without its effects and gives the connection back.
    pub(super) async fn undo(self) {
        if self.opened.load(Ordering::Acquire) && self.lease.batch("ROLLBACK").await.is_err() {
            return;
        }
        self.lease.give_back();
    }

    pub(super) fn ending(&self) -> Ending {
        let fate = self.fate();
        match (fate.fault.as_deref(), fate.abandoned) {
            (Some(fault @ ErrorKind::Unavailable), _) | (Some(fault), true) => Ending::Broken(fault.clone()),
            (Some(fault), false) => Ending::Failed(fault.clone()),
            (None, true) => Ending::Broken(given_up()),
            (None, false) if self.opened.load(Ordering::Acquire) => Ending::Sound,
            (None, false) => Ending::Unopened,
        }
    }

    async fn run(&self, statement: &Statement) -> Result<Ran> {
        self.refuse_after_fault()?;
        let mut awaited = Awaited { tx: self, answered: false };
        let ran = self.send(statement).await;
        awaited.answered = true;
        if let Err(error) = &ran {
            self.fate().fault.get_or_insert_with(|| Box::new(error.kind().clone()));
        }
        ran
    }

    async fn send(&self, statement: &Statement) -> Result<Ran> {
        if !self.opened.load(Ordering::Acquire) {
            let _only = self.opening.lock().await;
            if !self.opened.load(Ordering::Acquire) {
                return self.open_with(statement).await;
            }
        }
        let prepared = self.lease.prepare(Shape::Plain, statement.text(), statement.params().len()).await?;
        self.lease.run(&prepared, statement.params().iter().map(Bind::Value)).await
    }

    /// Sends the look-up of the request, `BEGIN` and the first statement in one flush. The look-up
    /// comes before `BEGIN`: see [`LOOK_UP`].
    async fn open_with(&self, statement: &Statement) -> Result<Ran> {
        let look_up = async {
            match self.request {
                Some(_) => self.lease.prepare(Shape::Plain, LOOK_UP, 1).await.map(Some),
                None => Ok(None),
            }
        };
        let prepare = self.lease.prepare(Shape::Plain, statement.text(), statement.params().len());
        // Without a round trip once both are prepared.
        let (look_up, prepared) = join(look_up, prepare).await;
        let (look_up, prepared) = (look_up?, prepared?);

        let answered = async {
            match self.request.zip(look_up.as_ref()) {
                Some((id, look_up)) => {
                    let found = self.lease.run(look_up, [Bind::Ref(ValueRef::Uuid(id))]).await?;
                    Ok(!found.rows.is_empty())
                }
                None => Ok(false),
            }
        };
        let begun = self.lease.batch(&self.begin);
        let ran = self.lease.run(&prepared, statement.params().iter().map(Bind::Value));
        self.opened.store(true, Ordering::Release);
        // Each is sent when it is first polled, and they are polled in this order.
        let (answered, begun, ran) = join3(answered, begun, ran).await;
        // `BEGIN` fails with its connection, or when an administrator cancels it in that very instant:
        // the statement may then stand by itself, so that it must not be run again.
        begun?;
        if answered? { Err(Error::new(ErrorKind::Answered)) } else { ran }
    }

    /// Nothing more runs in a transaction that cannot commit.
    fn refuse_after_fault(&self) -> Result<()> {
        let fate = self.fate();
        match fate.fault.as_deref() {
            None if fate.abandoned => Err(Error::new(given_up())),
            None => Ok(()),
            Some(fault) if rollback_of(fault) != Rollback::Final => Err(Error::new(fault.clone())),
            Some(_) => {
                Err(Error::internal("an earlier statement of this transaction failed: nothing can follow it"))
            }
        }
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.fate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether another run of the handler would mend this fault.
pub(super) fn rollback_of(fault: &ErrorKind) -> Rollback {
    if matches!(fault, ErrorKind::Answered) {
        Rollback::Answered
    } else if matches!(fault, ErrorKind::Conflict | ErrorKind::Unavailable) {
        Rollback::Again
    } else {
        Rollback::Final
    }
}

fn given_up() -> ErrorKind {
    ErrorKind::Internal(
        "a statement was given up before its answer came: its transaction cannot commit".to_owned(),
    )
}

/// Notices a statement that is dropped while it runs.
struct Awaited<'a> {
    tx: &'a PostgresTx,
    answered: bool,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.tx.fate().abandoned = true;
        }
    }
}
