//! Patching a row: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396), on the document that the
//! caller sees of it.

mod apply;
mod document;
mod merge;
mod operation;
mod pointer;

use mainstay_kernel::{Answer, Error, Outcome, Result, Tx};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::door::Door;
use crate::hook::Firing;
use crate::scope::Grant;
use crate::update::{self, Change};
use crate::violation::Tried;
use crate::{Action, Assignments, Input, Visible};
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
    let visible = Visible::to(door.model.schema, door.who);
    let patch = patch.admitted(door.model, &visible)?;
    let (firing, tried) = (Firing::at(door, Action::Patch), Tried::nothing());
    let patching = Patching { door, grant, visible, id, versions, patch, firing, tried };
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
    firing: Firing<'a>,
    tried: Tried<Assignments>,
}

impl Patching<'_> {
    async fn run(&self) -> Result<Outcome> {
        match self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(update::explain(self.door, self.id, &self.tried, error).await),
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        self.tried.note(None);
        let row = self.change(Vec::new()).current(tx).await?;
        let sent = self.patch.changes(self.door.model, &self.visible, &row)?;
        self.change(sent).within(tx).await
    }

    fn change(&self, sent: Assignments) -> Change<'_> {
        let (grant, versions) = (self.grant.clone(), self.versions.clone());
        Change::new(self.door, grant, self.id, versions, sent, &self.firing, &self.tried)
    }
}
