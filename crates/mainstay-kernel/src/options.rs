use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Clock, Error, ErrorKind, Result};

/// Which database to open.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A PostgreSQL connection string, as libpq and tokio-postgres read it.
    Postgres(String),
    /// A SQLite file.
    SqliteFile(PathBuf),
    /// A SQLite database in memory, gone with the process.
    SqliteMemory,
}

// The connection string may hold a password.
impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres(_) => f.write_str("Postgres(…)"),
            Self::SqliteFile(path) => write!(f, "SqliteFile({})", path.display()),
            Self::SqliteMemory => f.write_str("SqliteMemory"),
        }
    }
}

impl StoreUrl {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite://path`, `file:./path` or `:memory:`.
    /// Relative paths start at `root`.
    ///
    /// ```
    /// use mainstay_kernel::StoreUrl;
    /// let url = StoreUrl::parse("sqlite://.mainstay/blog.db", "/srv/blog".as_ref()).unwrap();
    /// assert_eq!(url, StoreUrl::SqliteFile("/srv/blog/.mainstay/blog.db".into()));
    /// ```
    ///
    /// # Errors
    /// Bad request, when the value has none of these forms. The value itself is not repeated: it
    /// may hold a password.
    pub fn parse(text: &str, root: &Path) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        if matches!(text, ":memory:" | "sqlite::memory:" | "sqlite://:memory:") {
            return Ok(Self::SqliteMemory);
        }
        let path =
            ["sqlite://", "sqlite:", "file://", "file:"].iter().find_map(|prefix| text.strip_prefix(prefix));
        match path {
            Some(path) if !path.is_empty() && !path.contains('?') => Ok(Self::SqliteFile(root.join(path))),
            Some(_) | None => Err(Error::new(ErrorKind::BadRequest(
                "bad_database_url",
                "expected postgres://user@host/database, sqlite://path, file:./path or :memory:".to_owned(),
            ))),
        }
    }
}

/// How to open a [`crate::Db`].
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// Which database.
    pub url: StoreUrl,
    /// A PostgreSQL replica for reads that may lag.
    pub replica: Option<StoreUrl>,
    /// Where the time comes from.
    pub clock: Clock,
    /// Pooled PostgreSQL connections, for transactions. Default 16.
    pub pool_size: usize,
    /// Shared, pipelined PostgreSQL connections, for reads outside transactions. Default 4.
    pub shared_connections: usize,
    /// Connections of the SQLite readers. Default: twice the cores, at least 4.
    pub reader_threads: usize,
    /// How often a transaction is run again because another got in its way. Default 10.
    pub max_attempts: u32,
    /// How long a transaction may hold SQLite's writer. Default 500 ms.
    pub write_budget: Duration,
    /// How long a statement shaped by a caller may run. Default 5 s.
    pub read_limit: Duration,
    /// How long a repeated request waits for the first one. Default 10 s.
    pub replay_wait: Duration,
    /// How long answers are kept. Default 7 days.
    pub result_retention: Duration,
    /// How long changes are kept at least, and so how old a token may be. Default 1 hour.
    pub change_retention: Duration,
}

impl DbOptions {
    /// The defaults for this database.
    pub fn new(url: StoreUrl) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            url,
            replica: None,
            clock: Clock::system(),
            pool_size: 16,
            shared_connections: 4,
            reader_threads: (2 * cores).max(4),
            max_attempts: 10,
            write_budget: Duration::from_millis(500),
            read_limit: Duration::from_secs(5),
            replay_wait: Duration::from_secs(10),
            result_retention: Duration::from_secs(7 * 24 * 3600),
            change_retention: Duration::from_secs(3600),
        }
    }
}
