//! What every change of a row comes with, whichever door it came through.

use mainstay_kernel::{Answer, Caller, Db, Error, Request};
use uuid::Uuid;

use crate::{ModelEntry, Record, Visible};

/// A change of one model's rows, on behalf of a caller.
pub struct Door<'a> {
    /// Where.
    pub db: &'a Db,
    /// Of what.
    pub model: &'a ModelEntry,
    /// Every model that clients know, for what its rows refer to.
    pub models: &'a [&'static ModelEntry],
    /// For whom.
    pub who: &'a Caller,
    /// Under which request, if it may be repeated.
    pub request: Option<&'a Request>,
    /// What was sent, for hooks that ask; empty when nothing was.
    pub sent: &'a [u8],
    /// What the edge answers with once the row is written. Called before the commit, because the
    /// answer commits with the row; called again when the transaction is run again.
    pub render: &'a (dyn Fn(Written) -> Answer + Send + Sync),
    /// Which errors are answers to be kept too.
    pub keep: &'a (dyn Fn(&Error) -> Option<Answer> + Send + Sync),
}

/// A row as it was written.
#[derive(Debug)]
pub struct Written {
    /// Its key.
    pub id: Uuid,
    /// Its version; `None` when it was deleted.
    pub version: Option<i64>,
    /// What the caller sees of it, as a JSON object.
    pub body: Vec<u8>,
}

impl Door<'_> {
    /// The edge's answer for this row.
    pub(crate) fn answer(&self, record: &Record) -> Answer {
        let schema = self.model.schema;
        let mut body = Vec::with_capacity(512);
        Visible::to(schema, self.who).write_record(schema, record, &mut body);
        (self.render)(Written { id: record.id(schema), version: Some(record.version(schema)), body })
    }

    /// The edge's answer for a row that is gone.
    pub(crate) fn farewell(&self, id: Uuid) -> Answer {
        (self.render)(Written { id, version: None, body: format!(r#"{{"id":"{id}"}}"#).into_bytes() })
    }
}
