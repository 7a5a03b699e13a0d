use mainstay_kernel::{Error, ErrorKind};

use crate::Schema;

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
