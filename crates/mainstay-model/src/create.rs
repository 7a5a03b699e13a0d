//! Creating a row: one statement, with the answer kept in the same instant.

use mainstay_kernel::{Error, ErrorKind, Outcome, Result, Written};
use uuid::Uuid;

use crate::door::Door;
use crate::scope::Grant;
use crate::violation::Refused;
use crate::{Action, Input, Record, Visible, evaluate, input, store, violation};

/// Creates a row from a client's fields.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; invalid or read-only fields; a violation.
pub async fn create(door: &Door<'_>, input: Input) -> Result<Outcome> {
    let grant = door.model.grant(Action::Create, door.who)?;
    let record = compose(door, &grant, input)?;
    admit(door, &grant, &record)?;
    door.db.once(door.request, door.keep, async || insert(door, &record).await).await
}

/// The whole row, known before it is written.
fn compose(door: &Door<'_>, grant: &Grant, input: Input) -> Result<Record> {
    let schema = door.model.schema;
    let visible = Visible::to(schema, door.who);
    let mut input = input::assignments(door.model, Action::Create, input, &visible, &grant.sets)?;
    input.extend(grant.sets.iter().cloned());
    Ok(Record::new(schema, Uuid::now_v7(), door.db.clock().now(), input))
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
