//! Deleting a row: one statement, with the answer kept in the same instant; where hooks run, a
//! transaction around it.

use mainstay_kernel::{Answer, Error, ErrorKind, Outcome, Reader, Result, Statement, Tx, Value, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::hook::Firing;
use crate::update::at_version;
use crate::violation::{Refused, Tried};
use crate::{Action, Predicate, rows, store, violation};

/// Deletes a row. With `versions`, only while it has one of them.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found; stale version; foreign key violation;
/// a hook's own.
pub async fn delete(door: &Door<'_>, id: Uuid, versions: Option<Vec<i64>>) -> Result<Outcome> {
    let grant = door.model.grant(Action::Delete, door.who)?;
    let schema = door.model.schema;
    let reachable = Predicate::same(schema.id(), &Value::Uuid(id)).and(grant.rows);
    let wanted = reachable.clone().and(at_version(schema, versions.as_deref()));
    let (firing, tried) = (Firing::at(door, Action::Delete), Tried::nothing());
    let removal = Removal { door, id, reachable, wanted, firing, tried };
    door.db.once(door.request, door.keep, async || removal.run().await).await
}

/// One delete on its way.
struct Removal<'a> {
    door: &'a Door<'a>,
    id: Uuid,
    reachable: Predicate,
    wanted: Predicate,
    firing: Firing<'a>,
    tried: Tried<()>,
}

impl Removal<'_> {
    async fn run(&self) -> Result<Outcome> {
        // As for an update: what rests on other rows takes a transaction.
        let ran = if self.firing.is_due() || self.reachable.looks_elsewhere() {
            self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await
        } else {
            self.at_once().await
        };
        match (ran, self.tried.last()) {
            (Err(error), Some(())) => Err(violation::explain(self.door, Refused::Delete, error).await),
            (ran, _) => ran,
        }
    }

    async fn at_once(&self) -> Result<Outcome> {
        let answer = self.door.farewell(self.id);
        let kept = self.door.request.map(|request| (request, &answer));
        self.tried.note(Some(()));
        match self.door.db.write_one(&self.statement(&self.wanted), kept).await? {
            Written::Rows(rows) if rows.is_empty() => Err(self.refusal(&self.door.db.reader()).await?),
            Written::Rows(_) => Ok(Outcome { answer, replayed: false }),
            Written::Replayed(answer) => Ok(Outcome { answer, replayed: true }),
        }
    }

    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        self.tried.note(None);
        let gone =
            if self.firing.is_due() { self.hooked(tx).await? } else { self.write(tx, &self.wanted).await? };
        if gone { Ok(self.door.farewell(self.id)) } else { Err(self.refusal(tx).await?) }
    }

    /// Between its hooks, which run only of a row that the caller may delete; whether there was one.
    async fn hooked(&self, tx: &mut Tx) -> Result<bool> {
        let schema = self.door.model.schema;
        tx.act_for(self.door.who);
        let Some(row) = rows::find(tx, schema, &self.wanted).await? else { return Ok(false) };
        self.firing.before(tx, Some(row.clone()), row.clone()).await?;
        let key = Predicate::same(schema.id(), &Value::Uuid(self.id));
        let gone = self.write(tx, &key).await?;
        if gone {
            self.firing.after(tx, Some(row.clone()), row).await?;
        }
        Ok(gone)
    }

    async fn write(&self, tx: &mut Tx, wanted: &Predicate) -> Result<bool> {
        self.tried.note(Some(()));
        let gone = tx.execute(&self.statement(wanted)).await?;
        self.tried.note(None);
        Ok(gone > 0)
    }

    fn statement(&self, wanted: &Predicate) -> Statement {
        store::write::delete(self.door.db.dialect(), self.door.model.schema, wanted)
    }

    /// Why no row was deleted.
    async fn refusal(&self, reader: &Reader) -> Result<Error> {
        Ok(match rows::find(reader, self.door.model.schema, &self.reachable).await? {
            Some(_) => Error::new(ErrorKind::StaleVersion),
            None => self.door.model.not_found(self.id),
        })
    }
}
