//! References that clients set. They must name rows that the client may read: one that is out of
//! reach is as broken as one to nothing.

use mainstay_kernel::{Error, ErrorKind, Reader, Result, Value};

use crate::door::Door;
use crate::{Action, Exists, Predicate, Subject, rows};

/// What must hold when the row is written: each reference among what a client sent names a row that
/// it may read then. It speaks of no column of the row itself.
pub(crate) fn readable(door: &Door<'_>, sent: &[(usize, Value)]) -> Predicate {
    let one = |(column, value)| match target(door, column, value) {
        Some(target) => Predicate::Exists(Box::new(target)),
        None => Predicate::Never,
    };
    references(door, sent).map(one).fold(Predicate::Always, Predicate::and)
}

/// Refuses references, among what a client sent, to rows that it may not read.
///
/// # Errors
/// Foreign key violation, naming each such field.
pub(crate) async fn admit(door: &Door<'_>, reader: &Reader, sent: &[(usize, Value)]) -> Result<()> {
    let mut broken = Vec::new();
    for (column, value) in references(door, sent) {
        let found = match target(door, column, value) {
            Some(Exists { schema, rows, .. }) => {
                rows::find(reader, schema, &Predicate::same(schema.id(), value).and(rows)).await?
            }
            None => None,
        };
        if found.is_none() {
            broken.push(column);
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(violation(door, broken)) }
}

fn references<'a>(
    door: &Door<'_>,
    sent: &'a [(usize, Value)],
) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
    let schema = door.model.schema;
    let given = sent.iter().filter(|(_, value)| !value.is_null());
    given.filter(|(column, _)| schema.column(*column).references.is_some()).map(|(column, it)| (*column, it))
}

/// The row that a reference must find. Nobody reads a model without routes.
fn target(door: &Door<'_>, column: usize, value: &Value) -> Option<Exists> {
    let table = (door.model.schema.column(column).references?.table)();
    let model = door.models.iter().find(|it| it.schema.table == table)?;
    let grant = model.grant(Action::Read, door.who).ok()?;
    let (schema, subject) = (model.schema, Subject::Value(value.clone()));
    Some(Exists { subject, schema, column: schema.id(), rows: grant.rows })
}

fn violation(door: &Door<'_>, mut broken: Vec<usize>) -> Error {
    let schema = door.model.schema;
    broken.sort_unstable();
    Error::new(ErrorKind::ForeignKeyViolation {
        table: schema.name.to_owned(),
        constraint: None,
        columns: broken.into_iter().map(|column| schema.column(column).field.to_owned()).collect(),
    })
}
