//! Tasks on PostgreSQL. Each question is one statement in autocommit, at READ COMMITTED: what looks for rows in
//! indexes that transactions insert into must not do so under SERIALIZABLE, where strangers would conflict.

pub(super) mod claims;
mod letters;
mod nodes;
mod pointed;
pub(super) mod written;

use super::{Postgres, single};
use crate::store::Commit;
use crate::{Error, ErrorKind, Result, Row, Statement};

impl Postgres {
    /// Runs one of the framework's statements, again when another was in its way.
    pub(crate) async fn settle(&self, statement: &Statement) -> Result<Vec<Row>> {
        const TRIES: u32 = 10;
        for _ in 0..TRIES {
            match single::write(&self.desk, statement, None).await? {
                (Commit::Done, rows) => return Ok(rows),
                (Commit::Failed(error), _) => return Err(error),
                (Commit::Unknown { .. }, _) => return Err(Error::new(ErrorKind::Unavailable)),
                (Commit::Again | Commit::AgainAlone | Commit::Duplicate, _) => {}
            }
        }
        Err(Error::new(ErrorKind::Conflict))
    }

    /// [`Postgres::settle`] of a statement that gives texts.
    async fn texts(&self, statement: &Statement) -> Result<Vec<String>> {
        self.settle(statement).await?.iter().map(|row| row.at(0)).collect()
    }
}
