//! Sees to it that a handler awaits nothing but the database while its transaction is open.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::{Error, ErrorKind, Result};

tokio::task_local! {
    static IN_TRANSACTION: ();
}

/// Refuses a transaction inside a transaction: on SQLite it would wait for itself, and on
/// PostgreSQL it would commit although the outer one fails.
pub(crate) fn refuse_nested() -> Result<()> {
    if IN_TRANSACTION.try_with(|()| ()).is_ok() {
        return Err(Error::internal(
            "`write` was called inside a transaction: use the `&mut Tx` at hand, or call it after the handler",
        ));
    }
    Ok(())
}

/// Runs a handler whose transaction is open, for at most `budget`.
pub(crate) async fn run<T>(
    statements: Arc<AtomicUsize>,
    budget: Option<Duration>,
    handler: impl Future<Output = Result<T>>,
) -> Result<T> {
    let watched = IN_TRANSACTION.scope((), Watched { statements, told: false, handler });
    let Some(budget) = budget else { return watched.await };
    tokio::time::timeout(budget, watched).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::TooSlow(u64::try_from(budget.as_millis()).unwrap_or(u64::MAX))))
    })
}

pin_project_lite::pin_project! {
    struct Watched<F> {
        statements: Arc<AtomicUsize>,
        told: bool,
        #[pin]
        handler: F,
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.handler.poll(context);
        let strays = polled.is_pending() && this.statements.load(Ordering::Relaxed) == 0;
        if cfg!(debug_assertions) && strays && !*this.told {
            *this.told = true;
            tracing::warn!(
                "a handler awaits something other than the database while its transaction is open; \
                 do it before the transaction, or make it a task"
            );
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of a handler that is pending once, with so many statements on their way.
    fn logged(statements: usize) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let handler = async {
                tokio::task::yield_now().await;
                Ok(())
            };
            runtime.block_on(run(Arc::new(AtomicUsize::new(statements)), None, handler)).unwrap();
        });
        let text = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn awaiting_something_other_than_the_database_is_reported() {
        assert!(logged(0).contains("awaits something other than the database"));
        assert_eq!(logged(1), "");
    }
}
