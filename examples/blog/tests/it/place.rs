//! Where one test's blog lives: a folder and a database of its own, gone with the test.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use mainstay::kernel::StoreUrl;
use tempfile::TempDir;

use crate::store;

/// Which store a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Sqlite,
    Postgres,
}

/// A folder and a database for one test.
pub(crate) struct Place {
    folder: TempDir,
    schema: Option<Schema>,
}

/// A schema on the test server, dropped at the end.
struct Schema {
    server: String,
    name: String,
}

/// Runs `test` in a place of its own. SQLite always; PostgreSQL where `MAINSTAY_TEST_STORES` or
/// `TEST_DATABASE_URL` say so.
pub(crate) fn on(kept: Kept, test: fn(&Place)) {
    if is_wanted(kept) {
        test(&Place::new(kept));
    } else {
        eprintln!("skipped: {kept:?} is no store to test on here");
    }
}

/// Whether tests run on this store.
pub(crate) fn is_wanted(kept: Kept) -> bool {
    let name = match kept {
        Kept::Sqlite => "sqlite",
        Kept::Postgres => "postgres",
    };
    match env::var("MAINSTAY_TEST_STORES") {
        Ok(stores) => stores.split(',').any(|it| it.trim() == name),
        Err(_) => kept == Kept::Sqlite || env::var_os("TEST_DATABASE_URL").is_some(),
    }
}

impl Place {
    pub(crate) fn new(kept: Kept) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        fs::create_dir(folder.path().join("root")).expect("a project root for the test");
        let schema = match kept {
            Kept::Sqlite => None,
            Kept::Postgres => Some(Schema::new()),
        };
        Self { folder, schema }
    }

    /// The blog's project root.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("root")
    }

    /// Where the test's own files go, outside of the project.
    pub(crate) fn aside(&self) -> &Path {
        self.folder.path()
    }

    /// Where the blog keeps its control socket.
    pub(crate) fn socket(&self) -> std::path::PathBuf {
        self.root().join(".mainstay/control.sock")
    }

    /// `DATABASE_URL`; `None` for the default, a SQLite file.
    pub(crate) fn database_url(&self) -> Option<String> {
        self.schema.as_ref().map(Schema::url)
    }

    /// The PostgreSQL server and the name under which the blog is known there.
    pub(crate) fn server(&self) -> Option<(&str, &str)> {
        self.schema.as_ref().map(|schema| (schema.server.as_str(), schema.name.as_str()))
    }

    /// The number that a query counts. On SQLite no server may run.
    pub(crate) fn count(&self, text: &str) -> i64 {
        let url = match self.database_url() {
            Some(url) => StoreUrl::Postgres(url),
            None => StoreUrl::SqliteFile(self.root().join(".mainstay/blog.db")),
        };
        store::count(url, text)
    }
}

impl Schema {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL names no PostgreSQL server: run `cargo xtask test`, or set it");
        let name = format!("blog_{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        store::drop_schema(&server, &name);
        store::create_schema(&server, &name);
        Self { server, name }
    }

    fn url(&self) -> String {
        let Self { server, name } = self;
        let between = if server.contains('?') { '&' } else { '?' };
        format!("{server}{between}options=-c%20search_path%3D{name}&application_name={name}")
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        store::drop_schema(&self.server, &self.name);
    }
}
