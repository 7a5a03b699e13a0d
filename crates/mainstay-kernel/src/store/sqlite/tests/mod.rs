//! What the store promises, each hazard by name.
#![allow(clippy::disallowed_methods, reason = "a test waits for what it spawns")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test names the one outcome it wants")]

mod commit;
mod group;
mod reading;
mod records;
mod stopping;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Sqlite, SqliteTx};
use crate::store::{Commit, Company};
use crate::{DbOptions, Error, ErrorKind, FromValue, Statement, StoreUrl, Timestamp};

type Failpoint = Box<dyn FnMut() -> rusqlite::Result<()> + Send>;

/// Looks on, or fails, right before a COMMIT.
#[derive(Clone, Default)]
pub(super) struct Probe(Arc<Mutex<Option<Failpoint>>>);

impl Probe {
    pub(super) fn before_commit(&self) -> rusqlite::Result<()> {
        self.0.lock().unwrap().as_mut().map_or(Ok(()), |failpoint| failpoint())
    }

    fn set(&self, failpoint: impl FnMut() -> rusqlite::Result<()> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(failpoint));
    }

    /// Counts the commits from now on.
    fn count(&self) -> Arc<AtomicUsize> {
        let commits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&commits);
        self.set(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        commits
    }

    /// Lets the next COMMIT fail with this code.
    fn fail_once(&self, code: i32) {
        let mut left = 1;
        self.set(move || {
            left -= 1;
            if left == 0 { Err(super::fault::failure(code)) } else { Ok(()) }
        });
    }
}

/// A database with a table `t` of unique numbers, in a folder that goes with it.
async fn open() -> Arc<Sqlite> {
    open_with(|_| {}).await
}

async fn open_with(change: impl FnOnce(&mut DbOptions)) -> Arc<Sqlite> {
    let mut options = DbOptions::new(StoreUrl::SqliteMemory);
    options.write_budget = Duration::from_secs(600);
    options.read_limit = Duration::from_secs(600);
    change(&mut options);
    let db = Sqlite::open(&options).await.unwrap();
    db.migrate(Timestamp::EPOCH).await.unwrap();
    write(&db, "create table if not exists t (n integer primary key, m integer unique) strict").await;
    Arc::new(db)
}

/// Runs one statement and commits it.
async fn write(db: &Sqlite, text: &str) {
    let tx = begin(db).await;
    tx.without_budget();
    tx.execute(&sql(text)).unwrap();
    done(tx.commit(None).await);
}

async fn begin(db: &Sqlite) -> SqliteTx {
    db.begin(None, Company::Grouped).await.unwrap()
}

fn sql(text: &str) -> Statement {
    Statement::new(text.to_owned())
}

fn insert(n: i64) -> Statement {
    Statement::new("insert into t (n, m) values (?1, ?1)").bind(n)
}

#[track_caller]
fn done(commit: Commit) {
    assert!(matches!(commit, Commit::Done), "{commit:?}");
}

#[track_caller]
fn again_alone(commit: &Commit) {
    assert!(matches!(commit, Commit::AgainAlone), "{commit:?}");
}

#[track_caller]
fn failed(commit: Commit) -> Error {
    let Commit::Failed(error) = commit else { panic!("it did not fail: {commit:?}") };
    error
}

/// What is committed, as others see it.
fn committed<T: FromValue>(db: &Sqlite, text: &str) -> T {
    db.point(&sql(text)).unwrap().unwrap().at(0).unwrap()
}

/// The numbers in `t`, as others see them.
async fn numbers(db: &Sqlite) -> Vec<i64> {
    db.rows(&sql("select n from t order by n")).await.unwrap().iter().map(|row| row.at(0).unwrap()).collect()
}

#[track_caller]
fn is_too_slow(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::TooSlow(_)), "{error:?}");
}

/// A statement that reads for ever.
const ENDLESS_READ: &str =
    "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c";
/// A statement that writes for ever.
const ENDLESS_WRITE: &str = "with recursive c(x) as (select 1 union all select x + 1 from c) insert into t (n) select x + 1000 from c";
