//! What the application runs on.

use clap::ValueEnum;

use crate::history::Wish;
use crate::wire::http;

/// A store, how many processes, and how they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deployment {
    /// One process, which owns its file.
    Sqlite,
    /// One process.
    Postgres,
    /// Two processes.
    PostgresTwice,
    /// Three processes, which clients ask over NATS.
    PostgresNats,
}

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

/// What the command line chooses deployments by: their store, or that there is a broker before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    Sqlite,
    Postgres,
    Nats,
}

/// How clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Nats,
}

impl Deployment {
    pub(crate) const ALL: [Self; 4] = [Self::Sqlite, Self::Postgres, Self::PostgresTwice, Self::PostgresNats];

    pub(crate) fn store(self) -> Store {
        match self {
            Self::Sqlite => Store::Sqlite,
            Self::Postgres | Self::PostgresTwice | Self::PostgresNats => Store::Postgres,
        }
    }

    /// What `--store` must be for it.
    pub(crate) fn choice(self) -> Choice {
        match self {
            Self::Sqlite => Choice::Sqlite,
            Self::Postgres | Self::PostgresTwice => Choice::Postgres,
            Self::PostgresNats => Choice::Nats,
        }
    }

    /// How clients ask.
    pub(crate) fn way(self) -> Way {
        match self {
            Self::Sqlite | Self::Postgres | Self::PostgresTwice => Way::Http,
            Self::PostgresNats => Way::Nats,
        }
    }

    /// How many processes serve.
    pub(crate) fn nodes(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::PostgresTwice => 2,
            Self::PostgresNats => 3,
        }
    }

    /// The head of its column.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL, one process",
            Self::PostgresTwice => "PostgreSQL, two processes",
            Self::PostgresNats => "PostgreSQL and NATS, three processes",
        }
    }
}

impl Way {
    /// Under which path the answer to a wish is kept.
    pub(crate) fn key(self, wish: &Wish) -> String {
        match self {
            Self::Http => posted(wish.operation()),
            Self::Nats => format!("{}.{}", wish.queue(), wish.operation()),
        }
    }
}

/// Under which path the answer to what is posted is kept.
pub(crate) fn posted(operation: &str) -> String {
    format!("POST {}", http::path(operation))
}
