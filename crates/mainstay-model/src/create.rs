//! Creating a row: one statement, with the answer kept in the same instant.

use mainstay_kernel::{Error, ErrorKind, Outcome, Result, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::scope::Grant;
use crate::violation::Refused;
use crate::{Action, Assignments, Input, Record, Visible, evaluate, input, reference, store, violation};

/// Creates a row from a client's fields.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; invalid or read-only fields; a violation.
pub async fn create(door: &Door<'_>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Create, door.who)?;
    let visible = Visible::to(door.model.schema, door.who);
    let sent = input::assignments(door.model, Action::Create, input, &visible, &grant.sets)?;
    let record = compose(door, &grant, &sent);
    admit(door, &grant, &record)?;
    let write = async || {
        reference::admit(door, &sent).await?;
        insert(door, &record).await
    };
    door.db.once(door.request, door.keep, write).await
}

/// The whole row, known before it is written.
fn compose(door: &Door<'_>, grant: &Grant, sent: &Assignments) -> Record {
    let values = sent.iter().chain(&grant.sets).cloned();
    Record::new(door.model.schema, Uuid::now_v7(), door.db.clock().now(), values)
}

/// The scope holds for the row as it will be.
fn admit(door: &Door<'_>, grant: &Grant, record: &Record) -> Result<()> {
    if evaluate(&grant.rows, &record.0) == Some(true) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden(format!("you may not create such a {}", door.model.schema.name))))
}

async fn insert(door: &Door<'_>, record: &Record) -> Result<Outcome> {
    let answer = door.answer(record);
    let statement = store::write::insert(door.db.dialect(), door.model.schema, record);
    let kept = door.request.map(|request| (request, &answer));
    match door.db.write_one(&statement, kept).await {
        Ok(Written::Rows(_)) => Ok(Outcome { answer, replayed: false }),
        Ok(Written::Replayed(answer)) => Ok(Outcome { answer, replayed: true }),
        Err(error) => Err(violation::explain(door, Refused::Create(record), error).await),
    }
}
