//! Creating a row: one statement, with the answer kept in the same instant.

use mainstay_kernel::{Error, ErrorKind, Outcome, Result, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::scope::Grant;
use crate::violation::Refused;
use crate::{
    Action, Assignments, Input, Predicate, Record, Visible, evaluate, input, reference, store, violation,
};

/// Creates a row from a client's fields.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; invalid or read-only fields; a violation.
pub async fn create(door: &Door<'_>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Create, door.who)?;
    let visible = Visible::to(door.model.schema, door.who);
    let sent = input::assignments(door.model, Action::Create, input, &visible, &grant.sets)?;
    let record = compose(door, &grant, &sent);
    let new = New { door, scope: admit(door, &grant, &record)?, sent, record };
    door.db.once(door.request, door.keep, async || new.insert().await).await
}

/// The whole row, known before it is written.
fn compose(door: &Door<'_>, grant: &Grant, sent: &Assignments) -> Record {
    let values = sent.iter().chain(&grant.sets).cloned();
    Record::new(door.model.schema, Uuid::now_v7(), door.db.clock().now(), values)
}

/// What of the scope is left to be asked when the row is written: what it says of other rows.
fn admit(door: &Door<'_>, grant: &Grant, record: &Record) -> Result<Predicate> {
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
    sent: Assignments,
    record: Record,
    scope: Predicate,
}

impl New<'_> {
    /// One statement: the row is there if what it refers to may be read and the scope holds, at the
    /// same instant.
    async fn insert(&self) -> Result<Outcome> {
        let Self { door, record, .. } = self;
        let condition = reference::readable(door, &self.sent).and(self.scope.clone());
        let answer = door.answer(record);
        let statement = store::write::insert(door.db.dialect(), door.model.schema, record, &condition);
        let kept = door.request.map(|request| (request, &answer));
        match door.db.insert_one(&statement, kept).await {
            Ok(Written::Rows(rows)) if rows.is_empty() => Err(self.refusal().await?),
            Ok(Written::Rows(_)) => Ok(Outcome { answer, replayed: false }),
            Ok(Written::Replayed(answer)) => Ok(Outcome { answer, replayed: true }),
            Err(error) => Err(violation::explain(door, Refused::Create(record), error).await),
        }
    }

    /// Why no row was written.
    async fn refusal(&self) -> Result<Error> {
        reference::admit(self.door, &self.door.db.reader(), &self.sent).await?;
        // A reference that holds by now did not hold a moment ago.
        let held = self.scope == Predicate::Always;
        Ok(if held { Error::new(ErrorKind::Conflict) } else { forbidden(self.door) })
    }
}
