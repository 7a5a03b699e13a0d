use std::fmt;

use mainstay_kernel::{Error, Result, Timestamp, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::JobName;
use crate::scheduler::{mark, meta, task};

/// The way out of the application for what it publishes: attached to its database where there is a broker.
pub struct Outlet {
    /// What sends messages: its input is a [`Published`].
    pub sender: JobName,
    /// Why nothing is published under this subject, if so.
    pub refuses: Refuses,
}

/// Why nothing is published under a subject, if so.
pub type Refuses = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outlet({:?})", self.sender)
    }
}

/// A message on its way out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    /// Under which subject, without what the environment's subjects begin with.
    pub subject: String,
    /// As JSON.
    pub message: String,
    /// The trace that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Leaves the message for the broker, if there is one.
pub(crate) fn let_out(tx: &mut Tx, subject: &str, message: &str) -> Result<()> {
    let Some(outlet) = tx.extension::<Outlet>() else { return Ok(()) };
    if let Some(reason) = (outlet.refuses)(subject) {
        return Err(Error::internal(format!("nothing can be published under `{subject}`: {reason}")));
    }
    let published = Published {
        subject: subject.to_owned(),
        message: message.to_owned(),
        traceparent: tx.traceparent().map(str::to_owned),
    };
    let body = serde_json::to_string(&published)
        .map_err(|error| Error::internal("a message cannot be written").caused_by(error))?;
    let (sender, meta) = (outlet.sender, meta(tx, outlet.sender).write()?);
    tx.put(task(sender, body, meta));
    Ok(())
}

/// A message that came from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// Under which subject, without what the environment's subjects begin with.
    pub subject: &'a str,
    /// The same whenever it is delivered.
    pub id: &'a str,
    /// As JSON.
    pub message: &'a str,
}

/// Leaves a task for this worker with the message as its input, unless that was done before `until`; whether it did.
///
/// # Errors
/// Unavailable, when the database is away.
pub async fn hand_over(
    tx: &mut Tx,
    job: JobName,
    delivered: Delivered<'_>,
    until: Timestamp,
) -> Result<bool> {
    let mut meta = meta(tx, job);
    meta.subject = Some(delivered.subject.to_owned());
    let task = task(job, delivered.message.to_owned(), meta.write()?);
    let is_first = tx.only_one(mark(job, Some(delivered.id)), task.id, until).await? == task.id;
    if is_first {
        tx.put(task);
    }
    Ok(is_first)
}
