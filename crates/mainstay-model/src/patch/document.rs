use std::collections::BTreeSet;

use mainstay_kernel::{Error, ErrorKind, FieldFault, Kind, Result, Value};
use serde_json::Value as Json;

use super::operation::Operation;
use super::pointer::Pointer;
use super::{Operations, Patch, apply, merge};
use crate::input::{Input, Intake};
use crate::undeclared::{self, Named};
use crate::{Assignments, ModelEntry, Record, Schema, Visible};

/// The most bytes of JSON that a patch may make of a field: as much as a body may bring by default.
/// A field that holds more already may not grow.
const MOST_BYTES: usize = 1024 * 1024;

impl Patch {
    /// This patch, once it is known to write nothing but what clients may write, whatever the row
    /// holds.
    ///
    /// # Errors
    /// Invalid or read-only fields.
    pub(crate) fn admitted(self, intake: &Intake<'_>) -> Result<Self> {
        let Intake { model, visible, .. } = intake;
        let fields: BTreeSet<&str> = match &self {
            Self::Operations(Operations(list)) => {
                list.iter().flat_map(Operation::written).filter_map(|it| it.field()).collect()
            }
            Self::Merge(members) => members.keys().map(String::as_str).collect(),
        };
        intake.admit(fields)?;
        Ok(match self {
            Self::Operations(Operations(list)) => {
                let list = list.into_iter().map(|it| unseen(it, model.schema, visible)).collect();
                Self::Operations(Operations(list))
            }
            Self::Merge(_) => self,
        })
    }

    /// The columns of `row` that are another once this is applied to what the caller sees of it. A
    /// field that the caller may write and not see is written whatever it holds: to leave it alone
    /// when it is the same would tell.
    ///
    /// # Errors
    /// A failed test; invalid or read-only fields.
    pub(crate) fn changes(&self, intake: &Intake<'_>, row: &Record) -> Result<Assignments> {
        let Intake { model, visible, .. } = intake;
        let document = visible.document(model.schema, row)?;
        let after = self.applied(model, visible, &document)?;
        let (before, properties_before) = undeclared::parted(model.schema, document);
        let (after, properties_after) = undeclared::parted(model.schema, after);
        let wanted = difference(model.schema, &before, after)?;
        let properties = undeclared::patched(intake, row, &properties_before, properties_after)?;
        let mut changes = intake.assignments(wanted, &[])?;
        changes.retain(|(column, value)| !visible.has(*column) || row.0[*column] != *value);
        let faults: Vec<_> = changes.iter().filter_map(|it| too_long(model.schema, row, it)).collect();
        changes.extend(properties);
        if faults.is_empty() { Ok(changes) } else { Err(Error::new(ErrorKind::Invalid(faults))) }
    }

    fn applied(&self, model: &ModelEntry, visible: &Visible, before: &Input) -> Result<Input> {
        let mut document = Json::Object(before.clone());
        match self {
            Self::Operations(Operations(list)) => apply::apply(&mut document, list)?,
            Self::Merge(members) => {
                merge::merge(&mut document, &Json::Object(members.clone()));
                restore_nulls(&mut document, members, model.schema, visible);
            }
        }
        match document {
            Json::Object(after) => Ok(after),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err(fault(String::new(), "wrong_type", "a row is an object"))
            }
        }
    }
}

/// Whether this is a field that the caller may write but not see.
fn is_unseen(field: &str, schema: &Schema, visible: &Visible) -> bool {
    match schema.named(field) {
        Named::Field(column) | Named::Property(column) => !visible.has(column),
        Named::Reserved | Named::Nothing => false,
    }
}

/// A field that the caller does not see is not in the document, and still has a value to replace or
/// to remove.
fn unseen(operation: Operation, schema: &Schema, visible: &Visible) -> Operation {
    let whole = |path: &Pointer| matches!(path.parts(), [field] if is_unseen(field, schema, visible));
    match operation {
        Operation::Replace { path, value } if whole(&path) => Operation::Add { path, value },
        Operation::Remove { path } if whole(&path) => Operation::Add { path, value: Json::Null },
        Operation::Add { .. }
        | Operation::Remove { .. }
        | Operation::Replace { .. }
        | Operation::Move { .. }
        | Operation::Copy { .. }
        | Operation::Test { .. } => operation,
    }
}

/// The nulls by which a merge patch takes away what the caller does not see.
fn restore_nulls(document: &mut Json, members: &Input, schema: &Schema, visible: &Visible) {
    let Json::Object(document) = document else { return };
    for (name, _) in members.iter().filter(|(name, it)| it.is_null() && is_unseen(name, schema, visible)) {
        document.insert(name.clone(), Json::Null);
    }
}

/// The members of `after` that are new or another, and null for those that are gone.
fn difference(schema: &Schema, before: &Input, after: Input) -> Result<Input> {
    let gone: Vec<_> = before.keys().filter(|name| !after.contains_key(*name)).cloned().collect();
    let mut wanted: Input = after.into_iter().filter(|(name, it)| before.get(name) != Some(it)).collect();
    for name in gone {
        // Null would be a value of it.
        let must_be_there = |it: usize| schema.column(it).kind == Kind::Json && !schema.column(it).optional;
        if schema.field(&name).is_some_and(must_be_there) {
            return Err(fault(name, "required", "must not be removed"));
        }
        wanted.insert(name, Json::Null);
    }
    Ok(wanted)
}

fn too_long(schema: &Schema, row: &Record, (column, value): &(usize, Value)) -> Option<FieldFault> {
    let bytes = |value: &Value| if let Value::Json(it) = value { it.to_string().len() } else { 0 };
    let now = bytes(value);
    if now <= MOST_BYTES || now <= bytes(&row.0[*column]) {
        return None;
    }
    let message = format!("must not grow beyond {MOST_BYTES} bytes of JSON");
    Some(FieldFault { field: schema.column(*column).field.to_owned(), code: "too_long".into(), message })
}

fn fault(field: String, code: &'static str, message: &str) -> Error {
    let message = message.to_owned();
    Error::new(ErrorKind::Invalid(vec![FieldFault { field, code: code.into(), message }]))
}
