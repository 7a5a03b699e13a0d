//! What runs migrations: one at a time, each in a transaction with the record that it ran.

use std::num::NonZeroUsize;

use mainstay_kernel::{Db, Error, Result, Tx};

use super::history::{Entry, History, State};
use super::lint::{self, Warning};
use super::name::LedgerName;
use super::source::{Migration, Migrations, Script, Step, whole};
use crate::store::introspect::Database;
use crate::store::ledger::{self, Recorded};
use crate::{Addition, Plan, Schema, additive};

/// Brings a database to what a program's models and migrations say, and back.
#[derive(Clone)]
pub struct Migrator {
    db: Db,
    schemas: Vec<&'static Schema>,
    migrations: Migrations,
    table: LedgerName,
}

/// Whether a migration may be applied after one with a later name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// No: it is refused.
    ByName,
    /// Yes.
    Any,
}

/// How many migrations to revert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// So many.
    Count(NonZeroUsize),
    /// Each that is applied.
    All,
}

impl Steps {
    /// The last one alone.
    pub const ONE: Self = Self::Count(NonZeroUsize::MIN);

    /// Reads a whole number from 1 on, or `all`.
    ///
    /// ```
    /// use mainstay_model::migration::Steps;
    /// assert_eq!(Steps::parse("all").unwrap(), Steps::All);
    /// assert!(Steps::parse("0.5").unwrap_err().to_string().contains("`0.5`"));
    /// ```
    ///
    /// # Errors
    /// Internal, naming the value: nothing else is taken for a number of steps.
    pub fn parse(text: &str) -> Result<Self> {
        let is_whole = text.bytes().all(|it| it.is_ascii_digit());
        match (text, text.parse::<NonZeroUsize>()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(count)) if is_whole => Ok(Self::Count(count)),
            (_, _) => Err(Error::internal(format!(
                "`{text}` is not a number of steps: a whole number from 1 on is expected, or `all`"
            ))),
        }
    }
}

/// Something that was done to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The tables followed their models.
    Added(Addition),
    /// A written migration was run, or found to have nothing to do.
    Migration(String, Outcome),
}

/// What was done with a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied.
    Applied,
    /// The database does not have what it is for.
    NotNeeded,
    /// It was reverted.
    Reverted,
    /// It had not been needed, and is pending again.
    Forgotten,
}

/// Told of each thing once it is done.
pub type Report<'a> = &'a (dyn Fn(Done) + Send + Sync);

impl Migrator {
    /// For this database, and what the program has.
    ///
    /// # Errors
    /// Internal, when a model's table has the name of the table of records.
    pub fn new(
        db: Db,
        schemas: Vec<&'static Schema>,
        migrations: Migrations,
        table: LedgerName,
    ) -> Result<Self> {
        if let Some(schema) = schemas.iter().find(|it| it.table == table.as_str()) {
            return Err(Error::internal(format!(
                "the model `{}` uses the table `{}`, which DATABASE_MIGRATIONS_TABLE keeps for migrations",
                schema.name, schema.table
            )));
        }
        Ok(Self { db, schemas, migrations, table })
    }

    /// How the tables differ from the models.
    ///
    /// # Errors
    /// As [`additive::plan`].
    pub async fn plan(&self) -> Result<Plan> {
        additive::plan(&self.db, &self.schemas).await
    }

