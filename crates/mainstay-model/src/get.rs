//! Getting one row by its key.

use mainstay_kernel::{Caller, Error, Reader, Result, Row, Value};
use uuid::Uuid;

use crate::door::Written;
use crate::expand::{Expand, Expanded};
use crate::{Action, ListQuery, ModelEntry, Part, Predicate, Schema, Visible, parse_list, store, suggest};

/// What a caller wants to see of one row: `select` and `expand`.
#[derive(Clone, Debug)]
pub struct GetQuery {
    visible: Visible,
    expand: Expand,
}

impl GetQuery {
    /// Whether the answer holds more than the row itself, so that its version does not tell whether
    /// the answer has changed.
    pub fn is_expanded(&self) -> bool {
        !self.expand.is_empty()
    }
}

/// Reads the parameters of a get.
///
/// # Errors
/// As [`parse_list`], of which it takes `select` and `expand`.
pub fn parse_get(
    model: &ModelEntry,
    models: &[&'static ModelEntry],
    who: &Caller,
    pairs: &[(String, String)],
) -> Result<GetQuery> {
    const TAKEN: [&str; 2] = ["select", "expand"];
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !TAKEN.contains(&name.as_str())) {
        return Err(Error::bad_request("bad_request", suggest::unknown("parameter", name, TAKEN)));
    }
    let ListQuery { visible, expand, .. } = parse_list(model, models, who, pairs)?;
    Ok(GetQuery { visible, expand })
}

/// The row with this id, while the scope lets the caller read it.
///
/// # Errors
/// Unauthenticated or forbidden by the scope; not found.
pub async fn get(
    reader: &Reader,
    model: &ModelEntry,
    who: &Caller,
    id: Uuid,
    query: &GetQuery,
) -> Result<Written> {
    let grant = model.grant(Action::Read, who)?;
    let wanted = Predicate::same(model.schema.id(), &Value::Uuid(id)).and(grant.rows);
    let statement = store::select::one(reader.dialect(), model.schema, &wanted);
    let row = reader.point(&statement).await?.ok_or_else(|| model.not_found(id))?;
    let expanded = Expanded::load(reader, &query.expand, std::iter::once(&row)).await?;
    let mut body = Vec::with_capacity(512);
    query.visible.write_row(model.schema, &row, &expanded, &mut body)?;
    Ok(Written { id, version: version(model.schema, &row)?, body })
}

fn version(schema: &Schema, row: &Row) -> Result<Option<i64>> {
    schema.part(Part::Version).map(|column| row.at(column)).transpose()
}
