//! Getting one row by its key.

use mainstay_kernel::{Caller, Reader, Result, Row, Value};
use uuid::Uuid;

use crate::door::Written;
use crate::{Action, ModelEntry, Part, Predicate, Schema, Visible, store};

/// The row with this id, while the scope lets the caller read it.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found.
pub async fn get(reader: &Reader, model: &ModelEntry, who: &Caller, id: Uuid) -> Result<Written> {
    let grant = model.grant(Action::Read, who)?;
    let wanted = Predicate::same(model.schema.id(), &Value::Uuid(id)).and(grant.rows);
    let statement = store::select::one(reader.dialect(), model.schema, &wanted);
    let row = reader.point(&statement).await?.ok_or_else(|| model.not_found(id))?;
    let mut body = Vec::with_capacity(512);
    Visible::to(model.schema, who).write_row(model.schema, &row, &mut body)?;
    Ok(Written { id, version: version(model.schema, &row)?, body })
}

fn version(schema: &Schema, row: &Row) -> Result<Option<i64>> {
    schema.part(Part::Version).map(|column| row.at(column)).transpose()
}
