//! References that clients set. They must name rows that the client may read: one that is out of
//! reach is as broken as one to nothing.

use mainstay_kernel::{Error, ErrorKind, Result, Value};

use crate::door::Door;
use crate::{Action, Predicate, store};

/// Refuses references, among what a client sent, to rows that it may not read.
///
/// # Errors
/// Foreign key violation, naming each such field.
pub(crate) async fn admit(door: &Door<'_>, sent: &[(usize, Value)]) -> Result<()> {
    let schema = door.model.schema;
    let mut broken = Vec::new();
    for (column, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
        let Some(reference) = &schema.column(*column).references else { continue };
        if !is_readable(door, (reference.table)(), value).await? {
            broken.push(*column);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    broken.sort_unstable();
    Err(Error::new(ErrorKind::ForeignKeyViolation {
        table: schema.name.to_owned(),
        constraint: None,
        columns: broken.into_iter().map(|column| schema.column(column).field.to_owned()).collect(),
    }))
}

/// Whether the caller may read the row with this key. Nobody reads a model without routes.
async fn is_readable(door: &Door<'_>, table: &str, id: &Value) -> Result<bool> {
    let Some(target) = door.models.iter().find(|it| it.schema.table == table) else { return Ok(false) };
    let Ok(grant) = target.grant(Action::Read, door.who) else { return Ok(false) };
    let key = Predicate::same(target.schema.id(), id).and(grant.rows);
    let reader = door.db.reader();
    let row = reader.point(&store::select::one(reader.dialect(), target.schema, &key)).await?;
    Ok(row.is_some())
}
