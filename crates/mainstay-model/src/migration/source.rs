//! Migrations as a program knows them.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use mainstay_kernel::{Boxed, Dialect, Error, Result, Statement as Sent, Tx, checksum};

use super::marks::{Condition, Marks};
use super::script::{Statement, statements};
use super::{folder::Folder, name};
use crate::suggest::nearest;

/// The files that a migration may have.
const FILES: [&str; 6] =
    ["up.sql", "up.postgres.sql", "up.sqlite.sql", "down.sql", "down.postgres.sql", "down.sqlite.sql"];

/// One written migration: what it does, and what undoes it.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its time and what it does, such as `20261121090000_add_slugs`.
    pub name: String,
    /// What it does.
    pub up: Step,
    /// What undoes it.
    pub down: Option<Step>,
    pub(super) before_tables: bool,
    pub(super) conditions: Vec<Condition>,
    fault: Option<String>,
}

/// One direction of a migration.
#[derive(Clone)]
pub enum Step {
    /// Statements of a file.
    Sql(Arc<Script>),
    /// A function.
    Rust(Work),
}

/// A file of SQL.
#[derive(Debug)]
pub struct Script {
    /// The file, such as `up.sql`.
    pub file: String,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// What it says of itself.
    pub marks: Marks,
    checksum: String,
}

/// A function that runs in a migration's transaction.
pub type Work = Arc<dyn for<'t> Fn(&'t mut Tx) -> Boxed<'t, Result<()>> + Send + Sync>;

/// An `async fn(&mut Tx) -> Result<()>`.
pub trait Runs<'t>: Fn(&'t mut Tx) -> <Self as Runs<'t>>::Run {
    /// What it returns until it is awaited.
    type Run: Future<Output = Result<()>> + Send + 't;
}

