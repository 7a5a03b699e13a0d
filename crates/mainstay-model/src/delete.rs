//! Deleting a row: one statement, with the answer kept in the same instant.

use mainstay_kernel::{Answer, Error, ErrorKind, Outcome, Reader, Result, Statement, Tx, Value, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::update::at_version;
use crate::violation::Refused;
use crate::{Action, Predicate, rows, store, violation};

/// Deletes a row. With `versions`, only while it has one of them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found; stale version; foreign key violation.
pub async fn delete(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>) -> Result<Outcome> {
    let grant = door.model.grant(Action::Delete, door.who)?;
    let schema = door.model.schema;
    let reachable = Predicate::same(schema.id(), &Value::Uuid(id)).and(grant.rows);
    let wanted = reachable.clone().and(at_version(schema, versions.as_deref()));
    let statement = store::write::delete(door.db.dialect(), schema, &wanted);
    let removal = Removal { door, id, reachable, statement };
    door.db.once(door.request, door.keep, async || removal.run().await).await
}

/// One delete on its way.
struct Removal<'a> {
    door: &'a Door<'a>,
    id: Uuid,
    reachable: Predicate,
    statement: Statement,
}

impl Removal<'_> {
    async fn run(&self) -> Result<Outcome> {
        // As for an update: what rests on other rows takes a transaction.
        let ran = if self.reachable.looks_elsewhere() {
            self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await
        } else {
            self.at_once().await
        };
        match ran {
            Ok(outcome) => Ok(outcome),
            Err(error) => Err(violation::explain(self.door, Refused::Delete, error).await),
        }
    }

    async fn at_once(&self) -> Result<Outcome> {
        let answer = self.door.farewell(self.id);
        let kept = self.door.request.map(|request| (request, &answer));
        match self.door.db.write_one(&self.statement, kept).await? {
            Written::Rows(rows) if rows.is_empty() => Err(self.refusal(&self.door.db.reader()).await?),
            Written::Rows(_) => Ok(Outcome { answer, replayed: false }),
            Written::Replayed(answer) => Ok(Outcome { answer, replayed: true }),
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        if tx.execute(&self.statement).await? == 0 {
            return Err(self.refusal(tx).await?);
        }
        Ok(self.door.farewell(self.id))
    }

    /// Why no row was deleted.
    async fn refusal(&self, reader: &Reader) -> Result<Error> {
        Ok(match rows::find(reader, self.door.model.schema, &self.reachable).await? {
            Some(_) => Error::new(ErrorKind::StaleVersion),
            None => self.door.model.not_found(self.id),
        })
    }
}
