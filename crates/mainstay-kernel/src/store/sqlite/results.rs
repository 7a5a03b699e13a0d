//! The answers that are kept, in `mainstay_result`.

use crate::request::{Answer, Request};
use crate::store::{Kept, Record};
use crate::{Error, Result, Row, Statement, Timestamp};

pub(super) const TABLE: &str = "mainstay_result";

/// Gives a row back if an answer is kept for this request.
pub(super) fn is_kept(request: &Request) -> Statement {
    Statement::new("select 1 from mainstay_result where id = ?1").bind(request.id)
}

/// The answer kept for this request, for [`read`].
pub(super) fn kept(request: &Request) -> Statement {
    Statement::new("select path, input, status, head, body from mainstay_result where id = ?1")
        .bind(request.id)
}

/// Reads a row of [`kept`].
pub(super) fn read(row: &Row) -> Result<Kept> {
    let damaged = || Error::internal("a kept answer is damaged");
    let status = u16::try_from(row.at::<i64>(2)?).map_err(|error| damaged().caused_by(error))?;
    let head = serde_json::from_str(&row.at::<String>(3)?).map_err(|error| damaged().caused_by(error))?;
    let answer = Answer { status, head, body: row.at(4)? };
    Ok(Kept { path: row.at(0)?, input: row.at(1)?, answer })
}

/// Keeps an answer; fails where one is kept for the same request.
pub(super) fn keep(record: Record<'_>) -> Result<Statement> {
    let Record { request, answer, now, expires } = record;
    let head = serde_json::to_string(&answer.head)
        .map_err(|error| Error::internal("the head of an answer cannot be kept").caused_by(error))?;
    Ok(Statement::new(
        "insert into mainstay_result (id, path, input, status, head, body, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(request.id)
    .bind(request.path.as_str())
    .bind(request.input.to_vec())
    .bind(i64::from(answer.status))
    .bind(head)
    .bind(answer.body.clone())
    .bind(now)
    .bind(expires))
}

/// Deletes up to `batch` answers that expired before `now`, the oldest first.
pub(super) fn expire(now: Timestamp, batch: u32) -> Statement {
    Statement::new(
        "delete from mainstay_result where rowid in
           (select rowid from mainstay_result where expires_at < ?1 order by expires_at limit ?2)",
    )
    .bind(now)
    .bind(batch)
}
