//! What the models ask of a value and SQLite has no operator for. The same code judges rows in
//! memory, so the two cannot differ.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef as CellRef;
use serde_json::Value as Json;

use crate::{Pattern, Search, Value, ValueRef, json};

/// Gives the connection `mainstay_like`, `mainstay_ilike`, `mainstay_json_contains`,
/// `mainstay_json_is` and `mainstay_json_at`, which are NULL of NULL, and `mainstay_search`, which is not.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    // Not for triggers or views: other programs that open the file lack them.
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("mainstay_like", 2, flags, |it| like(it, Pattern::like))?;
    connection.create_scalar_function("mainstay_ilike", 2, flags, |it| like(it, Pattern::ilike))?;
    connection.create_scalar_function("mainstay_json_contains", 2, flags, json_contains)?;
    connection.create_scalar_function("mainstay_json_is", 3, flags, json_is)?;
    connection.create_scalar_function("mainstay_json_at", 2, flags, json_at)?;
    connection.create_scalar_function("mainstay_search", -1, flags, search)
}

fn like(context: &Context<'_>, pattern: fn(&str) -> Pattern) -> rusqlite::Result<Option<bool>> {
    let CellRef::Text(_) = context.get_raw(0) else { return Ok(None) };
    let pattern = context.get_or_create_aux(1, |it| it.as_str().map(pattern))?;
    Ok(Some(pattern.matches(context.get_raw(0).as_str()?)))
}

fn json_contains(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let Some(whole) = document(context)? else { return Ok(None) };
    let part = context.get_or_create_aux(1, read::<Json>)?;
    Ok(Some(json::contains(&whole, &part)))
}

fn json_is(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let Some(document) = document(context)? else { return Ok(None) };
    let path = context.get_or_create_aux(1, read::<Vec<String>>)?;
    let wanted = context.get_or_create_aux(2, read::<Json>)?;
    Ok(json::at(&document, &path).map(|it| json::equals(it, &wanted)))
}

fn json_at(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let Some(document) = document(context)? else { return Ok(None) };
    let path = context.get_or_create_aux(1, read::<Vec<String>>)?;
    Ok(json::at(&document, &path).map(Json::to_string))
}

/// Whether the search that the first argument is finds the others.
fn search(context: &Context<'_>) -> rusqlite::Result<bool> {
    let search = context.get_or_create_aux(0, |it| Ok::<_, Unread>(Search::parse(it.as_str()?)?))?;
    let field = |at| match context.get_raw(at) {
        CellRef::Text(_) => Ok(context.get_raw(at).as_str()?),
        CellRef::Null | CellRef::Integer(_) | CellRef::Real(_) | CellRef::Blob(_) => Ok(""),
    };
    let fields = (1..context.len()).map(field).collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(search.finds(fields))
}

/// The first argument, as a row's cell is read.
fn document(context: &Context<'_>) -> rusqlite::Result<Option<Json>> {
    let CellRef::Text(_) = context.get_raw(0) else { return Ok(None) };
    let value = ValueRef::Json(context.get_raw(0).as_str()?).to_value();
    Ok(if let Value::Json(it) = value { Some(it) } else { None })
}

type Unread = Box<dyn std::error::Error + Send + Sync>;

fn read<T: serde::de::DeserializeOwned>(cell: CellRef<'_>) -> Result<T, Unread> {
    Ok(serde_json::from_str(cell.as_str()?)?)
}
