//! Creating a row: one statement, with the answer kept in the same instant; where hooks run, a
//! transaction around it.

use mainstay_kernel::{Answer, Error, ErrorKind, Outcome, Reader, Result, Tx, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::hook::Firing;
use crate::input::Intake;
use crate::scope::Grant;
use crate::violation::{Refused, Tried};
use crate::{Action, Assignments, Input, Predicate, Record, evaluate, reference, store, violation};

/// Creates a row from a client's fields.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; invalid or read-only fields; a violation; a hook's own.
pub async fn create(door: &Door<'_>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Create, door.who)?;
    let sent = Intake::new(door.model, Action::Create, door.who).assignments(input, &grant.sets)?;
    let record = compose(door, &grant, &sent);
    let scope = admit(door, &grant, &record)?;
    let (firing, tried) = (Firing::at(door, Action::Create), Tried::nothing());
    let mut new = New { door, grant, sent, record, scope, firing, tried };
    door.db.once(door.request, door.keep, async || new.insert().await).await
}

/// The whole row, known before it is written.
fn compose(door: &Door<'_>, grant: &Grant, sent: &Assignments) -> Record {
    let values = sent.iter().chain(&grant.sets).cloned();
    Record::new(door.model.schema, Uuid::now_v7(), door.db.clock().now(), values)
}

/// What of the scope is left to be asked when the row is written: what it says of other rows.
fn admit(door: &Door<'_>, grant: &Grant, record: &Record) -> Result<Predicate> {
    // Most scopes of a create only set columns: nothing of the row has to be copied for them.
    if grant.rows == Predicate::Always {
        return Ok(Predicate::Always);
    }
    let row: Assignments = record.0.iter().cloned().enumerate().collect();
    let left = grant.rows.clone().after(&row);
    match evaluate(&left, &record.0) {
        Some(true) => Ok(Predicate::Always),
        None if left.looks_elsewhere() => Ok(left),
        Some(false) | None => Err(forbidden(door)),
    }
}

fn forbidden(door: &Door<'_>) -> Error {
    Error::new(ErrorKind::Forbidden(format!("you may not create such a {}", door.model.schema.name)))
}

/// A row on its way.
struct New<'a> {
    door: &'a Door<'a>,
    grant: Grant,
    sent: Assignments,
    record: Record,
    scope: Predicate,
    firing: Firing<'a>,
    tried: Tried<Record>,
}

impl New<'_> {
    async fn insert(&mut self) -> Result<Outcome> {
        if !self.firing.is_due() {
            return self.at_once().await;
        }
        let ran = self.door.db.write_kept(self.door.request, |tx, _| Box::pin(self.within(tx))).await;
        match (ran, self.tried.last()) {
            (Err(error), Some(record)) => {
                Err(violation::explain(self.door, Refused::Create(&record), error).await)
            }
            (ran, _) => ran,
        }
    }

    /// One statement: the row is there if what it refers to may be read and the scope holds, at the
    /// same instant.
    async fn at_once(&mut self) -> Result<Outcome> {
        let (door, condition) = (self.door, self.condition());
        let answer = door.answer(&self.record);
        // The statement takes them; only where it fails are they copied out of it again.
        let values = std::mem::take(&mut self.record.0);
        let columns = values.len();
        let statement = store::write::insert(door.db.dialect(), door.model.schema, values, &condition);
        let kept = door.request.map(|request| (request, &answer));
        match door.db.insert_one(&statement, kept).await {
            Ok(Written::Rows(rows)) if rows.is_empty() => Err(self.refusal(&door.db.reader()).await?),
            Ok(Written::Rows(_)) => Ok(Outcome { answer, replayed: false }),
            Ok(Written::Replayed(answer)) => Ok(Outcome { answer, replayed: true }),
            Err(error) => {
                let record = Record(statement.params()[..columns].to_vec());
                Err(violation::explain(door, Refused::Create(&record), error).await)
            }
        }
    }

    /// Between its hooks, in a transaction that also keeps the answer.
    async fn within(&self, tx: &mut Tx) -> Result<Answer> {
        let Self { door, firing, tried, .. } = self;
        tx.act_for(door.who);
        tried.note(None);
        self.admitted(tx).await?;
        let change = firing.before(tx, None, self.record.clone()).await?;
        let scope = admit(door, &self.grant, &change.row)?;
        tried.note(Some(change.row.clone()));
        let statement = store::write::insert(tx.dialect(), door.model.schema, change.row.0.clone(), &scope);
        if tx.execute(&statement).await? == 0 {
            return Err(forbidden(door));
        }
        tried.note(None);
        Ok(door.answer(&firing.after(tx, None, change.row).await?))
    }

    /// Refuses before any hook what would be refused without one. As the first statement it also finds
    /// a repeat out, for which no hook is to run.
    async fn admitted(&self, tx: &Tx) -> Result<()> {
        let held = store::select::holds(tx.dialect(), self.door.model.schema, &self.condition());
        match tx.point(&held).await? {
            Some(_) => Ok(()),
            None => Err(self.refusal(tx).await?),
        }
    }

    fn condition(&self) -> Predicate {
        reference::readable(self.door, &self.sent).and(self.scope.clone())
    }

    /// Why no row was written.
    async fn refusal(&self, reader: &Reader) -> Result<Error> {
        reference::admit(self.door, reader, &self.sent).await?;
        // A reference that holds by now did not hold a moment ago.
        let held = self.scope == Predicate::Always;
        Ok(if held { Error::new(ErrorKind::Conflict) } else { forbidden(self.door) })
    }
}