impl<'t, F, R> Runs<'t> for F
where
    F: Fn(&'t mut Tx) -> R,
    R: Future<Output = Result<()>> + Send + 't,
{
    type Run = R;
}

impl Migration {
    /// A migration in Rust, which is to run once, in a transaction with the record that it did. It may be
    /// run again when another transaction gets in its way.
    ///
    /// ```
    /// use mainstay_kernel::{Result, Tx};
    /// use mainstay_model::migration::Migration;
    ///
    /// async fn fill(tx: &mut Tx) -> Result<()> {
    ///     tx.sql("update posts set slug = id where slug = ''").execute().await.map(drop)
    /// }
    /// let migration = Migration::new("20261121090000_fill_slugs", fill).only_where("posts.slug");
    /// ```
    pub fn new<F>(name: &str, up: F) -> Self
    where
        F: for<'t> Runs<'t> + Send + Sync + 'static,
    {
        Self {
            name: name.to_owned(),
            up: rust(up),
            down: None,
            before_tables: false,
            conditions: Vec::new(),
            fault: None,
        }
    }

    /// Says what undoes it.
    #[must_use]
    pub fn down<F>(mut self, down: F) -> Self
    where
        F: for<'t> Runs<'t> + Send + Sync + 'static,
    {
        self.down = Some(rust(down));
        self
    }

    /// Has it run before the tables follow their models, instead of after.
    #[must_use]
    pub fn before_tables(mut self) -> Self {
        self.before_tables = true;
        self
    }

    /// Has it run only where the database has this table (`posts`) or column (`posts.slug`). Elsewhere
    /// there is nothing to do, and that is recorded.
    #[must_use]
    pub fn only_where(mut self, what: &str) -> Self {
        match Condition::read(what) {
            Ok(condition) => self.conditions.push(condition),
            Err(error) => self.fault = Some(error.to_string()),
        }
        self
    }

    /// Reads the files of a folder: of each direction the one for this dialect, or else the one for all.
    pub(super) fn of_folder(dialect: Dialect, folder: &Folder) -> Result<Self> {
        let fault = |error: Error| Error::internal(format!("migration `{}`: {error}", folder.name));
        name::check(&folder.name)?;
        if let Some((odd, _)) = folder.files.iter().find(|(file, _)| !FILES.contains(&file.as_str())) {
            let meant = nearest(odd, FILES).map(|it| format!(", did you mean `{it}`?"));
            let meant = meant.unwrap_or_else(|| format!(": one of {} is expected", FILES.join(", ")));
            return Err(fault(Error::internal(format!("`{odd}` is none of its files{meant}"))));
        }
        let of_up = folder.file("up", dialect).ok_or_else(|| fault(missing(dialect)))?;
        let up = Script::read(of_up, dialect).map_err(fault)?;
        let down =
            folder.file("down", dialect).map(|it| Script::read(it, dialect)).transpose().map_err(fault)?;
        let down = down.filter(|it| !it.statements.is_empty());
        Ok(Self {
            name: folder.name.clone(),
            before_tables: up.marks.before_tables,
            conditions: up.marks.conditions.clone(),
            up: Step::Sql(Arc::new(up)),
            down: down.map(|it| Step::Sql(Arc::new(it))),
            fault: None,
        })
    }

    /// Refuses one that was begun by `make`, and has no statement yet.
    pub(super) fn written(&self) -> Result<()> {
        match &self.up {
            Step::Sql(script) if script.statements.is_empty() && script.file == "up.sql" => {
                let name = &self.name;
                Err(Error::internal(format!(
                    "migration `{name}`: its up.sql has no statement yet: write it, or delete its folder"
                )))
            }
            Step::Sql(_) | Step::Rust(_) => Ok(()),
        }
    }

    /// What tells that it was edited. A function of Rust cannot be told from another one.
    pub(super) fn checksum(&self) -> &str {
        match &self.up {
            Step::Sql(script) => &script.checksum,
            Step::Rust(_) => "rust",
        }
    }
}

fn missing(dialect: Dialect) -> Error {
    let name = dialect_name(dialect);
    Error::internal(format!(
        "it has neither up.sql nor up.{name}.sql: write one (an empty up.{name}.sql says that there is nothing to do)"
    ))
}

fn rust<F>(work: F) -> Step
where
    F: for<'t> Runs<'t> + Send + Sync + 'static,
{
    Step::Rust(Arc::new(move |tx: &mut Tx| -> Boxed<'_, Result<()>> { Box::pin(work(tx)) }))
}

impl Step {
    /// Whether its statements are committed one by one.
    pub(super) fn outside(&self) -> Option<&Arc<Script>> {
        match self {
            Self::Sql(script) if script.marks.no_transaction => Some(script),
            Self::Sql(_) | Self::Rust(_) => None,
        }
    }

    /// Runs it in a transaction.
    pub(super) async fn run(&self, tx: &mut Tx) -> Result<()> {
        match self {
            Self::Sql(script) => {
                for statement in &script.statements {
                    let sent = Sent::new(statement.text.clone());
                    tx.execute(&sent).await.map_err(|error| script.at(statement, error))?;
                }
                Ok(())
            }
            Self::Rust(work) => work(tx).await,
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(script) => script.fmt(f),
            Self::Rust(_) => f.write_str("Rust(…)"),
        }
    }
}

impl Script {
    fn read((file, text): (&str, &str), dialect: Dialect) -> Result<Self> {
        let in_file = |error: Error| Error::internal(format!("{file}: {error}"));
        let text = text.replace("\r\n", "\n");
        let marks = Marks::read(&text).map_err(in_file)?;
        let statements = statements(&text, dialect);
        let concurrent = statements.iter().find(|it| it.tokens.iter().any(|it| it.is("concurrently")));
        if let (Dialect::Postgres, false, Some(statement)) = (dialect, marks.no_transaction, concurrent) {
            let said = format!(
                "line {}: CONCURRENTLY cannot be part of a transaction: put it into a migration of its own that \
                 begins with `-- mainstay: no-transaction`",
                statement.line
            );
            return Err(in_file(Error::internal(said)));
        }
        Ok(Self { file: file.to_owned(), statements, marks, checksum: checksum(&text) })
    }

    /// Says where the statement is that failed.
    pub(super) fn at(&self, statement: &Statement, error: Error) -> Error {
        // What is to be run again must still be known as such.
        if error.is_retryable() {
            return error;
        }
        let said = format!("line {} of {}: {}", statement.line, self.file, whole(&error));
        Error::internal(said).caused_by(error)
    }
}

/// An error with its causes: whoever writes SQL needs to know what the database said of it.
pub(super) fn whole(error: &Error) -> String {
    let mut said = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        next = cause.source();
    }
    said
}

pub(super) fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "postgres",
        Dialect::Sqlite => "sqlite",
    }
}

/// The migrations that a program knows, by name.
#[derive(Clone, Debug, Default)]
pub struct Migrations(Vec<Migration>);

impl Migrations {
    /// All of `folders`, and those in Rust, in the order of their names: by time, and by what they do
    /// where two have the same.
    ///
    /// # Errors
    /// Internal, when one of them cannot be read, or two have one name.
    pub fn new(dialect: Dialect, folders: &[Folder], in_rust: &[Migration]) -> Result<Self> {
        let mut all = in_rust.to_vec();
        for migration in in_rust {
            name::check(&migration.name)?;
            if let Some(fault) = &migration.fault {
                return Err(Error::internal(format!("migration `{}`: {fault}", migration.name)));
            }
        }
        for folder in folders {
            all.push(Migration::of_folder(dialect, folder)?);
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let mut seen = HashMap::new();
        if let Some(twice) = all.iter().find(|it| seen.insert(it.name.clone(), ()).is_some()) {
            return Err(Error::internal(format!(
                "two migrations are named `{}`: rename one of them",
                twice.name
            )));
        }
        Ok(Self(all))
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Migration> {
        self.0.iter()
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<&Migration> {
        self.0.iter().find(|it| it.name == name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
