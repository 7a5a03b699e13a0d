use super::bind::Bind;
use super::prepared::Shape;
use super::session::Session;
use crate::{Error, ErrorKind, Result, Row, Timestamp, ValueRef, checksum};

/// One step in the making of the framework's own tables. Its text never changes once it was
/// released: what comes later is another step.
pub(super) struct Migration {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { name: "kernel_0001_records", text: include_str!("migrations/0001_records.sql") },
    Migration { name: "kernel_0002_work", text: include_str!("migrations/0002_work.sql") },
    Migration { name: "kernel_0003_report", text: include_str!("migrations/0003_report.sql") },
    Migration { name: "kernel_0004_change", text: include_str!("migrations/0004_change.sql") },
];

/// Nodes that start together wait here for the one that came first. Not only as long as a write
/// waits for a lock: a migration may take its time.
const LOCK: &str = "SET lock_timeout = '60s'; \
     SELECT pg_advisory_lock(hashtextextended('mainstay_migration ' || current_schema(), 0)); \
     CREATE TABLE IF NOT EXISTS mainstay_migration (name text PRIMARY KEY, checksum text NOT NULL, \
     applied_at timestamptz NOT NULL)";

const UNLOCK: &str =
    "SELECT pg_advisory_unlock(hashtextextended('mainstay_migration ' || current_schema(), 0))";
const APPLIED: &str = "SELECT name, checksum FROM mainstay_migration";
const APPLY: &str = "INSERT INTO mainstay_migration (name, checksum, applied_at) VALUES ($1, $2, $3)";

/// Applies what is missing, on a connection that is used for nothing else. Steps that this program
/// does not know were applied by a newer one and are left alone.
pub(super) async fn run(session: &Session, migrations: &[Migration], now: Timestamp) -> Result<()> {
    session.batch(LOCK).await.map_err(|error| {
        if matches!(error.kind(), ErrorKind::TooSlow(_)) {
            Error::new(ErrorKind::Unavailable).caused_by(
                "another process has been migrating this database for a minute: wait for it, or end it",
            )
        } else {
            error
        }
    })?;
    let applied = ran(session, APPLIED, &[]).await?;
    for migration in migrations {
        let checksum = checksum(migration.text);
        match find(&applied, migration.name)? {
            Some(then) if then == checksum => {}
            Some(then) => return Err(drifted(migration.name, &then, &checksum)),
            None => apply(session, migration, &checksum, now).await?,
        }
    }
    session.batch(UNLOCK).await
}

/// One migration and the row that says so, together or not at all.
async fn apply(session: &Session, migration: &Migration, checksum: &str, now: Timestamp) -> Result<()> {
    session.batch("BEGIN").await?;
    session.batch(migration.text).await?;
    let values = [ValueRef::Text(migration.name), ValueRef::Text(checksum), ValueRef::Timestamp(now)];
    ran(session, APPLY, &values).await?;
    session.batch("COMMIT").await?;
    tracing::info!(migration = migration.name, "applied");
    Ok(())
}

pub(super) async fn ran(session: &Session, text: &str, values: &[ValueRef<'_>]) -> Result<Vec<Row>> {
    let prepared = session.prepare(Shape::Plain, text, values.len()).await?;
    Ok(session.run(&prepared, values.iter().copied().map(Bind::Ref)).await?.rows)
}

fn find(applied: &[Row], name: &str) -> Result<Option<String>> {
    for row in applied {
        if row.at::<String>(0)? == name {
            return row.at(1).map(Some);
        }
    }
    Ok(None)
}

fn drifted(name: &str, then: &str, now: &str) -> Error {
    Error::internal(format!(
        "migration `{name}` was applied with other content than this program holds (checksum {} then, {} now): \
         run the program that applied it, or restore the file as it was",
        &then[..then.len().min(12)],
        &now[..12]
    ))
}
