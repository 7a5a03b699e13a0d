//! A change of a row that depends on what the row is: read and written in one transaction.

use mainstay_kernel::{Answer, Outcome, Result, Tx};
use uuid::Uuid;

use crate::door::Door;
use crate::hook::Firing;
use crate::scope::Grant;
use crate::update::{self, Change};
use crate::violation::Tried;
use crate::{Action, Assignments, Record};

/// Such a change on its way.
pub(crate) struct Revision<'a, F> {
    door: &'a Door<'a>,
    grant: Grant,
    id: Uuid,
    versions: Option<Vec<i64>>,
    /// What to write to the row as it is.
    changes: F,
    firing: Firing<'a>,
    tried: Tried<Assignments>,
}

impl<'a, F: Fn(&Record) -> Result<Assignments> + Send + Sync> Revision<'a, F> {
    /// Writes what `changes` says of the row. With `versions`, only while it has one of them.
    pub(crate) fn new(
        door: &'a Door<'a>,
        action: Action,
        grant: Grant,
        id: Uuid,
        versions: Option<Vec<i64>>,
        changes: F,
    ) -> Self {
        let (firing, tried) = (Firing::at(door, action), Tried::nothing());
        Self { door, grant, id, versions, changes, firing, tried }
    }

    pub(crate) async fn run(&self) -> Result<Outcome> {
        match self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(update::explain(self.door, self.id, &self.tried, error).await),
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        self.tried.note(None);
        let row = self.change(Vec::new()).current(tx).await?;
        let sent = (self.changes)(&row)?;
        self.change(sent).within(tx).await
    }

    fn change(&self, sent: Assignments) -> Change<'_> {
        let (grant, versions) = (self.grant.clone(), self.versions.clone());
        Change::new(self.door, grant, self.id, versions, sent, &self.firing, &self.tried)
    }
}
