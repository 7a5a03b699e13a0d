use std::future::Future;

use mainstay_kernel::{Error, Id, Reader, Result, Row, Tx, Value};
use uuid::Uuid;

use crate::rules::Broken;
use crate::{Filter, Keys, Predicate, Query, Record, Schema, bulk, rows, upsert};

/// A row of a table as a Rust struct. Derive it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a model", note = "add `#[derive(Model)]` to it")]
pub trait Model: Sized + Send + Sync + 'static {
    /// The model as data.
    const SCHEMA: &'static Schema;

    /// This struct from a row.
    ///
    /// # Errors
    /// Internal, when the row does not have the struct's shape.
    fn from_record(record: Record) -> Result<Self>;

    /// The row of this struct.
    fn into_record(self) -> Record;

    /// The rules that a value would break in a column.
    fn check(column: usize, value: &Value) -> Vec<Broken>;

    /// The row with this id.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    fn find(reader: &Reader, id: Id<Self>) -> impl Future<Output = Result<Option<Self>>> + Send {
        async move {
            let key = Predicate::same(Self::SCHEMA.id(), &Value::Uuid(id.uuid()));
            rows::find(reader, Self::SCHEMA, &key).await?.map(Self::from_record).transpose()
        }
    }

    /// The rows for which this holds, read by the query's last call.
    fn filter(filter: Filter<Self>) -> Query<Self> {
        Query::new(filter)
    }

    /// Writes the fields that `change` changes, and no others, and counts the version up.
    ///
    /// # Errors
    /// Not found, when the row is gone; a violation of the store; a hook's own.
    fn update(
        self,
        tx: &mut Tx,
        change: impl FnOnce(&mut Self) + Send,
    ) -> impl Future<Output = Result<Self>> + Send {
        async move {
            let before = self.into_record();
            let mut changed = Self::from_record(before.clone())?;
            change(&mut changed);
            let changes = before.changes(&changed.into_record());
            let id = before.id(Self::SCHEMA);
            let record = rows::change(tx, Self::SCHEMA, before, changes).await?;
            Self::from_record(record.ok_or_else(|| gone(Self::SCHEMA, id))?)
        }
    }

    /// Deletes the row with this id; whether there was one.
    ///
    /// # Errors
    /// Foreign key violation, when another row refers to it; a hook's own.
    fn delete(tx: &mut Tx, id: Id<Self>) -> impl Future<Output = Result<bool>> + Send {
        rows::remove(tx, Self::SCHEMA, id.uuid())
    }
}

/// What a new row is made of; `NewPost` for a `Post`, written by the derive macro.
pub trait Insert: Sized + Send {
    /// The model.
    type Model: Model;

    /// The columns that are set.
    fn into_values(self) -> Vec<(usize, Value)>;

    /// Inserts the row, with a new id.
    ///
    /// # Errors
    /// Unique or foreign key violation; a hook's own.
    fn insert(self, tx: &mut Tx) -> impl Future<Output = Result<Self::Model>> + Send {
        async move { Self::Model::from_record(rows::insert(tx, Self::Model::SCHEMA, self.into_values()).await?) }
    }

    /// Inserts many rows by few statements; all of them or, when one is refused, none. They come back in
    /// their order.
    ///
    /// # Errors
    /// Unique or foreign key violation.
    fn insert_all(tx: &mut Tx, rows: Vec<Self>) -> impl Future<Output = Result<Vec<Self::Model>>> + Send {
        async move {
            let rows = rows.into_iter().map(Self::into_values).collect();
            let records = bulk::insert(tx, Self::Model::SCHEMA, rows).await?;
            records.into_iter().map(Self::Model::from_record).collect()
        }
    }

    /// Inserts the row, or overwrites every field of the one that has the same values in a unique index:
    /// `.upsert(tx, Post::SLUG)`, or a tuple of its columns. That row keeps its id and the time it was made; a
    /// missing value is nobody's same. Gives the row as it is stored.
    ///
    /// # Errors
    /// Internal, when there is no such unique index; unique violation, when another row is in the way in another
    /// one; foreign key violation.
    fn upsert(
        self,
        tx: &mut Tx,
        target: impl Keys<Self::Model> + Send,
    ) -> impl Future<Output = Result<Self::Model>> + Send {
        async move {
            let target = target.columns();
            let schema = Self::Model::SCHEMA;
            let record = upsert::upsert(tx, schema, Uuid::now_v7(), self.into_values(), &target).await?;
            Self::Model::from_record(record)
        }
    }
}

/// Writes whole rows in a transaction.
pub trait Upsert {
    /// Inserts this row, or overwrites every field of the one with its id, which keeps the time it was made and
    /// counts its version up. Gives the row as it is stored.
    ///
    /// # Errors
    /// Unique violation, when another row is in the way; foreign key violation.
    fn upsert<M: Model>(&mut self, row: M) -> impl Future<Output = Result<M>> + Send;
}

impl Upsert for Tx {
    async fn upsert<M: Model>(&mut self, row: M) -> Result<M> {
        let (schema, record) = (M::SCHEMA, row.into_record());
        let id = record.id(schema);
        let values = record.0.into_iter().enumerate().collect();
        M::from_record(upsert::upsert(self, schema, id, values, &[schema.id()]).await?)
    }
}

pub(crate) fn read<M: Model>(row: &Row) -> Result<M> {
    Record::read(M::SCHEMA, row).and_then(M::from_record)
}

fn gone(schema: &Schema, id: Uuid) -> Error {
    Error::new(mainstay_kernel::ErrorKind::NotFound(
        schema.name.to_owned(),
        format!("no {} with id {id}", schema.name),
    ))
}
