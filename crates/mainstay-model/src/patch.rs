//! Patching a row: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396), on the document that the
//! caller sees of it.

mod apply;
mod document;
mod merge;
mod operation;
mod pointer;

use mainstay_kernel::{Error, Outcome, Result};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::door::Door;
use crate::input::Intake;
use crate::revise::Revision;
use crate::{Action, Input, Record};
use operation::Operation;

/// What a client wants changed in a row's document.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// JSON Patch: these operations, one after the other, all or none.
    Operations(Operations),
    /// JSON Merge Patch: these members, where null takes one away.
    Merge(Input),
}

/// The operations of a JSON Patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Operations(Vec<Operation>);

impl Patch {
    /// Reads a JSON Patch: a list of operations, or `{"ops": […]}`.
    ///
    /// # Errors
    /// Bad request, naming the operation and what was expected.
    pub fn operations(json: Json) -> Result<Self> {
        operation::read_all(json).map(Operations).map(Self::Operations)
    }

    /// Reads a JSON Merge Patch: an object.
    ///
    /// # Errors
    /// Bad request, when it is another value: a row stays an object.
    pub fn merge(json: Json) -> Result<Self> {
        match json {
            Json::Object(members) => Ok(Self::Merge(members)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err(Error::bad_request(
                    "bad_request",
                    "a merge patch of a row is an object: {\"field\": value, …}",
                ))
            }
        }
    }
}

/// Patches a row, read and written in one transaction. With `versions`, only while it has one of
/// them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found; stale version; a failed test; invalid or
/// read-only fields; a violation; a hook's own.
pub async fn patch(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>, patch: Patch) -> Result<Outcome> {
    let grant = door.model.grant(Action::Patch, door.who)?;
    let intake = Intake::new(door.model, Action::Patch, door.who);
    let patch = patch.admitted(&intake)?;
    let changes = |row: &Record| patch.changes(&intake, row);
    let revision = Revision::new(door, Action::Patch, grant, id, versions, changes);
    door.db.once(door.request, door.keep, async || revision.run().await).await
}
