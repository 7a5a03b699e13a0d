//! Deleting a row: one statement, with the answer kept in the same instant.

use mainstay_kernel::{Error, ErrorKind, Outcome, Result, Value, Written};
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
    let reachable = Predicate::same(door.model.schema.id(), &Value::Uuid(id)).and(grant.rows);
    door.db
        .once(door.request, door.keep, async || remove(door, id, versions.as_deref(), &reachable).await)
        .await
}

async fn remove(
    door: &Door<'_>,
    id: Uuid,
    versions: Option<&[i64]>,
    reachable: &Predicate,
) -> Result<Outcome> {
    let schema = door.model.schema;
    let answer = door.farewell(id);
    let wanted = reachable.clone().and(at_version(schema, versions));
    let statement = store::write::delete(door.db.dialect(), schema, &wanted);
    let kept = door.request.map(|request| (request, &answer));
    match door.db.write_one(&statement, kept).await {
        Ok(Written::Rows(rows)) if rows.is_empty() => Err(refusal(door, id, reachable).await?),
        Ok(Written::Rows(_)) => Ok(Outcome { answer, replayed: false }),
        Ok(Written::Replayed(answer)) => Ok(Outcome { answer, replayed: true }),
        Err(error) => Err(violation::explain(door, Refused::Delete, error).await),
    }
}

/// Why no row was deleted.
async fn refusal(door: &Door<'_>, id: Uuid, reachable: &Predicate) -> Result<Error> {
    let reader = door.db.reader();
    Ok(match rows::find(&reader, door.model.schema, reachable).await? {
        Some(_) => Error::new(ErrorKind::StaleVersion),
        None => door.model.not_found(id),
    })
}
