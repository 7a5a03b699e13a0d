use std::ops::{Deref, DerefMut};

use mainstay_kernel::{Error, ErrorKind, Place, Result, Tx, Value};

use super::firing::{Moment, RowChange};
use super::{Event, HookPoint, When, overlay};
use crate::{Action, Column, Field, Model, Part, Predicate, Record, input, rows};

/// What a hook is given: the change, and the transaction that makes it, to read and write with.
///
/// What a hook writes through it commits with the row or not at all, and fires hooks itself. A hook
/// runs again whenever its transaction does, so its effects belong in the database.
pub struct HookCx<'t, M> {
    tx: &'t mut Tx,
    point: HookPoint,
    sent: Option<&'t [u8]>,
    change: RowChange,
    before: Option<M>,
    model: M,
}

impl<'t, M: Model> HookCx<'t, M> {
    /// A context by hand, to call a hook in a test: a create where nothing was before, else an
    /// update. Nothing is written but what the hook writes.
    ///
    /// # Errors
    /// Internal, when the rows do not have their model's shape.
    #[track_caller]
    pub fn new(tx: &'t mut Tx, before: Option<M>, model: M) -> Result<Self> {
        let (action, event) = match before {
            None => (Action::Create, Event::Create),
            Some(_) => (Action::Update, Event::Update),
        };
        let point =
            HookPoint { when: When::Before, event, priority: 100, name: "by hand", place: Place::caller() };
        let before = before.map(Model::into_record);
        let change = RowChange { action, before, row: model.into_record(), sets: Vec::new() };
        Self::open(Moment { tx, sent: None, change }, point)
    }

    pub(super) fn open(moment: Moment<'t>, point: HookPoint) -> Result<Self> {
        let Moment { tx, sent, change } = moment;
        let before = change.before.clone().map(M::from_record).transpose()?;
        let model = M::from_record(change.row.clone())?;
        Ok(Self { tx, point, sent, change, before, model })
    }

    pub(super) fn close(self) -> RowChange {
        self.change
    }

    /// The row as it will be or was written, and as it was before.
    pub(super) fn rows(&self) -> (&Record, Option<&Record>) {
        (&self.change.row, self.change.before.as_ref())
    }

    /// What is done to the row: by code, a create, an update or a delete.
    pub fn action(&self) -> Action {
        self.change.action
    }

    /// What the hook waited for.
    pub fn event(&self) -> Event {
        self.point.event
    }

    /// The row as it was, read in this transaction; `None` of a create.
    pub fn before(&self) -> Option<&M> {
        self.before.as_ref()
    }

    /// The row as it will be, and in an after-hook as it was written. Its version and times are those
    /// of the write only once it is written. Of a delete, the row that goes.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Whether the change gives this column another value; of a create, always; of a delete, never.
    pub fn changed<T>(&self, column: Column<M, T>) -> bool {
        self.differs(column.index())
    }

    /// The fields whose values change, by the names that clients know.
    pub fn changes(&self) -> impl Iterator<Item = &'static str> {
        let columns = M::SCHEMA.columns.iter().enumerate();
        columns.filter(|(column, _)| self.differs(*column)).map(|(_, it)| it.field)
    }

    fn differs(&self, column: usize) -> bool {
        match (&self.change.before, self.change.action) {
            (_, Action::Delete) => false,
            (None, _) => true,
            (Some(before), _) => before.0[column] != self.change.row.0[column],
        }
    }

    /// The body as the client sent it: an object, or the operations of a patch. `None` where code
    /// writes, and of a delete.
    pub fn incoming(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.sent?).ok()
    }

    /// Sets a column of the row that is about to be written. The model's rules hold for the value as
    /// for a client's; which columns clients may write does not matter, and the scope is asked once
    /// more.
    ///
    /// # Errors
    /// Invalid, when it breaks a rule; internal in an after-hook, of a delete, and for a column that the
    /// framework writes.
    pub fn set<T: Field>(&mut self, column: Column<M, T>, value: impl Into<Option<T>>) -> Result<()> {
        let column = column.index();
        self.settable(column)?;
        let value = value.into().map_or(Value::Null, Field::into_value);
        let value = input::checked(M::SCHEMA, M::check, column, value)
            .map_err(|faults| Error::new(ErrorKind::Invalid(faults)))?;
        self.change.row.0[column] = value.clone();
        self.change.sets = overlay(std::mem::take(&mut self.change.sets), vec![(column, value)]);
        self.model = M::from_record(self.change.row.clone())?;
        Ok(())
    }

    fn settable(&self, column: usize) -> Result<()> {
        let def = M::SCHEMA.column(column);
        let why = match (self.point.when, self.change.action, def.part) {
            (When::After | When::Spawn, ..) => {
                "the row is written: use a before-hook, or write it through `cx`"
            }
            (When::Before, Action::Delete, _) => "the row goes",
            (When::Before, _, Part::Plain | Part::Overflow) => return Ok(()),
            (When::Before, _, Part::Id | Part::CreatedAt | Part::UpdatedAt | Part::Version) => {
                "the framework writes it"
            }
        };
        let HookPoint { name, .. } = self.point;
        Err(Error::internal(format!("the hook `{name}` cannot set `{}`: {why}", def.field)))
    }

    /// Reads the row again: what other hooks, and this one, wrote to it since. A row that is gone, or
    /// not there yet, stays as it was seen.
    ///
    /// # Errors
    /// As the reader says.
    pub async fn refresh(&mut self) -> Result<()> {
        let seen = self.change.before.as_ref().unwrap_or(&self.change.row);
        let key = Predicate::same(M::SCHEMA.id(), &Value::Uuid(seen.id(M::SCHEMA)));
        let Some(stored) = rows::find(self.tx, M::SCHEMA, &key).await? else { return Ok(()) };
        match self.point.when {
            When::After | When::Spawn => self.change.row = stored,
            When::Before => self.change.rest_on(stored),
        }
        self.before = self.change.before.clone().map(M::from_record).transpose()?;
        self.model = M::from_record(self.change.row.clone())?;
        Ok(())
    }
}

impl RowChange {
    /// The same change of a newer row: what it does not change is as it is there.
    fn rest_on(&mut self, stored: Record) {
        let Some(before) = &self.before else { return };
        let mut row = stored.clone();
        for (column, value) in before.changes(&self.row) {
            row.0[column] = value;
        }
        (self.before, self.row) = (Some(stored), row);
    }
}

impl<M> Deref for HookCx<'_, M> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        self.tx
    }
}

impl<M> DerefMut for HookCx<'_, M> {
    fn deref_mut(&mut self) -> &mut Tx {
        self.tx
    }
}
