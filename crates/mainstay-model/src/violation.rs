use std::sync::{Mutex, PoisonError};

use mainstay_kernel::{Error, ErrorKind, Reader, Value};
use uuid::Uuid;

use crate::door::Door;
use crate::{Predicate, Record, Schema, Visible, evaluate, rows, store};

/// A write that the store refused.
pub(crate) enum Refused<'a> {
    /// Of this row.
    Create(&'a Record),
    /// Of these columns of the row with this id.
    Update(Uuid, &'a [(usize, Value)]),
    /// Of a row that others refer to.
    Delete,
}

/// What the last attempt of a write was about to put into its row. Only the store's refusal of that
/// very statement is explained by it: hooks have errors of their own.
pub(crate) struct Tried<T>(Mutex<Option<T>>);

impl<T: Clone> Tried<T> {
    pub(crate) fn nothing() -> Self {
        Self(Mutex::new(None))
    }

    /// Notes what is about to be written, or that nothing is.
    pub(crate) fn note(&self, what: Option<T>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    pub(crate) fn last(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What the caller is told of a refused write: every field at fault that the caller may know of.
/// The stores name the first only, not the same one, or none, so the rows in the way are looked for.
pub(crate) async fn explain(door: &Door<'_>, refused: Refused<'_>, error: Error) -> Error {
    if is_told(error.kind()) {
        return error;
    }
    let schema = door.model.schema;
    let error = name(schema, error);
    let mut kind = error.kind().clone();
    if let ErrorKind::UniqueViolation { columns, .. } = &mut kind {
        *columns = faults(door, taken(door, &refused).await, columns);
    } else if let ErrorKind::ForeignKeyViolation { columns, .. } = &mut kind {
        *columns = faults(door, broken(door, &refused).await, columns);
    }
    error.with_kind(kind)
}

/// Whether it is our own word on references out of reach. A store names a constraint, or nothing.
fn is_told(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::ForeignKeyViolation { constraint: None, columns, .. } if !columns.is_empty())
}

/// The fields of what was found, or of what the store told when the cause is gone by now.
fn faults(door: &Door<'_>, found: Vec<usize>, told: &[String]) -> Vec<String> {
    let schema = door.model.schema;
    let visible = Visible::to(schema, door.who);
    let mut columns: Vec<usize> = match found.is_empty() {
        true => told.iter().filter_map(|field| schema.field(field)).collect(),
        false => found,
    };
    columns.sort_unstable();
    columns.dedup();
    let named = columns.into_iter().filter(|&column| {
        let write = schema.column(column).write;
        visible.has(column) || [write.create, write.update].into_iter().any(|it| it.admits(door.who))
    });
    named.map(|column| schema.column(column).field.to_owned()).collect()
}

/// The columns of each unique index in which another row has the same values.
async fn taken(door: &Door<'_>, refused: &Refused<'_>) -> Vec<usize> {
    let (schema, reader) = (door.model.schema, door.db.reader());
    let Some(row) = wanted(schema, &reader, refused).await else { return Vec::new() };
    let id = Predicate::same(schema.id(), &row.0[schema.id()]);
    let (key, others) = match refused {
        Refused::Create(_) => (Some([schema.id()]), Predicate::Always),
        Refused::Update(..) | Refused::Delete => (None, !id),
    };
    let unique = schema.indexes.iter().filter(|it| it.unique).map(|it| (it.columns, it.rows()));
    let key = key.iter().map(|it| (it.as_slice(), Predicate::Always));
    let mut taken = Vec::new();
    for (columns, among) in key.chain(unique) {
        if evaluate(&among, &row.0) != Some(true) {
            continue;
        }
        if columns.iter().any(|&column| row.0[column].is_null()) {
            continue;
        }
        let same = columns.iter().map(|&column| Predicate::same(column, &row.0[column]));
        if let Ok(Some(_)) =
            rows::find(&reader, schema, &same.fold(others.clone().and(among), Predicate::and)).await
        {
            taken.extend_from_slice(columns);
        }
    }
    taken
}

/// The row as it would have become.
async fn wanted(schema: &Schema, reader: &Reader, refused: &Refused<'_>) -> Option<Record> {
    match refused {
        Refused::Create(record) => Some((*record).clone()),
        Refused::Update(id, changes) => {
            let key = Predicate::same(schema.id(), &Value::Uuid(*id));
            let mut row = rows::find(reader, schema, &key).await.ok()??;
            for (column, value) in *changes {
                row.0[*column] = value.clone();
            }
            Some(row)
        }
        Refused::Delete => None,
    }
}

/// The columns that refer to a row that is not there; of a delete the key, which others refer to.
async fn broken(door: &Door<'_>, refused: &Refused<'_>) -> Vec<usize> {
    let (schema, reader) = (door.model.schema, door.db.reader());
    let values: Vec<(usize, &Value)> = match refused {
        Refused::Create(record) => record.0.iter().enumerate().collect(),
        Refused::Update(_, changes) => changes.iter().map(|(column, value)| (*column, value)).collect(),
        Refused::Delete => return vec![schema.id()],
    };
    let mut broken = Vec::new();
    for (column, value) in values.into_iter().filter(|(_, value)| !value.is_null()) {
        let Some(reference) = &schema.column(column).references else { continue };
        let target = store::select::key(reader.dialect(), (reference.table)(), value);
        if matches!(reader.point(&target).await, Ok(None)) {
            broken.push(column);
        }
    }
    broken
}

/// Names the fields of a violation that the store told by columns or by constraint.
pub(crate) fn name(schema: &Schema, error: Error) -> Error {
    let kind = if let ErrorKind::UniqueViolation { constraint, columns, .. } = error.kind() {
        ErrorKind::UniqueViolation {
            table: schema.name.to_owned(),
            columns: unique_fields(schema, constraint.as_deref(), columns),
            constraint: constraint.clone(),
        }
    } else if let ErrorKind::ForeignKeyViolation { constraint, columns, .. } = error.kind() {
        ErrorKind::ForeignKeyViolation {
            table: schema.name.to_owned(),
            columns: reference_fields(schema, constraint.as_deref(), columns),
            constraint: constraint.clone(),
        }
    } else {
        return error;
    };
    error.with_kind(kind)
}

/// As [`name`]; what keeps a row from going refers to its key, though it is another table that says so.
pub(crate) fn name_of_delete(schema: &Schema, error: Error) -> Error {
    let mut kind = error.kind().clone();
    let ErrorKind::ForeignKeyViolation { columns, .. } = &mut kind else { return name(schema, error) };
    *columns = vec![schema.column(schema.id()).field.to_owned()];
    error.with_kind(kind)
}

fn unique_fields(schema: &Schema, constraint: Option<&str>, columns: &[String]) -> Vec<String> {
    let index = schema.indexes.iter().find(|it| constraint == Some(schema.index_name(it).as_str()));
    match index {
        Some(index) => index.columns.iter().map(|&it| schema.column(it).field.to_owned()).collect(),
        None if columns.is_empty() => vec!["id".to_owned()],
        None => fields(schema, columns),
    }
}

fn reference_fields(schema: &Schema, constraint: Option<&str>, columns: &[String]) -> Vec<String> {
    let named = schema
        .columns
        .iter()
        .find(|it| it.references.is_some() && constraint == Some(schema.reference_name(it).as_str()));
    match named {
        Some(column) => vec![column.field.to_owned()],
        None => fields(schema, columns),
    }
}

fn fields(schema: &Schema, columns: &[String]) -> Vec<String> {
    let field =
        |name: &String| schema.columns.iter().find(|it| it.name == name).map(|it| it.field.to_owned());
    columns.iter().filter_map(field).collect()
}
