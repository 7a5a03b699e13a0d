//! Patching a row: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396), on the document that the
//! caller sees of it.

mod apply;
mod document;
mod merge;
mod operation;
mod pointer;

use std::sync::{Mutex, PoisonError};

use mainstay_kernel::{Answer, Error, Outcome, Result, Tx};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::door::Door;
use crate::scope::Grant;
use crate::update::Change;
use crate::violation::Refused;
use crate::{Action, Assignments, Input, Visible, violation};
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
/// read-only fields; a violation.
pub async fn patch(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>, patch: Patch) -> Result<Outcome> {
    let grant = door.model.grant(Action::Patch, door.who)?;
    let visible = Visible::to(door.model.schema, door.who);
    let patch = patch.admitted(door.model, &visible)?;
    let patching = Patching { door, grant, visible, id, versions, patch, tried: Mutex::default() };
    door.db.once(door.request, door.keep, async || patching.run().await).await
}

/// One patch on its way.
struct Patching<'a> {
    door: &'a Door<'a>,
    grant: Grant,
    visible: Visible,
    id: Uuid,
    versions: Option<Vec<i64>>,
    patch: Patch,
    /// What the last attempt came to write, if it came so far.
    tried: Mutex<Option<Assignments>>,
}

impl Patching<'_> {
    async fn run(&self) -> Result<Outcome> {
        match self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        self.try_to_write(None);
        let row = self.change(Vec::new()).current(tx).await?;
        let sent = self.patch.changes(self.door.model, &self.visible, &row)?;
        let change = self.change(sent);
        self.try_to_write(Some(&change.changes));
        change.within(tx).await
    }

    fn try_to_write(&self, changes: Option<&Assignments>) {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = changes.cloned();
    }

    /// What the caller is told of a write that the store refused.
    async fn explain(&self, error: Error) -> Error {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match tried {
            Some(changes) => violation::explain(self.door, Refused::Update(self.id, &changes), error).await,
            None => error,
        }
    }

    fn change(&self, sent: Assignments) -> Change<'_> {
        Change::new(self.door, self.grant.clone(), self.id, self.versions.clone(), sent)
    }
}
