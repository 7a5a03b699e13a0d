//! Callers within the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Result;

use crate::Options;
use crate::rounds::Sample;

/// How often `mutate` is done by this many callers at the same time; each begins anew when it is done.
pub(crate) async fn count<F>(
    options: &Options,
    callers: usize,
    mutate: impl Fn() -> F + Send + Sync + 'static,
) -> Result<Sample>
where
    F: Future<Output = Result<()>> + Send,
{
    let (mutate, done) = (Arc::new(mutate), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let end = begun + options.time();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (mutate, done) = (Arc::clone(&mutate), Arc::clone(&done));
            tokio::spawn(async move {
                while Instant::now() < end {
                    mutate().await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, anyhow::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of mutations is far below 2^52")]
    let done = done.load(Ordering::Relaxed) as f64;
    Ok(Sample { rate: done / begun.elapsed().as_secs_f64(), cpu_micros: None })
}
