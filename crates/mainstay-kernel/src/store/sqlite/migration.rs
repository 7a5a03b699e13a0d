//! The framework's own tables.

use uuid::Uuid;

use super::{Sqlite, SqliteTx};
use crate::store::{Commit, Company};
use crate::{Error, ErrorKind, Result, Statement, Timestamp, checksum};

/// One step of the schema. Never edited once released: its checksum is kept where it was applied.
#[derive(Clone, Copy)]
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// In the order in which they are applied.
pub(super) const ALL: &[Migration] = &[
    Migration {
        name: "mainstay/0001_meta",
        sql: "create table mainstay_meta (
                one integer primary key check (one = 1),
                system text not null,
                epoch integer not null
              ) strict",
    },
    Migration {
        // With a rowid of its own: answers are large and their ids random, so only the narrow index
        // is written at random places.
        name: "mainstay/0002_result",
        sql: "create table mainstay_result (
                id text primary key not null,
                path text not null,
                input blob not null,
                status integer not null,
                head text not null,
                body blob not null,
                created_at integer not null,
                expires_at integer not null
              ) strict;
              create index mainstay_result_expires_at on mainstay_result (expires_at)",
    },
    Migration {
        // One writer, so the sequence is the order of the commits; AUTOINCREMENT never gives the
        // number of a deleted change again.
        name: "mainstay/0003_change",
        sql: "create table mainstay_change (
                seq integer primary key autoincrement,
                model text not null,
                id text not null,
                before text,
                after text,
                at integer not null
              ) strict",
    },
    Migration { name: "mainstay/0004_work", sql: super::work::SCHEMA },
    Migration { name: "mainstay/0005_report", sql: super::work::REPORTS },
    Migration {
        // The last change that was deleted.
        name: "mainstay/0006_horizon",
        sql: "alter table mainstay_meta add column horizon integer not null default 0",
    },
    Migration {
        // Each opening of the file, and the last change that there was then. A copy goes on with openings of its own.
        name: "mainstay/0007_run",
        sql: "create table mainstay_run (id text primary key not null, after integer not null) strict",
    },
];

const LEDGER: &str = "create table if not exists mainstay_migration (
                        name text primary key not null,
                        checksum text not null,
                        applied_at integer not null
                      ) strict, without rowid";

/// Applies what was not applied yet, each step in a transaction of its own.
pub(super) async fn migrate(store: &Sqlite, migrations: &[Migration], now: Timestamp) -> Result<()> {
    in_transaction(store, |tx| tx.script(LEDGER)).await?;
    for migration in migrations {
        in_transaction(store, |tx| apply(tx, migration, now)).await?;
    }
    in_transaction(store, |tx| {
        name_system(tx)?;
        super::changes::begin_run(tx)
    })
    .await
}

async fn in_transaction(store: &Sqlite, work: impl Fn(&SqliteTx) -> Result<()>) -> Result<()> {
    let tx = store.begin(None, Company::Alone).await?;
    tx.without_budget();
    if let Err(error) = work(&tx) {
        tx.rollback().await;
        return Err(error);
    }
    match tx.commit(None).await {
        Commit::Done => Ok(()),
        Commit::Failed(error) => Err(error),
        Commit::Again | Commit::AgainAlone | Commit::Duplicate | Commit::Unknown { .. } => {
            Err(Error::new(ErrorKind::Conflict))
        }
    }
}

fn apply(tx: &SqliteTx, migration: &Migration, now: Timestamp) -> Result<()> {
    let checksum = checksum(migration.sql);
    let applied =
        Statement::new("select checksum from mainstay_migration where name = ?1").bind(migration.name);
    if let Some(row) = tx.rows(&applied)?.first() {
        return unchanged(migration.name, &row.at::<String>(0)?, &checksum);
    }
    tx.script(migration.sql)?;
    let ledger = "insert into mainstay_migration (name, checksum, applied_at) values (?1, ?2, ?3)";
    tx.execute(&Statement::new(ledger).bind(migration.name).bind(checksum).bind(now)).map(drop)
}

fn unchanged(name: &str, applied: &str, ours: &str) -> Result<()> {
    if applied == ours {
        return Ok(());
    }
    Err(Error::bad_request(
        "migration_changed",
        format!(
            "the migration `{name}` was edited after it was applied (checksum {} then, {} now): \
             undo the edit and put the change into a new migration",
            abridged(applied),
            abridged(ours)
        ),
    ))
}

/// Gives the database its identity, once.
fn name_system(tx: &SqliteTx) -> Result<()> {
    let meta = "insert into mainstay_meta (one, system, epoch) values (1, ?1, 1) on conflict do nothing";
    tx.execute(&Statement::new(meta).bind(Uuid::now_v7())).map(drop)
}

fn abridged(checksum: &str) -> &str {
    checksum.get(..12).unwrap_or(checksum)
}
