use mainstay_kernel::{Error, ErrorKind, FieldFault, Result, json};
use serde_json::Value as Json;

use super::operation::Operation;
use super::pointer::{Pointer, index};
use crate::json::depth;

/// The most bytes that the operations of a patch may copy, and places in lists that they may shift.
/// Without a bound, thirty copies of a thing into itself fill the memory.
const MOST_WORK: usize = 16 * 1024 * 1024;

/// The deepest that a row's document may nest. What nests deeper could be stored, but not be read.
const DEEPEST: usize = 127;

/// Applies the operations to a document, one after the other. It is of no use after an error.
pub(super) fn apply(document: &mut Json, operations: &[Operation]) -> Result<()> {
    let mut left = MOST_WORK;
    operations.iter().try_for_each(|it| step(document, it, &mut left))
}

fn step(document: &mut Json, operation: &Operation, left: &mut usize) -> Result<()> {
    match operation {
        Operation::Add { path, value } => add(document, path, value.clone(), left),
        Operation::Remove { path } => remove(document, path, left).map(drop),
        Operation::Replace { path, value } => replace(document, path, value.clone()),
        Operation::Move { from, path } => relocate(document, from, path, left),
        Operation::Copy { from, path } => {
            let source = from.find(document).ok_or_else(|| missing(from))?;
            spend(left, size(source), path)?;
            add(document, path, source.clone(), left)
        }
        Operation::Test { path, value } => match path.find(document) {
            // RFC 6902, section 4.6: numbers by their value.
            Some(found) if json::equals(found, value) => Ok(()),
            Some(_) | None => Err(Error::new(ErrorKind::PatchTestFailed(path.to_string()))),
        },
    }
}

fn add(document: &mut Json, path: &Pointer, value: Json, left: &mut usize) -> Result<()> {
    admit_depth(path, &value)?;
    let Some((parent, last)) = path.parent(document) else {
        if !path.parts().is_empty() {
            return Err(missing(path));
        }
        *document = value;
        return Ok(());
    };
    match parent {
        Json::Object(members) => {
            members.insert(last.to_owned(), value);
        }
        Json::Array(items) if last == "-" => items.push(value),
        Json::Array(items) => {
            let at = index(last).filter(|at| *at <= items.len()).ok_or_else(|| missing(path))?;
            spend(left, items.len() - at, path)?;
            items.insert(at, value);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return Err(missing(path)),
    }
    Ok(())
}

fn remove(document: &mut Json, path: &Pointer, left: &mut usize) -> Result<Json> {
    let Some((parent, last)) = path.parent(document) else {
        if !path.parts().is_empty() {
            return Err(missing(path));
        }
        return Ok(document.take());
    };
    match parent {
        Json::Object(members) => members.remove(last).ok_or_else(|| missing(path)),
        Json::Array(items) => {
            let at = index(last).filter(|at| *at < items.len()).ok_or_else(|| missing(path))?;
            spend(left, items.len() - at, path)?;
            Ok(items.remove(at))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Err(missing(path)),
    }
}

fn replace(document: &mut Json, path: &Pointer, value: Json) -> Result<()> {
    admit_depth(path, &value)?;
    *path.find_mut(document).ok_or_else(|| missing(path))? = value;
    Ok(())
}

fn relocate(document: &mut Json, from: &Pointer, path: &Pointer, left: &mut usize) -> Result<()> {
    if from.find(document).is_none() {
        return Err(missing(from));
    }
    if from.holds(path) {
        return Err(invalid(path, "no_such_location", format!("`{from}` cannot be moved into itself")));
    }
    let value = remove(document, from, left)?;
    add(document, path, value, left)
}

fn spend(left: &mut usize, work: usize, path: &Pointer) -> Result<()> {
    let Some(rest) = left.checked_sub(work) else {
        return Err(invalid(
            path,
            "too_long",
            "this patch copies or shifts more than a patch may".to_owned(),
        ));
    };
    *left = rest;
    Ok(())
}

fn admit_depth(path: &Pointer, value: &Json) -> Result<()> {
    if path.parts().len() + depth(value) <= DEEPEST {
        return Ok(());
    }
    Err(invalid(path, "too_deep", format!("must not nest deeper than {DEEPEST} levels")))
}

/// There is no such place, or none that the caller sees.
fn missing(path: &Pointer) -> Error {
    invalid(path, "no_such_location", format!("there is nothing at `{path}` to work on"))
}

fn invalid(path: &Pointer, code: &'static str, message: String) -> Error {
    let field = path.field().unwrap_or_default().to_owned();
    Error::new(ErrorKind::Invalid(vec![FieldFault { field, code: code.into(), message }]))
}

/// About as many bytes as it takes.
fn size(json: &Json) -> usize {
    const ITSELF: usize = size_of::<Json>();
    ITSELF
        + match json {
            Json::Null | Json::Bool(_) | Json::Number(_) => 0,
            Json::String(it) => it.len(),
            Json::Array(items) => items.iter().map(size).sum(),
            Json::Object(members) => {
                members.iter().map(|(name, it)| size_of::<String>() + name.len() + size(it)).sum()
            }
        }
}

#[cfg(test)]
mod tests;
