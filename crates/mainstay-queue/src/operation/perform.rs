use mainstay_kernel::{Answer, Db, Error, Outcome, Request, Result};

use super::{Asked, OperationEntry, Perform};

/// Runs an operation for whoever called it. What a mutation writes, the tasks it leaves behind and its answer under
/// the request commit together; a request that was answered before is answered the same.
///
/// `keep` says which errors are answers to be kept, too.
///
/// # Errors
/// The operation's own; those of the framework.
pub async fn perform(
    db: &Db,
    operation: &OperationEntry,
    asked: &Asked,
    traceparent: Option<&str>,
    request: Option<&Request>,
    keep: impl Fn(&Error) -> Option<Answer> + Send + Sync,
) -> Result<Outcome> {
    operation.spec.admits.judge(asked.caller())?;
    match operation.perform {
        Perform::Query(perform) => {
            let output = db.snapshot(|reader, _| perform(reader, asked)).await?;
            let answer = answered(output);
            Ok(Outcome { answer, replayed: false })
        }
        Perform::Mutation(perform) => {
            db.once(request, keep, async || {
                db.write_kept(request, |tx, _| {
                    Box::pin(async move {
                        tx.act_for(asked.caller());
                        tx.trace(traceparent.map(str::to_owned));
                        perform(tx, asked).await.map(answered)
                    })
                })
                .await
            })
            .await
        }
    }
}

/// An operation's output, as it is answered.
pub fn answered(output: String) -> Answer {
    let head = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer { status: 200, head, body: output.into_bytes() }
}
