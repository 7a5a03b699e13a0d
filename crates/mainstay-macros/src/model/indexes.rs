use darling::{Error, Result};
use syn::Ident;
use syn::ext::IdentExt;

use super::attributes::ModelAttributes;
use super::columns::{Column, IndexKind};
use super::index_syntax::{Condition, Is, Order, WrittenIndex};
use super::shape::{self, Shape};
use crate::nearest::unknown;
use crate::report::at;

/// An index over columns, by their positions.
#[derive(Default)]
pub(super) struct Index {
    pub(super) columns: Vec<usize>,
    pub(super) unique: bool,
    pub(super) descending: Vec<usize>,
    pub(super) only: Vec<Only>,
}

/// What must hold of a column for its row to be in an index.
pub(super) struct Only {
    pub(super) column: usize,
    pub(super) field: Ident,
    pub(super) is: Is,
}

impl Index {
    /// Whether the two are one.
    fn is(&self, other: &Self) -> bool {
        let only = |it: &Self| it.only.iter().map(|it| (it.column, it.is.text())).collect::<Vec<_>>();
        let (columns, order) = (&self.columns, &self.descending);
        (columns, order, self.unique) == (&other.columns, &other.descending, other.unique)
            && only(self) == only(other)
    }
}

/// The indexes of a model: those of its fields, those of the struct, the identity's, and one that
/// each reference leads.
pub(super) fn all(written: &ModelAttributes, columns: &[Column]) -> Result<Vec<Index>> {
    let mut errors = Error::accumulator();
    let mut indexes: Vec<_> =
        columns.iter().enumerate().filter_map(|(at, it)| of_field(at, it.index)).collect();
    for (lists, unique) in [(&written.unique, true), (&written.index, false)] {
        for list in lists {
            let index = errors.handle(of_struct(list, columns)).unwrap_or_default();
            indexes.push(Index { unique, ..index });
        }
    }
    if written.identity.is_present() {
        let names = IDENTITY.iter().filter_map(|name| columns.iter().position(|it| it.field_name() == *name));
        indexes.push(Index { columns: names.collect(), unique: true, ..Index::default() });
    }
    let mut distinct: Vec<Index> = Vec::new();
    for index in indexes {
        if !distinct.iter().any(|it| it.is(&index)) {
            distinct.push(index);
        }
    }
    for (position, column) in columns.iter().enumerate() {
        let leads = distinct.iter().any(|it| it.columns.first() == Some(&position) && it.only.is_empty());
        if column.references.is_some() && !leads {
            distinct.push(Index { columns: vec![position], ..Index::default() });
        }
    }
    errors.finish_with(distinct)
}

fn of_field(position: usize, kind: Option<IndexKind>) -> Option<Index> {
    let unique = match kind? {
        IndexKind::Unique => true,
        IndexKind::Plain => false,
    };
    Some(Index { columns: vec![position], unique, ..Index::default() })
}

fn of_struct(written: &WrittenIndex, columns: &[Column]) -> Result<Index> {
    let mut errors = Error::accumulator();
    let mut index = Index::default();
    for field in &written.fields {
        let Some(position) = errors.handle(position(&field.name, columns)) else { continue };
        if index.columns.contains(&position) {
            errors.push(at(&field.name, "an index names a field once"));
        }
        index.columns.push(position);
        if field.order == Order::Descending {
            index.descending.push(position);
        }
    }
    for condition in &written.only {
        index.only.extend(errors.handle(only(condition, columns)));
    }
    errors.finish_with(index)
}

fn only(condition: &Condition, columns: &[Column]) -> Result<Only> {
    let Condition { field, is } = condition;
    let column = position(field, columns)?;
    match is {
        Is::Missing | Is::There if !shape::is_option(&columns[column].ty) => {
            Err(at(field, format!("`{field}` is never null: it is no `Option`")))
        }
        Is::Missing | Is::There | Is::Equal(_) | Is::NotEqual(_) => {
            Ok(Only { column, field: field.clone(), is: is.clone() })
        }
    }
}

fn position(field: &Ident, columns: &[Column]) -> Result<usize> {
    let name = field.unraw().to_string();
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
