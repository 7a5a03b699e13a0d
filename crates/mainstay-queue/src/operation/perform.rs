use mainstay_kernel::{Answer, Db, Error, Outcome, Reader, Request, Result, TRACE, Tx};
use tracing::Instrument as _;

use super::answers::Answers;
use super::middleware::{Cx, Database};
use super::{Asked, Mounted, Perform};

/// Runs an operation for whoever called it. What a mutation writes, the tasks it leaves behind and its answer under
/// the request commit together; a request that was answered before is answered the same. An input of an earlier version,
/// as the header `Input-Version` says, is brought up to the current one first.
///
/// `keep` says which errors are answers to be kept, too. Who is admitted how often is asked before: [`Mounted::admit`].
///
/// # Errors
/// The operation's own, and those of its middleware; those of the framework.
pub async fn perform(
    db: &Db,
    operation: &Mounted,
    asked: &Asked,
    traceparent: Option<&str>,
    request: Option<&Request>,
    keep: impl Fn(&Error) -> Option<Answer> + Send + Sync,
) -> Result<Outcome> {
    operation.entry.spec.admits.judge(asked.caller())?;
    let asked = &*asked.brought_up(operation.entry.spec)?;
    let span = tracing::trace_span!(target: TRACE, "operation", otel.name = operation.entry.spec.path);
    settled(db, operation, asked, traceparent, request, keep).instrument(span).await
}

/// [`perform`] for a caller who is admitted.
async fn settled(
    db: &Db,
    operation: &Mounted,
    asked: &Asked,
    traceparent: Option<&str>,
    request: Option<&Request>,
    keep: impl Fn(&Error) -> Option<Answer> + Send + Sync,
) -> Result<Outcome> {
    match operation.entry.perform {
        Perform::Query(_) => {
            let output = operation.query(db, asked).await?;
            Ok(Outcome { answer: answered(output), replayed: false })
        }
        Perform::Mutation(_) => {
            db.once(request, keep, async || {
                db.write_kept(request, |tx, _| {
                    Box::pin(async move {
                        tx.act_for(asked.caller());
                        tx.trace(traceparent.map(str::to_owned));
                        operation.mutate(tx, asked).await.map(answered)
                    })
                })
                .await
            })
            .await
        }
    }
}

impl Mounted {
    /// Runs it in this transaction, within its middleware.
    pub(super) async fn mutate(&self, tx: &mut Tx, asked: &Asked) -> Result<String> {
        Cx::new(Database::Tx(tx), &mut asked.again(), self, None).next().await.map(|it| it.0)
    }

    /// Runs it with this reader, within its middleware; what was given before is given again from `answers`.
    pub(super) async fn read(
        &self,
        reader: &Reader,
        asked: &Asked,
        answers: Option<&Answers>,
    ) -> Result<String> {
        Cx::new(Database::Reader(reader), &mut asked.again(), self, answers).next().await.map(|it| it.0)
    }

    async fn query(&self, db: &Db, asked: &Asked) -> Result<String> {
        let read = |answers| db.snapshot(move |reader, _| Box::pin(self.read(reader, asked, answers)));
        if self.around.is_empty() {
            // What is given again needs no snapshot.
            self.answers.give(self.entry.spec, asked, || Box::pin(read(None))).await
        } else {
            read(Some(&self.answers)).await
        }
    }
}

/// An operation's output, as it is answered.
pub fn answered(output: String) -> Answer {
    let head = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status: 200, head, body: output.into_bytes() }
}
