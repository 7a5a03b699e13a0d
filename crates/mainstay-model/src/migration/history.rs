//! The migrations that a program knows beside those that a database has.

use mainstay_kernel::{Error, Result, Timestamp};

use super::migrator::Order;
use super::source::Migrations;
use crate::store::ledger::{Record, Recorded};

/// What has become of each migration, by name.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Those of the program and those of the database.
    pub entries: Vec<Entry>,
}

/// What has become of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What has become of it.
    pub state: State,
    /// When.
    pub at: Option<Timestamp>,
}

/// What has become of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is to be applied.
    Pending,
    /// It is to be applied, though a later one was applied already.
    Late,
    /// It was applied.
    Applied,
    /// There was nothing to do: the database did not have what it is for.
    NotNeeded,
    /// It was applied with other content than it has now.
    Edited,
    /// It was applied, by a program that has it.
    Unknown,
    /// It was begun outside of a transaction, and did not come to its end.
    HalfApplied,
    /// Its reverting was begun outside of a transaction, and did not come to its end.
    HalfReverted,
}

impl State {
    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Late => "pending, before one that is applied",
            Self::Applied => "applied",
            Self::NotNeeded => "not needed here",
            Self::Edited => "edited after it was applied",
            Self::Unknown => "applied, but not in this program",
            Self::HalfApplied => "begun, and not finished",
            Self::HalfReverted => "its reverting begun, and not finished",
        }
    }

    /// Whether it is still to be applied.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Late)
    }
}

impl History {
    pub(crate) fn between(known: &Migrations, records: Vec<Record>) -> Self {
        let mut entries: Vec<Entry> = records.iter().map(|it| recorded(known, it)).collect();
        for migration in known.iter().filter(|it| !records.iter().any(|record| record.name == it.name)) {
            // Those that go before the tables and those that go after are two rows of their own.
            let is_before = |it: &&Record| {
                let other = known.get(&it.name);
                it.name > migration.name
                    && other.is_some_and(|it| it.before_tables == migration.before_tables)
            };
            let state = if records.iter().any(|it| is_before(&it)) { State::Late } else { State::Pending };
            entries.push(Entry { name: migration.name.clone(), state, at: None });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Self { entries }
    }

    /// Those that are to be applied.
    pub fn pending(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|it| it.state.is_pending())
    }

    /// Those that were applied, or found not to be needed, the latest first.
    pub(super) fn applied(&self) -> impl Iterator<Item = &Entry> {
        let is_applied = |it: &&Entry| matches!(it.state, State::Applied | State::NotNeeded | State::Unknown);
        self.entries.iter().rev().filter(is_applied)
    }

    /// Refuses what cannot be gone on from: a migration that was edited, or left half done.
    ///
    /// # Errors
    /// Internal, naming the first and its fix.
    pub fn sound(&self) -> Result<()> {
        for Entry { name, state, .. } in &self.entries {
            let said = match state {
                State::Edited => format!(
                    "migration `{name}` was edited after it was applied: undo the edit, and put the change into a \
                     new migration"
                ),
                State::HalfApplied | State::HalfReverted => format!(
                    "migration `{name}`: {}. It ran without a transaction: look at what it left, end or undo that by \
                     hand, then say what it is now by `migrate mark {name} applied` or `migrate mark {name} pending`",
                    state.describe()
                ),
                State::Pending | State::Late | State::Applied | State::NotNeeded | State::Unknown => continue,
            };
            return Err(Error::internal(said));
        }
        Ok(())
    }

    /// Refuses migrations that would be applied out of their order, unless told otherwise.
    pub(super) fn in_order(&self, order: Order) -> Result<()> {
        let late = self.entries.iter().find(|it| it.state == State::Late);
        match (late, order) {
            (None, _) | (Some(_), Order::Any) => Ok(()),
            (Some(late), Order::ByName) => {
                let applied = self.applied().next().map_or("a later one", |it| it.name.as_str());
                let name = &late.name;
                Err(Error::internal(format!(
                    "migration `{name}` comes before `{applied}`, which is applied: give it a later time, or run \
                     `migrate up --out-of-order` where that one does not rest on it"
                )))
            }
        }
    }
}

fn recorded(known: &Migrations, record: &Record) -> Entry {
    let state = match (record.state, known.get(&record.name)) {
        (Recorded::Applying, _) => State::HalfApplied,
        (Recorded::Reverting, _) => State::HalfReverted,
        (Recorded::Applied | Recorded::NotNeeded, None) => State::Unknown,
        (Recorded::Applied, Some(it)) if it.checksum() != record.checksum => State::Edited,
        (Recorded::Applied, Some(_)) => State::Applied,
        (Recorded::NotNeeded, Some(_)) => State::NotNeeded,
    };
    Entry { name: record.name.clone(), state, at: Some(record.at) }
}
