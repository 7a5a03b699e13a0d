//! A database of its own for each test, on each store.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use mainstay_kernel::{Clock, Db, DbOptions, StoreUrl, Timestamp, Tx};

const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// What a test is given.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) options: DbOptions,
}

/// Runs `test` on SQLite.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Given) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    runtime().block_on(async {
        let given = open(DbOptions::new(StoreUrl::SqliteFile(folder.path().join("test.db")))).await;
        finish(AssertUnwindSafe(test(given.clone())).catch_unwind().await, given).await;
    });
}

/// Runs `test` on a schema of its own on PostgreSQL.
pub(crate) fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Given) -> F) {
    let stores = std::env::var("MAINSTAY_TEST_STORES").unwrap_or_else(|_| "sqlite,postgres".to_owned());
    if !stores.contains("postgres") {
        return;
    }
    let server = std::env::var("TEST_DATABASE_URL")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
    let schema = format!("k_{}", uuid::Uuid::now_v7().simple());
    runtime().block_on(async {
        administer(&server, format!("CREATE SCHEMA {schema}")).await;
        let between = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{between}options=-c%20search_path%3D{schema}");
        let given = open(DbOptions {
            pool_size: 8,
            shared_connections: 2,
            ..DbOptions::new(StoreUrl::Postgres(url))
        })
        .await;
        let outcome = AssertUnwindSafe(test(given.clone())).catch_unwind().await;
        given.db.stop(Duration::from_secs(10)).await;
        administer(&server, format!("DROP SCHEMA {schema} CASCADE")).await;
        finish(outcome, given).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

async fn open(options: DbOptions) -> Given {
    let clock = Clock::manual(BEGINNING);
    let options = DbOptions { clock: clock.clone(), ..options };
    let db = Db::open(options.clone()).await.expect("the database opens");
    Given { db, clock, options }
}

async fn administer(server: &str, text: String) {
    let options = DbOptions {
        pool_size: 1,
        shared_connections: 1,
        ..DbOptions::new(StoreUrl::Postgres(server.to_owned()))
    };
    let db = Db::open(options).await.expect("the test server answers");
    db.migrate(&[text]).await.expect("a schema");
    db.stop(Duration::from_secs(5)).await;
}

async fn finish(outcome: std::thread::Result<()>, given: Given) {
    given.db.stop(Duration::from_secs(10)).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// One test on each store.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($given:ident: Given) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn test($given: Given) $body
            #[test]
            fn sqlite() { crate::stores::on_sqlite(test); }
            #[test]
            fn postgres() { crate::stores::on_postgres(test); }
        }
    )*};
}
pub(crate) use on_both;

/// A table to count in.
pub(crate) async fn counter(db: &Db) {
    db.migrate(&[
        "CREATE TABLE counter (name text PRIMARY KEY NOT NULL, n bigint NOT NULL)".to_owned(),
        "INSERT INTO counter VALUES ('a', 0), ('b', 0)".to_owned(),
    ])
    .await
    .expect("a table");
}

/// What the counter of this name stands at.
pub(crate) async fn count(db: &Db, name: &str) -> i64 {
    let n = db.reader().sql("SELECT n FROM counter WHERE name = ?").bind(name).one().await;
    n.expect("a count").expect("a counter of that name")
}

/// Counts up by reading and writing, as two statements.
pub(crate) async fn bump(tx: &mut Tx, name: &str) -> mainstay_kernel::Result<i64> {
    let n: i64 = tx.sql("SELECT n FROM counter WHERE name = ?").bind(name).one().await?.unwrap_or(0);
    tx.sql("UPDATE counter SET n = ? WHERE name = ?").bind(n + 1).bind(name).execute().await?;
    Ok(n + 1)
}
