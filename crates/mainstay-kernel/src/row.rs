use std::sync::Arc;

use crate::store::postgres::Cell;
use crate::{Date, Error, Fixed, Id, Kind, Result, Timestamp, Value, ValueRef, nearest};

/// One row of an answer.
#[derive(Debug)]
pub struct Row(pub(crate) Repr);

#[derive(Debug)]
pub(crate) enum Repr {
    Postgres(tokio_postgres::Row),
    Sqlite { columns: Arc<[String]>, cells: Vec<rusqlite::types::Value> },
}

impl Row {
    /// The value at this position, read as `kind`.
    ///
    /// # Errors
    /// Internal, when the store holds something that is not of that kind there.
    pub fn read(&self, index: usize, kind: Kind) -> Result<ValueRef<'_>> {
        match &self.0 {
            Repr::Postgres(row) => match row.try_get::<_, Cell<'_>>(index) {
                Ok(Cell(value)) => named(value, kind),
                Err(error) => {
                    return Err(
                        Error::internal(format!("column {index} of a row cannot be read")).caused_by(error)
                    );
                }
            },
            Repr::Sqlite { cells, .. } => crate::store::sqlite::read(cells.get(index), kind),
        }
        .ok_or_else(|| Error::internal(format!("column {index} of a row is not of kind {kind:?}")))
    }

    /// The value of the column with this name.
    ///
    /// # Errors
    /// Internal, when there is no such column or its value is of another kind.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T> {
        self.at(self.position(column).ok_or_else(|| self.lacks(column))?)
    }

    /// The value at this position.
    ///
    /// # Errors
    /// Internal, when the value is of another kind.
    pub fn at<T: FromValue>(&self, index: usize) -> Result<T> {
        T::from_value(self.read(index, T::KIND)?.to_value())
            .ok_or_else(|| Error::internal(format!("column {index} is not a {}", std::any::type_name::<T>())))
    }

    fn position(&self, column: &str) -> Option<usize> {
        match &self.0 {
            Repr::Postgres(row) => row.columns().iter().position(|it| it.name() == column),
            Repr::Sqlite { columns, .. } => columns.iter().position(|it| it == column),
        }
    }

    fn columns(&self) -> Vec<&str> {
        match &self.0 {
            Repr::Postgres(row) => row.columns().iter().map(tokio_postgres::Column::name).collect(),
            Repr::Sqlite { columns, .. } => columns.iter().map(String::as_str).collect(),
        }
    }

    fn lacks(&self, column: &str) -> Error {
        Error::internal(match nearest(column, self.columns()) {
            Some(near) => format!("the answer has no column `{column}`, did you mean `{near}`?"),
            None => format!("the answer has no column `{column}`"),
        })
    }
}

/// What PostgreSQL's own types do not tell: that a number is a decimal's units, and that a text is
/// the name of a variant.
fn named(value: ValueRef<'_>, kind: Kind) -> Option<ValueRef<'_>> {
    match (value, kind) {
        (ValueRef::Int(units), Kind::Decimal(scale)) => Some(ValueRef::Decimal(Fixed { units, scale })),
        (ValueRef::Text(name), Kind::Enum(of)) => of.find(name).map(ValueRef::Enum),
        (value, _) => Some(value),
    }
}

/// A Rust type that a column can be read into.
pub trait FromValue: Sized {
    /// How the store is to read the column.
    const KIND: Kind;

    /// This type from a value of that kind; `None` when it does not fit.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($kind:ident => $to:ty;)*) => {$(
        impl FromValue for $to {
            const KIND: Kind = Kind::$kind;

            fn from_value(value: Value) -> Option<Self> {
                if let Value::$kind(it) = value { Some(it) } else { None }
            }
        }
    )*};
}

from_value! {
    Bool => bool;
    Int => i64;
    Float => f64;
    Text => String;
    Bytes => Vec<u8>;
    Uuid => uuid::Uuid;
    Timestamp => Timestamp;
    Json => serde_json::Value;
    Date => Date;
}

macro_rules! from_narrow {
    ($($to:ty),*) => {$(
        impl FromValue for $to {
            const KIND: Kind = Kind::Int;

            fn from_value(value: Value) -> Option<Self> {
                i64::from_value(value).and_then(|it| it.try_into().ok())
            }
        }
    )*};
}

from_narrow!(i16, i32, u16, u32);

impl<M: ?Sized> FromValue for Id<M> {
    const KIND: Kind = Kind::Uuid;

    fn from_value(value: Value) -> Option<Self> {
        uuid::Uuid::from_value(value).map(Self::from_uuid)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const KIND: Kind = T::KIND;

    fn from_value(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// What a whole row can be read into: one column's type, a tuple of them by their places, or a struct by their
/// names, with `#[derive(FromRow)]`.
pub trait FromRow: Sized {
    /// This type from a row.
    ///
    /// # Errors
    /// Internal, when a column is missing or of another kind.
    fn from_row(row: &Row) -> Result<Self>;
}

impl<T: FromValue> FromRow for T {
    fn from_row(row: &Row) -> Result<Self> {
        row.at(0)
    }
}

macro_rules! from_row {
    ($($name:ident $index:tt),*) => {
        impl<$($name: FromValue),*> FromRow for ($($name,)*) {
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($(row.at::<$name>($index)?,)*))
            }
        }
    };
}

from_row!(A 0);
from_row!(A 0, B 1);
from_row!(A 0, B 1, C 2);
from_row!(A 0, B 1, C 2, D 3);
from_row!(A 0, B 1, C 2, D 3, E 4);
from_row!(A 0, B 1, C 2, D 3, E 4, F 5);
