use mainstay_kernel::{Error, Result, Row, Timestamp, Value};
use uuid::Uuid;

use crate::{Field, Part, Schema};

/// A row as values, one for each column of its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Record(pub Vec<Value>);

impl Record {
    /// A new row with these columns set: the framework's own parts and the defaults filled in, all
    /// else missing.
    pub fn new(
        schema: &Schema,
        id: Uuid,
        now: Timestamp,
        values: impl IntoIterator<Item = (usize, Value)>,
    ) -> Self {
        let mut record = Self(
            schema
                .columns
                .iter()
                .map(|column| match column.part {
                    Part::Id => Value::Uuid(id),
                    Part::CreatedAt | Part::UpdatedAt => Value::Timestamp(now),
                    Part::Version => Value::Int(1),
                    Part::Plain | Part::Overflow => column.default.map_or(Value::Null, |default| default()),
                })
                .collect(),
        );
        for (column, value) in values {
            record.0[column] = value;
        }
        record
    }

    /// Gives these columns these values.
    pub(crate) fn assign(&mut self, values: &[(usize, Value)]) {
        for (column, value) in values {
            self.0[*column] = value.clone();
        }
    }

    /// The row that a statement returned, its columns in the schema's order.
    ///
    /// # Errors
    /// Internal, when the table does not have the schema's shape.
    pub fn read(schema: &Schema, row: &Row) -> Result<Self> {
        let values = schema.columns.iter().enumerate();
        values
            .map(|(index, column)| Ok(row.read(index, column.kind)?.to_value()))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Takes out the value at this position, as the type of its field.
    ///
    /// # Errors
    /// Internal, naming the column, when it is of another type.
    pub fn field<T: Field>(&mut self, schema: &Schema, column: usize) -> Result<T> {
        T::from_value(self.take(column)).map_err(|expected| {
            let name = schema.columns[column].name;
            Error::internal(format!("column `{name}` of `{}`: {expected}", schema.table))
        })
    }

    /// Takes out the value at this position.
    pub fn take(&mut self, column: usize) -> Value {
        std::mem::replace(&mut self.0[column], Value::Null)
    }

    /// The primary key.
    pub fn id(&self, schema: &Schema) -> Uuid {
        match self.0.get(schema.id()) {
            Some(Value::Uuid(id)) => *id,
            Some(_) | None => Uuid::nil(),
        }
    }

    /// The row's version.
    pub fn version(&self, schema: &Schema) -> i64 {
        match schema.part(Part::Version).and_then(|column| self.0.get(column)) {
            Some(Value::Int(version)) => *version,
            Some(_) | None => 0,
        }
    }

    /// The columns in which `self` and `later` differ, with the values of `later`.
    pub fn changes(&self, later: &Self) -> Vec<(usize, Value)> {
        let pairs = self.0.iter().zip(&later.0).enumerate();
        pairs.filter(|(_, (was, is))| was != is).map(|(column, (_, is))| (column, is.clone())).collect()
    }
}
