use mainstay_kernel::{Kind, Reader, Result, Value, ValueRef};
use uuid::Uuid;

use crate::store::select;
use crate::{Predicate, Schema};

/// What each of these predicates is of each row of a table, as its database says: true, false or unknown.
/// For tests that hold the database against [`evaluate`](crate::evaluate()).
///
/// # Errors
/// Too slow or unavailable, as the reader says.
pub async fn truths(
    reader: &Reader,
    schema: &Schema,
    predicates: &[Predicate],
) -> Result<Vec<(Uuid, Vec<Option<bool>>)>> {
    let rows = reader.rows(&select::truths(reader.dialect(), schema, predicates)).await?;
    let truth = |value: ValueRef<'_>| if let ValueRef::Bool(it) = value { Some(it) } else { None };
    let each = rows.iter().map(|row| {
        let Value::Uuid(id) = row.read(0, Kind::Uuid)?.to_value() else {
            return Ok((Uuid::nil(), Vec::new()));
        };
        let truths = (1..=predicates.len()).map(|at| row.read(at, Kind::Bool).map(truth));
        Ok((id, truths.collect::<Result<_>>()?))
    });
    each.collect()
}
