use darling::util::PathList;
use darling::{Error, Result};
use syn::Path;

use super::attributes::ModelAttributes;
use super::columns::{Column, IndexKind};
use super::shape::{self, Shape};
use crate::nearest::unknown;
use crate::report::at;

/// An index over columns, by their positions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) columns: Vec<usize>,
    pub(super) unique: bool,
}

/// The indexes of a model: those of its fields, those of the struct, the identity's, and one that
/// each reference leads.
pub(super) fn all(written: &ModelAttributes, columns: &[Column]) -> Result<Vec<Index>> {
    let mut errors = Error::accumulator();
    let mut indexes: Vec<_> =
        columns.iter().enumerate().filter_map(|(at, it)| of_field(at, it.index)).collect();
    for (lists, unique) in [(&written.unique, true), (&written.index, false)] {
        for list in lists {
            let positions = errors.handle(positions(list, written, columns)).unwrap_or_default();
            indexes.push(Index { columns: positions, unique });
        }
    }
    if written.identity.is_present() {
        let names = IDENTITY.iter().filter_map(|name| columns.iter().position(|it| it.field_name() == *name));
        indexes.push(Index { columns: names.collect(), unique: true });
    }
    let mut distinct: Vec<Index> = Vec::new();
    for index in indexes {
        if !distinct.contains(&index) {
            distinct.push(index);
        }
    }
    for (position, column) in columns.iter().enumerate() {
        let leads = distinct.iter().any(|it| it.columns.first() == Some(&position));
        if column.references.is_some() && !leads {
            distinct.push(Index { columns: vec![position], unique: false });
        }
    }
    errors.finish_with(distinct)
}

fn of_field(position: usize, kind: Option<IndexKind>) -> Option<Index> {
    let unique = match kind? {
        IndexKind::Unique => true,
        IndexKind::Plain => false,
    };
    Some(Index { columns: vec![position], unique })
}

fn positions(list: &PathList, written: &ModelAttributes, columns: &[Column]) -> Result<Vec<usize>> {
    if list.is_empty() {
        return Err(at(&written.ident, "an index names fields: `index(a, b)`"));
    }
    let mut errors = Error::accumulator();
    let found = list.iter().filter_map(|it| errors.handle(position(it, columns))).collect();
    errors.finish_with(found)
}

fn position(field: &Path, columns: &[Column]) -> Result<usize> {
    let name = field.get_ident().map(ToString::to_string).unwrap_or_default();
    let names: Vec<_> = columns.iter().map(Column::field_name).collect();
    let known: Vec<_> = names.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    let found = names.iter().position(|it| *it == name && !name.is_empty());
    found.ok_or_else(|| at(field, unknown("field", &name, &known)))
}

/// Who a row of the user model is.
const IDENTITY: [&str; 2] = ["issuer", "subject"];

/// Checks that an identity's fields are there, are texts, and are not the clients' to write.
pub(super) fn identity(written: &ModelAttributes, columns: &[Column]) -> Result<()> {
    if !written.identity.is_present() {
        return Ok(());
    }
    let mut errors = Error::accumulator();
    for name in IDENTITY {
        let column = columns.iter().find(|it| it.field_name() == name);
        let Some((column, field)) = column.and_then(|it| Some((it, it.field.as_ref()?))) else {
            let message = format!("a user is known by issuer and subject: add `pub {name}: String`");
            errors.push(at(&written.identity.span(), message));
            continue;
        };
        if shape::is_option(&column.ty) || Shape::of(&column.ty) != Shape::Text {
            errors
                .push(at(&column.ty, format!("`{name}` is part of the identity: its type must be `String`")));
        }
        if column.write.create.is_somebody() || column.write.update.is_somebody() {
            let message = format!("`{name}` comes from the credential: clients cannot write it");
            errors.push(at(&field.ident, message));
        }
    }
    errors.finish()
}
