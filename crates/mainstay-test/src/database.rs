use std::time::Duration;

use mainstay::kernel::{Clock, Db, DbOptions, StoreUrl, Timestamp};
use tempfile::TempDir;

use crate::{TestStore, store};

/// A database for one test.
pub struct TestDatabase {
    /// A handle on it.
    pub db: Db,
    /// Its clock, which stands still until the test moves it.
    pub clock: Clock,
    /// Where it is.
    pub url: StoreUrl,
}

/// What is to be removed when the test has ended.
pub(crate) enum Cleanup {
    Folder(TempDir),
    Schema { server: StoreUrl, name: String },
}

/// When every test begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

impl TestDatabase {
    /// Opens a new database on this store.
    pub(crate) async fn open(store: TestStore) -> (Self, Cleanup) {
        let (url, cleanup) = match store {
            TestStore::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder for the test's database");
                (StoreUrl::SqliteFile(folder.path().join("test.db")), Cleanup::Folder(folder))
            }
            TestStore::Postgres => schema().await,
        };
        let clock = Clock::manual(BEGINNING);
        let options = DbOptions {
            clock: clock.clone(),
            pool_size: 8,
            shared_connections: 2,
            ..DbOptions::new(url.clone())
        };
        let db = Db::open(options)
            .await
            .unwrap_or_else(|error| panic!("the test's database does not open: {error:?}"));
        (Self { db, clock, url }, cleanup)
    }
}

impl Cleanup {
    pub(crate) async fn run(self) {
        match self {
            Self::Folder(folder) => drop(folder),
            Self::Schema { server, name } => {
                let db = administer(server).await;
                if let Err(error) = store::drop_schema(&db, &name).await {
                    eprintln!("the schema {name} stays behind: {error}");
                }
                db.stop(Duration::from_secs(5)).await;
            }
        }
    }
}

async fn schema() -> (StoreUrl, Cleanup) {
    let server = std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL names no PostgreSQL server: run `cargo xtask test`, or set it");
    let name = format!("t_{}", uuid::Uuid::now_v7().simple());
    let db = administer(StoreUrl::Postgres(server.clone())).await;
    store::create_schema(&db, &name)
        .await
        .unwrap_or_else(|error| panic!("no schema for the test: {error:?}"));
    db.stop(Duration::from_secs(5)).await;
    let between = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{between}options=-c%20search_path%3D{name}");
    (StoreUrl::Postgres(url), Cleanup::Schema { server: StoreUrl::Postgres(server), name })
}

async fn administer(server: StoreUrl) -> Db {
    let options = DbOptions { pool_size: 1, shared_connections: 1, ..DbOptions::new(server) };
    Db::open(options).await.unwrap_or_else(|error| panic!("the test server does not answer: {error:?}"))
}
