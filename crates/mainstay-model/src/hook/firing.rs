use std::sync::Arc;

use mainstay_kernel::{Error, Result, Tx, Value};

use super::{HookEntry, Hooks, When};
use crate::door::Door;
use crate::{Action, Assignments, Predicate, Record, Schema, rows};

/// How deep hooks may set each other off.
const DEEPEST: usize = 8;

/// The hooks that run around one change.
pub(crate) struct Firing<'a> {
    /// None where nothing runs.
    hooks: Option<Arc<Hooks>>,
    schema: &'a Schema,
    action: Action,
    sent: Option<&'a [u8]>,
}

/// A change of one row, as its hooks see it.
pub(crate) struct RowChange {
    pub(crate) action: Action,
    pub(crate) before: Option<Record>,
    /// As it is to be; once it is written, as it is.
    pub(crate) row: Record,
    /// What hooks set.
    pub(crate) sets: Assignments,
}

/// What one hook is given.
pub(crate) struct Moment<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) sent: Option<&'t [u8]>,
    pub(super) change: RowChange,
}

/// The hooks that are running, the innermost last.
#[derive(Default)]
struct Chain(Vec<&'static str>);

impl<'a> Firing<'a> {
    /// Those around what a client asked for.
    pub(crate) fn at(door: &Door<'a>, action: Action) -> Self {
        Self::new(door.db.extension(), door.model.schema, action, Some(door.sent))
    }

    /// Those around what code writes.
    pub(crate) fn within(tx: &Tx, schema: &'a Schema, action: Action) -> Self {
        Self::new(tx.extension(), schema, action, None)
    }

    fn new(hooks: Option<Arc<Hooks>>, schema: &'a Schema, action: Action, sent: Option<&'a [u8]>) -> Self {
        let hooks = hooks.filter(|it| it.is_due(schema, action));
        Self { hooks, schema, action, sent: sent.filter(|it| !it.is_empty()) }
    }

    /// Whether any runs, so that the row has to be read before it is written.
    pub(crate) fn is_due(&self) -> bool {
        self.hooks.is_some()
    }

    /// Runs those before the row is written; what is to be written.
    ///
    /// # Errors
    /// That of the first hook that fails.
    pub(crate) async fn before(&self, tx: &mut Tx, before: Option<Record>, row: Record) -> Result<RowChange> {
        self.fire(When::Before, tx, before, row).await
    }

    /// Runs those after it is written, and leaves the tasks of those that spawn; the row as they left it.
    ///
    /// # Errors
    /// As [`Firing::before`].
    pub(crate) async fn after(&self, tx: &mut Tx, before: Option<Record>, row: Record) -> Result<Record> {
        if !self.has(When::Spawn) {
            return self.settled(tx, before, row).await;
        }
        let row = self.settled(tx, before.clone(), row).await?;
        self.fire(When::Spawn, tx, before, row).await.map(|it| it.row)
    }

    fn has(&self, when: When) -> bool {
        self.hooks.as_deref().is_some_and(|it| it.due(self.schema, self.action, when).next().is_some())
    }

    /// Runs those after it is written; the row as they left it.
    async fn settled(&self, tx: &mut Tx, before: Option<Record>, row: Record) -> Result<Record> {
        if !self.has(When::After) {
            return Ok(row);
        }
        let RowChange { row, .. } = self.fire(When::After, tx, before, row).await?;
        if self.action == Action::Delete {
            return Ok(row);
        }
        let key = Predicate::same(self.schema.id(), &Value::Uuid(row.id(self.schema)));
        Ok(rows::find(tx, self.schema, &key).await?.unwrap_or(row))
    }

    async fn fire(&self, when: When, tx: &mut Tx, before: Option<Record>, row: Record) -> Result<RowChange> {
        let mut change = RowChange { action: self.action, before, row, sets: Vec::new() };
        let hooks = self.hooks.iter().flat_map(|it| it.due(self.schema, self.action, when));
        for hook in hooks {
            change = run(hook, Moment { tx: &mut *tx, sent: self.sent, change }).await?;
        }
        Ok(change)
    }
}

/// Runs one hook. What it did before it failed is not for its caller to keep.
async fn run(hook: &HookEntry, moment: Moment<'_>) -> Result<RowChange> {
    let Moment { tx, sent, change } = moment;
    let ran = match enter(tx, hook) {
        Ok(()) => (hook.run)(Moment { tx: &mut *tx, sent, change }).await,
        Err(error) => Err(error),
    };
    tx.local::<Chain>().0.pop();
    if ran.is_err() {
        tx.fail();
    }
    ran
}

/// Notes that a hook runs.
fn enter(tx: &mut Tx, hook: &HookEntry) -> Result<()> {
    let chain = &mut tx.local::<Chain>().0;
    chain.push(hook.point.name);
    if chain.len() <= DEEPEST {
        return Ok(());
    }
    Err(Error::internal(format!(
        "hooks set each other off more than {DEEPEST} deep: {}; let one of them write only when something changed",
        chain.join(" > ")
    )))
}

/// What is to be written, with what hooks set in the place of what was there.
pub(crate) fn overlay(mut changes: Assignments, sets: Assignments) -> Assignments {
    for (column, value) in sets {
        match changes.iter_mut().find(|(it, _)| *it == column) {
            Some((_, it)) => *it = value,
            None => changes.push((column, value)),
        }
    }
    changes
}
