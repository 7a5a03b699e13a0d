use std::fmt::Display;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

type Run = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// How a check is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckConfig {
    /// Longer than this is a failure. Default: 2 s.
    pub timeout: Duration,
    /// For how long a result is good, so that probes cannot become load. Default: 1 s.
    pub fresh_for: Duration,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), fresh_for: Duration::from_secs(1) }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// All is well.
    Ok,
    /// It failed; the cause is in the log.
    Failed,
    /// It took longer than its limit.
    TimedOut,
}

pub(crate) struct Check {
    name: String,
    config: CheckConfig,
    run: Run,
    /// Locked while it runs: who asks meanwhile waits and shares the result.
    last: Mutex<Option<(Instant, CheckResult)>>,
}

impl CheckResult {
    /// Whether all is well.
    #[must_use]
    pub const fn passed(&self) -> bool {
        match self {
            Self::Ok => true,
            Self::Failed | Self::TimedOut => false,
        }
    }
}

impl Check {
    pub(crate) fn new<F, E>(
        name: String,
        config: CheckConfig,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let run: Run = Box::new(move || {
            let running = run();
            Box::pin(async move { running.await.map_err(|error| error.to_string()) })
        });
        Self { name, config, run, last: Mutex::const_new(None) }
    }

    pub(crate) async fn result(&self) -> CheckResult {
        let mut last = self.last.lock().await;
        if let Some((at, result)) = *last
            && at.elapsed() < self.config.fresh_for
        {
            return result;
        }
        let result = match timeout(self.config.timeout, (self.run)()).await {
            Ok(Ok(())) => CheckResult::Ok,
            Ok(Err(cause)) => {
                tracing::warn!(check = self.name, cause, "a health check failed");
                CheckResult::Failed
            }
            Err(_) => {
                tracing::warn!(check = self.name, limit = ?self.config.timeout, "a health check took too long");
                CheckResult::TimedOut
            }
        };
        *last = Some((Instant::now(), result));
        result
    }
}
