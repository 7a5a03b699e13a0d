use mainstay_kernel::{Error, ErrorKind, Value};

use crate::door::Door;
use crate::{Read, Schema, Visible, store};

/// What the caller is told of a failed write of these values. The stores tell of broken references
/// differently or not at all, so each is looked up; and no field is named that the caller may not
/// know.
pub(crate) async fn explain(door: &Door<'_>, values: &[(usize, Value)], error: Error) -> Error {
    let schema = door.model.schema;
    let error = name(schema, error);
    let mut kind = error.kind().clone();
    if let ErrorKind::UniqueViolation { columns, .. } = &mut kind {
        let visible = Visible::to(schema, door.who);
        columns.retain(|field| schema.field(field).is_some_and(|it| is_known(schema, it, &visible)));
    } else if let ErrorKind::ForeignKeyViolation { columns, .. } = &mut kind {
        let broken = if values.is_empty() { vec!["id".to_owned()] } else { broken(door, values).await };
        if !broken.is_empty() {
            *columns = broken;
        }
    }
    error.with_kind(kind)
}

/// Whether the caller may read the column, or clients write it.
fn is_known(schema: &Schema, column: usize, visible: &Visible) -> bool {
    let def = schema.column(column);
    visible.has(column) || (def.read != Read::Private && (def.write.create || def.write.update))
}

/// The fields that refer to a row that is not there.
async fn broken(door: &Door<'_>, values: &[(usize, Value)]) -> Vec<String> {
    let (schema, reader) = (door.model.schema, door.db.reader());
    let mut broken = Vec::new();
    for (column, value) in values.iter().filter(|(_, value)| !value.is_null()) {
        let def = schema.column(*column);
        let Some(reference) = &def.references else { continue };
        let target = store::select::key(reader.dialect(), (reference.table)(), value);
        if matches!(reader.point(&target).await, Ok(None)) {
            broken.push(def.field.to_owned());
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
