//! What the tests ask the databases themselves, past the server.

use mainstay::kernel::{Db, DbOptions, Statement, StoreUrl, Tx};
use mainstay::kernel::{FromRow, Result};
use std::time::Duration;

pub(crate) const POSTS: &str = "SELECT COUNT(*) FROM posts";
pub(crate) const RESULTS: &str = "SELECT COUNT(*) FROM mainstay_result";
pub(crate) const USERS: &str = "SELECT COUNT(*) FROM users";
/// Kept answers whose row is not there.
pub(crate) const TITLES: &str = "SELECT COUNT(DISTINCT title) FROM posts";

/// Makes an empty schema.
pub(crate) fn create_schema(server: &str, name: &str) {
    run(server, format!("CREATE SCHEMA {name}"));
}

/// Drops a schema and all that is in it.
pub(crate) fn drop_schema(server: &str, name: &str) {
    run(server, format!("DROP SCHEMA IF EXISTS {name} CASCADE"));
}

/// Ends every connection of this application; how many there were.
pub(crate) fn end_backends(server: &str, application: &str) -> i64 {
    let text = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = ?";
    one(StoreUrl::Postgres(server.to_owned()), text, Some(application))
}

/// How many connections of this application are in a transaction.
pub(crate) fn open_transactions(server: &str, application: &str) -> i64 {
    let text = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = ? AND state <> 'idle'";
    one(StoreUrl::Postgres(server.to_owned()), text, Some(application))
}

/// The number that a query counts.
pub(crate) fn count(url: StoreUrl, text: &str) -> i64 {
    one(url, text, None)
}

fn run(server: &str, text: String) {
    with(StoreUrl::Postgres(server.to_owned()), async |db| {
        let statement = Statement::new(text);
        db.write_unbounded(async |tx: &mut Tx| tx.execute(&statement).await).await
    });
}

fn one<T: FromRow>(url: StoreUrl, text: &str, value: Option<&str>) -> T {
    with(url, async |db| {
        let query = db.reader().sql(text);
        let query = match value {
            Some(value) => query.bind(value),
            None => query,
        };
        query.one().await
    })
}

/// Opens the database for one question.
fn with<T>(url: StoreUrl, ask: impl AsyncFnOnce(&Db) -> Result<T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = DbOptions { pool_size: 1, shared_connections: 1, ..DbOptions::new(url) };
        let db = Db::open(options).await.expect("the database opens");
        let answer = ask(&db).await.expect("the database answers");
        db.stop(Duration::from_secs(5)).await;
        answer
    })
}
