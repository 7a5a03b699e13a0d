//! Tables follow their models, as far as nothing is lost by it: missing tables, columns, indexes and
//! variants of enums are made, and no table or column is ever dropped.

use mainstay_kernel::{Db, Result};

use crate::store::introspect::Database;
use crate::{Addition, Plan, Schema, difference};

/// How the database differs from these models.
///
/// # Errors
/// Unavailable, when the database is away; internal, when two enums have one name.
pub async fn plan(db: &Db, schemas: &[&Schema]) -> Result<Plan> {
    let found = Database::read(&db.reader()).await?;
    difference::between(db.dialect(), schemas, &found)
}

/// Plans and makes what is missing, when no other process migrates: first the types, because PostgreSQL takes a new variant only once
/// it is committed, then all else in one transaction; what was made.
///
/// # Errors
/// What the store says of the first statement that fails; no table is changed then.
pub async fn apply(db: &Db, schemas: &[&Schema]) -> Result<Vec<Addition>> {
    let turn = db.migration_turn().await?;
    let made = apply_in_turn(db, schemas).await?;
    turn.end().await?;
    Ok(made)
}

/// [`apply`], by who has the turn.
pub(crate) async fn apply_in_turn(db: &Db, schemas: &[&Schema]) -> Result<Vec<Addition>> {
    let additions = plan(db, schemas).await?.additions;
    let (types, tables): (Vec<_>, Vec<_>) = additions.iter().partition(|it| it.change.is_of_types());
    for part in [types, tables] {
        let statements: Vec<_> = part.iter().flat_map(|it| it.statements.iter().cloned()).collect();
        if !statements.is_empty() {
            db.migrate(&statements).await?;
        }
    }
    Ok(additions)
}
