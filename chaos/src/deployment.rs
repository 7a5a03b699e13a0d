//! What the application runs on.

use clap::ValueEnum;

/// A store, and how many processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deployment {
    /// One process, which owns its file.
    Sqlite,
    /// One process.
    Postgres,
    /// Two processes.
    PostgresTwice,
}

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Deployment {
    pub(crate) const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::PostgresTwice];

    pub(crate) fn store(self) -> Store {
        match self {
            Self::Sqlite => Store::Sqlite,
            Self::Postgres | Self::PostgresTwice => Store::Postgres,
        }
    }

    /// How many processes serve.
    pub(crate) fn nodes(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::PostgresTwice => 2,
        }
    }

    /// The head of its column.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL, one process",
            Self::PostgresTwice => "PostgreSQL, two processes",
        }
    }
}
