//! Many rows at once: inserted, changed or deleted by few statements.

use std::fmt;
use std::marker::PhantomData;

use mainstay_kernel::{Error, Result, Tx, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Column, Decimal, Field as _, Json, Operand, Predicate, Record, Schema, store, violation};

/// Inserts new rows with these columns, and gives them as they are stored.
///
/// # Errors
/// Unique or foreign key violation, of any of them.
pub async fn insert(tx: &mut Tx, schema: &Schema, rows: Vec<Vec<(usize, Value)>>) -> Result<Vec<Record>> {
    let now = tx.now();
    let records: Vec<_> =
        rows.into_iter().map(|values| Record::new(schema, Uuid::now_v7(), now, values)).collect();
    let most = store::bulk::most_rows(tx.dialect(), schema);
    let mut rest = records.as_slice();
    while !rest.is_empty() {
        // A power of two: few statements, and few different ones to be kept prepared.
        let (some, after) = rest.split_at(most.min(1 << rest.len().ilog2()));
        let statement = store::bulk::insert(tx.dialect(), schema, some);
        tx.execute(&statement).await.map_err(|error| violation::name(schema, error))?;
        rest = after;
    }
    Ok(records)
}

/// Changes these columns of the rows for which the predicate holds, and counts their versions up; how many
/// there were.
///
/// # Errors
/// Internal, when a column is not the application's to set or named twice; unique or foreign key violation.
pub async fn update(
    tx: &mut Tx,
    schema: &Schema,
    predicate: &Predicate,
    changes: &[(usize, Edit)],
) -> Result<u64> {
    check(schema, changes)?;
    let statement = store::bulk::update(tx.dialect(), schema, changes, predicate, tx.now());
    tx.execute(&statement).await.map_err(|error| violation::name(schema, error))
}

/// Deletes the rows for which the predicate holds; how many there were.
///
/// # Errors
/// Foreign key violation, when another row refers to one of them.
pub async fn delete(tx: &mut Tx, schema: &Schema, predicate: &Predicate) -> Result<u64> {
    let statement = store::write::delete(tx.dialect(), schema, predicate);
    tx.execute(&statement).await.map_err(|error| violation::name(schema, error))
}

fn check(schema: &Schema, changes: &[(usize, Edit)]) -> Result<()> {
    if changes.is_empty() {
        return Err(Error::internal(format!("an update of all `{}` sets no column", schema.table)));
    }
    for (position, (column, change)) in changes.iter().enumerate() {
        let definition = schema.column(*column);
        let name = definition.name;
        if !definition.part.is_applications() {
            return Err(Error::internal(format!("`{name}` is set by the framework: leave it out")));
        }
        if changes[..position].iter().any(|(earlier, _)| earlier == column) {
            return Err(Error::internal(format!(
                "`{name}` is set twice in one update: say once what it becomes"
            )));
        }
        if !definition.optional && *change == Edit::Set(Value::Null) {
            return Err(Error::internal(format!("`{name}` may not be missing: set it to a value")));
        }
    }
    Ok(())
}

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// It is this from then on.
    Set(Value),
    /// It is so much more. What is missing stays missing.
    Add(Value),
}

/// What becomes of one column of many rows of `M`: `Post::PUBLISHED.set(true)`, `Post::VIEWS.plus(1)`.
pub struct Assignment<M> {
    column: usize,
    change: Edit,
    model: PhantomData<fn() -> M>,
}

impl<M> Assignment<M> {
    fn new(column: usize, change: Edit) -> Self {
        Self { column, change, model: PhantomData }
    }

    /// The column's position and its value; `None` where it is counted up.
    pub fn into_value(self) -> Option<(usize, Value)> {
        match self.change {
            Edit::Set(value) => Some((self.column, value)),
            Edit::Add(_) => None,
        }
    }

    pub(crate) fn into_edit(self) -> (usize, Edit) {
        (self.column, self.change)
    }
}

impl<M> Clone for Assignment<M> {
    fn clone(&self) -> Self {
        Self::new(self.column, self.change.clone())
    }
}

impl<M> fmt::Debug for Assignment<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({}, {:?})", self.column, self.change)
    }
}

impl<M, T> Column<M, T> {
    /// It becomes this; `None` takes it away.
    pub fn set(self, value: impl Settable<T>) -> Assignment<M> {
        let value = value.setting();
        // A store keeps no negative zero.
        let value = if let Value::Float(it) = value { Value::Float(it + 0.0) } else { value };
        Assignment::new(self.index(), Edit::Set(value))
    }
}

impl<M, T: Counted> Column<M, T> {
    /// It becomes so much more; less, by a negative number. What is missing stays missing, and a sum that
    /// does not fit fails the statement.
    pub fn plus(self, more: impl Operand<T>) -> Assignment<M> {
        let change = more.operand().map_or(Edit::Set(Value::Null), Edit::Add);
        Assignment::new(self.index(), change)
    }
}

/// What a column of `T` can be set to.
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` cannot be set to `{Self}`",
    label = "expected something that stands for a `{T}`, or an `Option` of it"
)]
pub trait Settable<T> {
    /// The value; `Value::Null` when it is missing.
    fn setting(self) -> Value;
}

impl<T, O: Operand<T>> Settable<T> for O {
    fn setting(self) -> Value {
        self.operand().unwrap_or(Value::Null)
    }
}

impl<T: Serialize + DeserializeOwned> Settable<Self> for Json<T> {
    fn setting(self) -> Value {
        self.into_value()
    }
}

impl<T: Serialize + DeserializeOwned> Settable<Json<T>> for Option<Json<T>> {
    fn setting(self) -> Value {
        self.into_value()
    }
}

/// What can be counted up where it is kept: numbers whose column holds no more than they do.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be counted up by the database",
    label = "expected a column of `i64` or decimals"
)]
pub trait Counted {}

impl Counted for i64 {}
impl<const SCALE: u8> Counted for Decimal<SCALE> {}