    /// What has become of each written migration.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn history(&self) -> Result<History> {
        let records = ledger::read(&self.db.reader(), &self.table).await?;
        Ok(History::between(&self.migrations, records))
    }

    /// What the written migrations do that the previous version of the code may not bear.
    pub fn warnings(&self) -> Vec<Warning> {
        self.migrations.iter().flat_map(|it| lint::judge(it, self.db.dialect())).collect()
    }

    /// Applies what is pending: first the migrations that go before the tables, then what the tables lack,
    /// then the other migrations. Each is committed by itself, with its record.
    ///
    /// # Errors
    /// Internal, naming the migration that failed, which left nothing; those before it stand. Also when one
    /// was edited or left half done, or is out of order; nothing is changed then.
    pub async fn up(&self, order: Order, report: Report<'_>) -> Result<()> {
        let turn = self.db.migration_turn().await?;
        self.up_in_turn(order, report).await?;
        turn.end().await
    }

    async fn up_in_turn(&self, order: Order, report: Report<'_>) -> Result<()> {
        let history = self.history().await?;
        history.sound()?;
        history.in_order(order)?;
        let pending: Vec<_> = history.pending().filter_map(|it| self.migrations.get(&it.name)).collect();
        pending.iter().try_for_each(|it| it.written())?;
        self.make_ledger().await?;
        let (before, after): (Vec<_>, Vec<_>) = pending.into_iter().partition(|it| it.before_tables);
        for migration in before {
            self.apply(migration, report).await?;
        }
        self.follow(report).await?;
        for migration in &after {
            self.apply(migration, report).await?;
        }
        if after.is_empty() { Ok(()) } else { self.follow(report).await }
    }

    /// Reverts the migrations that were applied last, in the order of their names.
    ///
    /// # Errors
    /// Internal, when one of them has nothing that reverts it, or this program does not have it: none is
    /// reverted then. When one fails, naming it: its record stays, and those after it are reverted.
    pub async fn down(&self, steps: Steps, report: Report<'_>) -> Result<()> {
        let turn = self.db.migration_turn().await?;
        self.down_in_turn(steps, report).await?;
        turn.end().await
    }

    async fn down_in_turn(&self, steps: Steps, report: Report<'_>) -> Result<()> {
        let history = self.history().await?;
        history.sound()?;
        let count = match steps {
            Steps::Count(count) => count.get(),
            Steps::All => usize::MAX,
        };
        let last: Vec<_> = history.applied().take(count).collect();
        let reverting = last.iter().map(|it| self.reverting(it)).collect::<Result<Vec<_>>>()?;
        for (entry, down) in last.into_iter().zip(reverting) {
            self.revert(&entry.name, down, report).await?;
        }
        Ok(())
    }

    /// Records that a migration is applied, or pending, without running it: for one that was left half
    /// done, or done by hand.
    ///
    /// # Errors
    /// Internal, when neither the program nor the database knows it.
    pub async fn mark(&self, name: &str, applied: Marked) -> Result<()> {
        let known = self.migrations.get(name);
        let is_recorded = self.history().await?.entries.iter().any(|it| it.name == name && it.at.is_some());
        if known.is_none() && !is_recorded {
            return Err(Error::internal(format!(
                "there is no migration `{name}`: `migrate list` names them"
            )));
        }
        self.make_ledger().await?;
        let checksum = known.map(|it| it.checksum().to_owned()).filter(|_| applied == Marked::Applied);
        let (name, table) = (name.to_owned(), self.table.clone());
        let write = async move |tx: &mut Tx| {
            ledger::forget(tx, &table, &name).await?;
            match &checksum {
                Some(checksum) => ledger::insert(tx, &table, &name, checksum, Recorded::Applied).await,
                None => Ok(()),
            }
        };
        self.db.write_unbounded(write).await
    }

    async fn make_ledger(&self) -> Result<()> {
        if self.migrations.is_empty() {
            return Ok(());
        }
        let table = self.table.clone();
        self.db.write_unbounded(async move |tx: &mut Tx| ledger::create(tx, &table).await).await
    }

    async fn follow(&self, report: Report<'_>) -> Result<()> {
        let made = additive::apply_in_turn(&self.db, &self.schemas).await?;
        made.into_iter().for_each(|it| report(Done::Added(it)));
        Ok(())
    }

    async fn apply(&self, migration: &Migration, report: Report<'_>) -> Result<()> {
        let name = migration.name.as_str();
        let (applied, outcome) = if !self.is_needed(migration).await? {
            (self.record(migration, Recorded::NotNeeded, None).await, Outcome::NotNeeded)
        } else if let Some(script) = migration.up.outside() {
            (self.apply_outside(migration, script).await, Outcome::Applied)
        } else {
            (self.record(migration, Recorded::Applied, Some(&migration.up)).await, Outcome::Applied)
        };
        let left = left(&migration.up);
        applied.map_err(|error| failed(&format!("migration `{name}` failed, and {left}"), error))?;
        report(Done::Migration(name.to_owned(), outcome));
        Ok(())
    }

    /// Runs a step and records it, in one transaction.
    async fn record(&self, migration: &Migration, state: Recorded, step: Option<&Step>) -> Result<()> {
        let (name, checksum) = (migration.name.clone(), migration.checksum().to_owned());
        let (table, step) = (self.table.clone(), step.cloned());
        let write = async move |tx: &mut Tx| {
            if let Some(step) = &step {
                step.run(tx).await?;
            }
            ledger::insert(tx, &table, &name, &checksum, state).await
        };
        self.db.write_unbounded(write).await
    }

    /// Records that it began, runs each statement by itself, and records that it ended.
    async fn apply_outside(&self, migration: &Migration, script: &Script) -> Result<()> {
        self.record(migration, Recorded::Applying, None).await?;
        self.outside(script).await?;
        self.set(&migration.name, Recorded::Applied).await
    }

    async fn outside(&self, script: &Script) -> Result<()> {
        let texts: Vec<_> = script.statements.iter().map(|it| it.text.clone()).collect();
        self.db.migrate_outside(&texts).await
    }

    async fn set(&self, name: &str, state: Recorded) -> Result<()> {
        let (table, name) = (self.table.clone(), name.to_owned());
        self.db.write_unbounded(async move |tx: &mut Tx| ledger::set(tx, &table, &name, state).await).await
    }

    /// Whether the database has what the migration is for.
    async fn is_needed(&self, migration: &Migration) -> Result<bool> {
        if migration.conditions.is_empty() {
            return Ok(true);
        }
        let found = Database::read(&self.db.reader()).await?;
        Ok(migration.conditions.iter().all(|it| {
            let table = found.table(&it.table);
            table.is_some_and(|table| it.column.as_ref().is_none_or(|column| table.column(column).is_some()))
        }))
    }

    /// What reverts an applied migration; nothing for one that was not needed.
    fn reverting(&self, entry: &Entry) -> Result<Option<&Step>> {
        let name = &entry.name;
        let Some(migration) = self.migrations.get(name) else {
            return Err(Error::internal(format!(
                "migration `{name}` is not in this program: run `migrate down` of the program that has it"
            )));
        };
        match (&migration.down, entry.state) {
            (_, State::NotNeeded) => Ok(None),
            (Some(down), _) => Ok(Some(down)),
            (None, _) => Err(Error::internal(format!(
                "migration `{name}` has nothing that reverts it: write its down.sql, or a new migration that undoes it"
            ))),
        }
    }

    async fn revert(&self, name: &str, down: Option<&Step>, report: Report<'_>) -> Result<()> {
        let reverted = match down.and_then(Step::outside) {
            Some(script) => self.revert_outside(name, script).await,
            None => self.forget(name, down).await,
        };
        let left = down.map_or("left nothing", left);
        reverted
            .map_err(|error| failed(&format!("reverting migration `{name}` failed, and {left}"), error))?;
        let outcome = if down.is_some() { Outcome::Reverted } else { Outcome::Forgotten };
        report(Done::Migration(name.to_owned(), outcome));
        Ok(())
    }

    async fn revert_outside(&self, name: &str, script: &Script) -> Result<()> {
        self.set(name, Recorded::Reverting).await?;
        self.outside(script).await?;
        self.forget(name, None).await
    }

    /// Runs a step and forgets the migration, in one transaction.
    async fn forget(&self, name: &str, step: Option<&Step>) -> Result<()> {
        let (table, name, step) = (self.table.clone(), name.to_owned(), step.cloned());
        let write = async move |tx: &mut Tx| {
            if let Some(step) = &step {
                step.run(tx).await?;
            }
            ledger::forget(tx, &table, &name).await.map(drop)
        };
        self.db.write_unbounded(write).await
    }
}

/// What a migration is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// Applied.
    Applied,
    /// Pending.
    Pending,
}

/// What a step that fails leaves.
fn left(step: &Step) -> &'static str {
    match step.outside() {
        Some(_) => "may have left a part of it, for it runs without a transaction",
        None => "left nothing",
    }
}

fn failed(what: &str, error: Error) -> Error {
    Error::internal(format!("{what}: {}", whole(&error))).caused_by(error)
}
