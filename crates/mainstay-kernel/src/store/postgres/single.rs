use super::bind::Bind;
use super::commit::{outcome_before_commit, outcome_of};
use super::pool::Pool;
use super::prepared::Shape;
use super::results::{binds, encode_head};
use crate::store::{Commit, Record};
use crate::{Result, Row, Statement};

/// Runs one write as a transaction of its own, its answer kept by the same statement.
pub(super) async fn write(
    pool: &Pool,
    statement: &Statement,
    record: Option<Record<'_>>,
) -> Result<(Commit, Vec<Row>)> {
    let lease = pool.lease().await?;
    let shape = if record.is_some() { Shape::Keeping } else { Shape::Returning };
    let prepared = match lease.prepare(shape, statement.text(), statement.params().len()).await {
        Ok(prepared) => prepared,
        Err(error) => {
            lease.give_back();
            return Ok((outcome_before_commit(error), Vec::new()));
        }
    };
    let head = record.as_ref().map(|record| encode_head(record.answer)).transpose()?.unwrap_or_default();
    let mut values: Vec<Bind<'_>> = statement.params().iter().map(Bind::Value).collect();
    if let Some(record) = &record {
        values.extend(binds(record, &head));
    }
    if lease.is_closed() {
        return Ok((Commit::Again, Vec::new()));
    }
    let (commit, rows) = match lease.run(&prepared, values).await {
        Ok(ran) => (Commit::Done, ran.rows),
        Err(error) => (outcome_of(error, lease.backend()), Vec::new()),
    };
    if !matches!(commit, Commit::Unknown { .. }) {
        lease.give_back();
    }
    Ok((commit, rows))
}
