use std::collections::BTreeMap;
use std::time::Duration;

use mainstay::prelude::*;

use super::models::{Echo, Journal, NewEcho, NewJournal, deed, done};

/// What to read and what to append to.
#[data]
pub(super) struct Append {
    /// The operation's own name, which it appends.
    op: String,
    /// The journals that it reads.
    read: Vec<String>,
    /// The journals that it reads and appends to.
    write: Vec<String>,
    /// Whether it thinks better of it in the end.
    refuse: bool,
}

/// What the journals held before.
#[data]
pub(super) struct Seen {
    seen: BTreeMap<String, Vec<String>>,
}

/// Why nothing was appended.
#[derive(ErrorSet)]
pub(super) enum AppendError {
    /// It was asked to.
    #[error(status = 409, code = "refused", "refused, as it was asked to")]
    Refused,
    /// Anything else.
    #[error(other)]
    Other(Error),
}

/// Reads journals, appends to journals, and leaves a task for each.
#[mutation(queue = "journals", path = "journal.append")]
pub(super) async fn append(tx: &mut Tx, input: Append) -> Result<Seen, AppendError> {
    let mut seen = BTreeMap::new();
    for name in input.read {
        let entries = find(tx, &name).await?.map(|it| it.entries.0).unwrap_or_default();
        seen.insert(name, entries);
    }
    for name in input.write {
        let entries = append_to(tx, &name, &input.op).await?;
        seen.insert(name, entries);
    }
    tx.enqueue(note, input.op.clone()).await?;
    done(tx, &input.op).await?;
    if input.refuse { Err(AppendError::Refused) } else { Ok(Seen { seen }) }
}

/// Appends to a journal, and leaves the task that does the same to its echo; what it held before.
pub(super) async fn append_to(tx: &mut Tx, name: &str, op: &str) -> Result<Vec<String>> {
    tx.enqueue(echo, Entry { journal: name.to_owned(), op: op.to_owned() }).key(name).await?;
    match find(tx, name).await? {
        None => {
            let entries = Json(vec![op.to_owned()]);
            NewJournal { name: name.to_owned(), entries }.insert(tx).await?;
            Ok(Vec::new())
        }
        Some(journal) => {
            let before = journal.entries.0.clone();
            journal.update(tx, |it| it.entries.0.push(op.to_owned())).await?;
            Ok(before)
        }
    }
}

async fn find(tx: &Tx, name: &str) -> Result<Option<Journal>> {
    Journal::filter(Journal::NAME.eq(name)).first(tx).await
}

/// An entry of a journal.
#[data]
pub(super) struct Entry {
    journal: String,
    op: String,
}

/// Appends to the echo of a journal. One task of a journal runs at a time, in the order of their commits.
#[worker(queue = "echoes", retry = 40, backoff = "fixed", base = "200ms")]
pub(super) async fn echo(tx: &mut Tx, entry: Entry) -> Result<()> {
    let Entry { journal: name, op } = entry;
    match Echo::filter(Echo::NAME.eq(&name)).first(tx).await? {
        None => NewEcho { name, entries: Json(vec![op]) }.insert(tx).await.map(drop),
        Some(echo) => echo.update(tx, |it| it.entries.0.push(op.clone())).await.map(drop),
    }
}

/// Does something outside, which takes a moment, and writes down that it did.
#[worker(queue = "notes", retry = 40, backoff = "fixed", base = "200ms")]
pub(super) async fn note(cx: &TaskCx, op: String) -> Result<()> {
    tokio::time::sleep(Duration::from_millis(15)).await;
    let task = cx.id();
    write_tx!(cx.db(), |tx| { deed(tx, "note", &op, Some(task)).await }).await
}
