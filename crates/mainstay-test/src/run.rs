use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use futures_util::FutureExt as _;
use mainstay::App;
use mainstay::kernel::Db;

use crate::log::TestLog;
use crate::{TestApp, TestDatabase};

/// Which store a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStore {
    /// A SQLite file of its own.
    Sqlite,
    /// A PostgreSQL schema of its own, on the server that `TEST_DATABASE_URL` names.
    Postgres,
}

type Body<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs `test` on an application of its own. `#[mainstay::test]` calls this.
///
/// # Panics
/// When the test does, or when its database cannot be opened.
pub fn run<'a>(
    store: TestStore,
    name: &str,
    app: impl FnOnce() -> App + 'a,
    test: impl FnOnce(TestApp) -> Body<'a> + 'a,
) {
    on_database(store, name, |database| {
        Box::pin(async move {
            let app = TestApp::start(app(), database).await;
            test(app).await;
        })
    });
}

/// Runs `test` on a database of its own. `#[mainstay::test]` calls this.
///
/// # Panics
/// As [`run`].
pub fn run_db<'a>(store: TestStore, name: &str, test: impl FnOnce(Db) -> Body<'a> + 'a) {
    on_database(store, name, |database| Box::pin(async move { test(database.db).await }));
}

/// Runs `test` on a database of its own and cleans up, also when the test panics.
fn on_database<'a>(store: TestStore, name: &str, test: impl FnOnce(TestDatabase) -> Body<'a>) {
    if !wanted(store) {
        eprintln!("{name}: skipped, MAINSTAY_TEST_STORES names only other stores");
        return;
    }
    let log = TestLog::new();
    let keeping = log.keep();
    let of_thread = log.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || of_thread.keep_always())
        .build();
    let outcome = runtime.expect("a runtime for the test").block_on(async {
        let (database, cleanup) = TestDatabase::open(store).await;
        let db = database.db.clone();
        let outcome = AssertUnwindSafe(test(database)).catch_unwind().await;
        db.stop(std::time::Duration::from_secs(10)).await;
        cleanup.run().await;
        outcome
    });
    drop(keeping);
    if let Err(panic) = outcome {
        eprintln!("\nthe log of {name} on {store:?} (LOG=debug shows more):\n{}", log.text());
        std::panic::resume_unwind(panic);
    }
}

/// SQLite always; PostgreSQL where a server is configured. `MAINSTAY_TEST_STORES=sqlite,postgres`
/// says which must run, so that none is left out by mistake.
fn wanted(store: TestStore) -> bool {
    let name = match store {
        TestStore::Sqlite => "sqlite",
        TestStore::Postgres => "postgres",
    };
    match std::env::var("MAINSTAY_TEST_STORES") {
        Ok(stores) => stores.split(',').any(|it| it.trim() == name),
        Err(_) => store == TestStore::Sqlite || std::env::var_os("TEST_DATABASE_URL").is_some(),
    }
}
