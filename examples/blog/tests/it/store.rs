//! What the tests ask the databases themselves, past the server.

use std::time::Duration;

use mainstay::kernel::{Db, DbOptions, Statement, StoreUrl, Tx};

/// How many posts there are.
pub(crate) const POSTS: &str = "SELECT COUNT(*) FROM posts";
/// How many kept answers there are.
pub(crate) const RESULTS: &str = "SELECT COUNT(*) FROM mainstay_result";
/// How many people there are.
pub(crate) const USERS: &str = "SELECT COUNT(*) FROM users";

const END_BACKENDS: &str =
    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = ?";
const BUSY_BACKENDS: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = ? AND state <> 'idle'";

/// Makes an empty schema.
pub(crate) fn create_schema(server: &str, name: &str) {
    on(server, async |database| database.run(format!("CREATE SCHEMA {name}")).await);
}

/// Drops a schema and all that is in it.
pub(crate) fn drop_schema(server: &str, name: &str) {
    on(server, async |database| database.run(format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await);
}

/// Ends an application's connections again and again, as long as `go_on` says.
pub(crate) fn end_backends(server: &str, application: &str, go_on: impl Fn() -> bool) {
    on(server, async |database| {
        while go_on() {
            database.count(END_BACKENDS, Some(application)).await;
        }
    });
}

/// How many of an application's connections are at work, or in a transaction.
pub(crate) fn busy_backends(server: &str, application: &str) -> i64 {
    on(server, async |database| database.count(BUSY_BACKENDS, Some(application)).await)
}

/// The number that a query counts.
pub(crate) fn count(url: StoreUrl, text: &str) -> i64 {
    with(url, async |database| database.count(text, None).await)
}

fn on<T>(server: &str, ask: impl AsyncFnOnce(Database) -> T) -> T {
    with(StoreUrl::Postgres(server.to_owned()), ask)
}

fn with<T>(url: StoreUrl, ask: impl AsyncFnOnce(Database) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = DbOptions { pool_size: 1, shared_connections: 1, ..DbOptions::new(url) };
        let db = Db::open(options).await.expect("the database opens");
        let answer = ask(Database(db.clone())).await;
        db.stop(Duration::from_secs(5)).await;
        answer
    })
}

struct Database(Db);

impl Database {
    async fn run(self, text: String) {
        let statement = Statement::new(text);
        let ran = self.0.write_unbounded(async |tx: &mut Tx| tx.execute(&statement).await).await;
        ran.expect("the statement runs");
    }

    async fn count(&self, text: &str, value: Option<&str>) -> i64 {
        let reader = self.0.reader();
        let query = reader.sql(text);
        let query = match value {
            Some(value) => query.bind(value),
            None => query,
        };
        query.one().await.expect("the database answers").expect("a count is a row")
    }
}
