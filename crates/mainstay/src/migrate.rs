//! `migrate`: the tables and the written migrations, by command.

use std::fs;
use std::path::{Path, PathBuf};

use mainstay_kernel::{Clock, Db, Error, Result};
use mainstay_model::migration::{
    Done, Embedded, Folder, LedgerName, Marked, Migration, Migrations, Migrator, Order, Outcome, State,
    Steps, name_of, skeleton,
};
use mainstay_model::{Change, Plan, Schema};

use crate::Assembly;
use crate::command::Output;
use crate::config::{Config, Mode};

/// Where migrations are kept below the project root, unless the application says otherwise.
const FOLDER: &str = "migrations";

/// The words after `migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Apply what is pending: written migrations, and what the tables lack (the default)
    Up {
        /// Apply a migration though a later one was applied already
        #[arg(long)]
        out_of_order: bool,
    },
    /// Revert written migrations, the last one first
    Down {
        /// How many: a whole number from 1 on, or `all`
        #[arg(long, default_value = "1", allow_hyphen_values = true)]
        steps: String,
    },
    /// Show what `up` would do, and what only a written migration can
    Plan,
    /// Begin a written migration
    Make {
        /// What it does, in a few words
        #[arg(num_args = 0..)]
        name: Vec<String>,
    },
    /// Count what is applied, pending and missing
    Status,
    /// List the written migrations
    List,
    /// Fail when database, models and written migrations do not agree, or a migration is dangerous
    Check,
    /// Record a migration as applied or pending without running it
    Mark {
        /// The whole name of the migration
        name: String,
        /// What it is
        state: MarkArg,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum MarkArg {
    Applied,
    Pending,
}

/// An application's migrations and where they come from.
#[derive(Clone)]
pub(crate) struct Written {
    db: Db,
    schemas: Vec<&'static Schema>,
    embedded: Option<Embedded>,
    in_rust: Vec<Migration>,
    table: LedgerName,
    /// The folder as it is now: where the source is, it decides.
    folder: Option<PathBuf>,
}

impl Written {
    /// Those of an application on its database. In production what the program carries counts, elsewhere
    /// the folder does where there is one.
    pub(crate) fn of(assembly: &Assembly, config: &Config) -> Self {
        let name = assembly.migrations.map_or(FOLDER, |it| it.folder);
        Self {
            table: config.database.migrations_table.clone(),
            folder: match config.mode {
                Mode::Production => None,
                Mode::Development | Mode::Test => Some(config.root.join(name)),
            },
            ..Self::carried(assembly)
        }
    }

    /// What the program itself carries.
    pub(crate) fn carried(assembly: &Assembly) -> Self {
        Self {
            db: assembly.site.db().clone(),
            schemas: assembly.schemas(),
            embedded: assembly.migrations,
            in_rust: assembly.migrations_in_rust.clone(),
            table: LedgerName::default(),
            folder: None,
        }
    }

    /// What runs them.
    pub(crate) fn migrator(&self) -> Result<Migrator> {
        let migrations = Migrations::new(self.db.dialect(), &self.folders()?, &self.in_rust)?;
        Migrator::new(self.db.clone(), self.schemas.clone(), migrations, self.table.clone())
    }

    fn folders(&self) -> Result<Vec<Folder>> {
        let there = self.there()?;
        match (there, &self.embedded) {
            (Some(folders), Some(_)) => Ok(folders),
            (Some(folders), None) if !folders.is_empty() => Err(Error::internal(format!(
                "the migrations in `{FOLDER}` are not part of the application: add \
                 `.migrations(mainstay::migrations!())` to it"
            ))),
            (None, Some(embedded)) => Ok(embedded.folders()),
            (_, None) => Ok(Vec::new()),
        }
    }

    fn there(&self) -> Result<Option<Vec<Folder>>> {
        self.folder.as_ref().map_or(Ok(None), |it| Folder::read_all(it))
    }

    /// The migrations that the folder has, and the program does not carry as they are now.
    fn stale(&self) -> Result<Vec<String>> {
        let (Some(there), Some(embedded)) = (self.there()?, &self.embedded) else { return Ok(Vec::new()) };
        let carried = embedded.folders();
        Ok(there.into_iter().filter(|it| !carried.contains(it)).map(|it| it.name).collect())
    }

    /// Does what the words after `migrate` say.
    pub(crate) async fn run(&self, args: MigrateArgs, output: &Output) -> Result<()> {
        match args.action.unwrap_or(Action::Up { out_of_order: false }) {
            Action::Up { out_of_order } => self.up(out_of_order, output).await,
            Action::Down { steps } => {
                let steps = Steps::parse(&steps)?;
                self.migrator()?.down(steps, &|done| tell(done, output)).await
            }
            Action::Plan => self.plan(output).await,
            Action::Make { name } => self.make(&name.join(" "), output).await,
            Action::Status => self.status(output).await,
            Action::List => self.list(output).await,
            Action::Check => self.check(output).await,
            Action::Mark { name, state } => {
                let marked = match state {
                    MarkArg::Applied => Marked::Applied,
                    MarkArg::Pending => Marked::Pending,
                };
                self.migrator()?.mark(&name, marked).await
            }
        }
    }

    async fn up(&self, out_of_order: bool, output: &Output) -> Result<()> {
        let order = if out_of_order { Order::Any } else { Order::ByName };
        let any = std::sync::atomic::AtomicBool::new(false);
        let report = |done| {
            any.store(true, std::sync::atomic::Ordering::Relaxed);
            tell(done, output);
        };
        self.migrator()?.up(order, &report).await?;
        if !any.into_inner() {
            output.line("nothing is missing");
        }
        Ok(())
    }

    async fn plan(&self, output: &Output) -> Result<()> {
        let migrator = self.migrator()?;
        let (plan, history) = (migrator.plan().await?, migrator.history().await?);
        for addition in &plan.additions {
            output.line(format!("would make {}", addition.change));
            addition.statements.iter().for_each(|it| output.line(format!("    {it};")));
        }
        let pending: Vec<_> = history.pending().collect();
        pending
            .iter()
            .for_each(|it| output.line(format!("would apply {} ({})", it.name, it.state.describe())));
        plan.divergences.iter().for_each(|it| output.line(format!("differs: {it}")));
        let of_pending = |name: &str| pending.iter().any(|it| it.name == name);
        let warnings = migrator.warnings().into_iter().filter(|it| of_pending(&it.migration));
        warnings.for_each(|it| output.line(format!("warning: {it}")));
        if plan.is_empty() && pending.is_empty() {
            output.line("nothing is missing");
        }
        Ok(())
    }

    /// Writes the files of a migration that mends what differs, or does what its name says.
    async fn make(&self, what: &str, output: &Output) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Err(Error::internal("migrations are written where the source is, not in production"));
        };
        let migrator = self.migrator()?;
        let plan = migrator.plan().await?;
        let begun = skeleton(&plan, self.db.dialect());
        let what = match (what, &begun.what) {
            ("", None) => {
                return Err(Error::internal(
                    "nothing differs that a written migration would mend: say what it is to do, such as `migrate \
                     make fill slugs`",
                ));
            }
            ("", Some(what)) => what,
            (what, _) => what,
        };
        let path = folder.join(name_of(Clock::system().now(), what)?);
        let unwritten = |error: std::io::Error| {
            Error::internal(format!("`{}` cannot be written: {error}", path.display()))
        };
        fs::create_dir_all(folder).map_err(unwritten)?;
        fs::create_dir(&path).map_err(unwritten)?;
        fs::write(path.join("up.sql"), begun.up).map_err(unwritten)?;
        fs::write(path.join("down.sql"), begun.down).map_err(unwritten)?;
        output.line(format!("made {}: write its up.sql, then run `migrate up`", path.display()));
        plan.divergences.iter().for_each(|it| output.line(format!("differs: {it}")));
        if self.embedded.is_none() {
            output
                .line("add `.migrations(mainstay::migrations!())` to the application, which then carries it");
        }
        Ok(())
    }

    async fn status(&self, output: &Output) -> Result<()> {
        let migrator = self.migrator()?;
        let (plan, history) = (migrator.plan().await?, migrator.history().await?);
        let Plan { additions, divergences } = plan;
        output.line(format!("tables: {} missing, {} different", additions.len(), divergences.len()));
        let pending = history.pending().count();
        let states =
            |wanted: &[State]| history.entries.iter().filter(|it| wanted.contains(&it.state)).count();
        let applied = states(&[State::Applied, State::NotNeeded, State::Edited, State::Unknown]);
        let half = states(&[State::HalfApplied, State::HalfReverted]);
        output.line(format!("migrations: {applied} applied, {pending} pending, {half} half done"));
        Ok(())
    }

    async fn list(&self, output: &Output) -> Result<()> {
        for entry in self.migrator()?.history().await?.entries {
            let at = entry.at.map(|it| format!(" at {it}")).unwrap_or_default();
            output.line(format!("{}  {}{at}", entry.name, entry.state.describe()));
        }
        Ok(())
    }

    async fn check(&self, output: &Output) -> Result<()> {
        let migrator = self.migrator()?;
        let (plan, history) = (migrator.plan().await?, migrator.history().await?);
        let mut found: Vec<String> =
            plan.additions.iter().map(|it| format!("missing: {}", it.change)).collect();
        found.extend(plan.divergences.iter().map(|it| format!("differs: {it}")));
        let settled = [State::Applied, State::NotNeeded];
        let unsettled = history.entries.iter().filter(|it| !settled.contains(&it.state));
        found.extend(unsettled.map(|it| format!("migration `{}`: {}", it.name, it.state.describe())));
        found.extend(migrator.warnings().iter().map(|it| format!("warning: {it}")));
        let stale = self.stale()?.into_iter();
        found.extend(
            stale.map(|it| format!("migration `{it}` is not in this program as it is: build it again")),
        );
        found.iter().for_each(|it| output.line(it));
        match found.len() {
            0 => Ok(()),
            count => Err(Error::internal(format!("{count} things are not as they should be"))),
        }
    }

    /// Refuses to serve on a database that lacks something of what this program has.
    pub(crate) async fn must_be_applied(&self, app: &str) -> Result<()> {
        let migrator = self.migrator()?;
        let (plan, history) = (migrator.plan().await?, migrator.history().await?);
        history.sound()?;
        let missing: Vec<_> =
            plan.additions.iter().map(|it| &it.change).filter(|it| it.is_needed()).collect();
        let table = missing.iter().find(|it| matches!(it, Change::CreateTable { .. }));
        let lacks = match (table.or(missing.first()), missing.len(), history.pending().next()) {
            (Some(one), 1, _) => format!("{one}, which the models have"),
            (Some(one), count, _) => format!("{count} things that the models have, such as {one}"),
            (None, _, Some(first)) if history.pending().count() == 1 => {
                format!("the migration `{}`", first.name)
            }
            (None, _, Some(first)) => {
                format!("{} migrations, first: `{}`", history.pending().count(), first.name)
            }
            (None, _, None) => return Ok(()),
        };
        Err(Error::internal(format!("the database lacks {lacks}; run `{app} migrate`")))
    }

    /// Writes what the models say of their tables below `folder`, when that has changed.
    pub(crate) fn describe(&self, folder: &Path) -> Result<()> {
        let path = folder.join("schema.json");
        let text = mainstay_model::describe(self.db.dialect(), &self.schemas);
        if fs::read_to_string(&path).is_ok_and(|it| it == text) {
            return Ok(());
        }
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        written.map_err(|error| Error::internal(format!("`{}` cannot be written: {error}", path.display())))
    }

    /// Makes what the tables lack, and says what else differs.
    pub(crate) async fn follow(&self) -> Result<()> {
        let migrator = self.migrator()?;
        let history = migrator.history().await?;
        let made = mainstay_model::additive::apply(&self.db, &self.schemas).await?;
        if !made.is_empty() {
            tracing::info!(made = made.len(), "tables follow the models");
        }
        for divergence in migrator.plan().await?.divergences {
            tracing::warn!("{divergence}; `migrate make` begins a migration that mends it");
        }
        for entry in history.pending() {
            tracing::warn!(migration = entry.name, "pending: `migrate up` applies it");
        }
        Ok(())
    }
}

fn tell(done: Done, output: &Output) {
    output.line(match done {
        Done::Added(addition) => format!("made {}", addition.change),
        Done::Migration(name, Outcome::Applied) => format!("applied {name}"),
        Done::Migration(name, Outcome::NotNeeded) => format!("not needed here: {name}"),
        Done::Migration(name, Outcome::Reverted) => format!("reverted {name}"),
        Done::Migration(name, Outcome::Forgotten) => format!("pending again, for it was not needed: {name}"),
    });
}

#[cfg(test)]
mod tests;
