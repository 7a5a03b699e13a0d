//! Kept answers: the rows of `mainstay_result`.

use super::bind::Bind;
use crate::store::{Kept, Record};
use crate::{Answer, Error, Result, Row, ValueRef};

/// Whether a request was answered. Run before `BEGIN`, never inside a SERIALIZABLE transaction:
/// its reads of the index would make strangers conflict.
pub(super) const LOOK_UP: &str = "SELECT FROM mainstay_result WHERE id = $1";

pub(super) const READ: &str = "SELECT path, input, status, head, body FROM mainstay_result WHERE id = $1";

/// Without `ON CONFLICT`: a duplicate has to abort the transaction, so that the `COMMIT` sent
/// behind it cannot commit.
pub(super) const KEEP: &str = "INSERT INTO mainstay_result (id, path, input, status, head, body, created_at, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(super) const EXPIRE: &str = "DELETE FROM mainstay_result WHERE id IN (SELECT id FROM mainstay_result \
     WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// `write`, which returns rows and takes `params` values, and the answer's row in one statement.
/// When `write` touches no row, no answer is kept.
pub(super) fn keeping(write: &str, params: usize) -> String {
    let at = |offset: usize| params + offset;
    format!(
        "WITH written AS (\n{write}\n), kept AS (INSERT INTO mainstay_result (id, path, input, status, head, body, \
         created_at, expires_at) SELECT ${}::uuid, ${}::text, ${}::bytea, ${}::int, ${}::text, ${}::bytea, \
         ${}::timestamptz, ${}::timestamptz WHERE EXISTS (SELECT FROM written)) SELECT * FROM written",
        at(1),
        at(2),
        at(3),
        at(4),
        at(5),
        at(6),
        at(7),
        at(8),
    )
}

/// The values of [`KEEP`]; `head` is [`encode_head`]'s.
pub(super) fn binds<'a>(record: &Record<'a>, head: &'a str) -> [Bind<'a>; 8] {
    [
        ValueRef::Uuid(record.request.id),
        ValueRef::Text(&record.request.path),
        ValueRef::Bytes(&record.request.input),
        ValueRef::Int(record.answer.status.into()),
        ValueRef::Text(head),
        ValueRef::Bytes(&record.answer.body),
        ValueRef::Timestamp(record.now),
        ValueRef::Timestamp(record.expires),
    ]
    .map(Bind::Ref)
}

/// What an answer repeats beside its body, as it is kept.
pub(super) fn encode_head(answer: &Answer) -> Result<String> {
    serde_json::to_string(&answer.head)
        .map_err(|error| Error::internal("an answer's head cannot be kept").caused_by(error))
}

/// A row of [`READ`].
pub(super) fn decode(row: &Row) -> Result<Kept> {
    let head: String = row.at(3)?;
    let answer = Answer {
        status: u16::try_from(row.at::<i64>(2)?).map_err(|_| unreadable("status"))?,
        head: serde_json::from_str(&head).map_err(|error| unreadable("head").caused_by(error))?,
        body: row.at(4)?,
    };
    Ok(Kept { path: row.at(0)?, input: row.at(1)?, answer })
}

fn unreadable(part: &str) -> Error {
    Error::internal(format!("the {part} of a kept answer cannot be read"))
}
