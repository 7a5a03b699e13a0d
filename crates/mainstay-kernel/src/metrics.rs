use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::Result;
use crate::attempts::Settled;

/// Upper bounds in seconds: from one statement to what runs into its budget.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What is counted of transactions.
#[derive(Debug)]
pub(crate) struct Metrics {
    ended: Family<Labels, Counter>,
    committed: Counter,
    took: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let ended = Family::<Labels, Counter>::default();
        let committed = ended.get_or_create(&Labels { outcome: COMMITTED }).clone();
        Self { ended, committed, took: Histogram::new(BUCKETS) }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "database_transactions",
            "Runs of transactions that ended, by outcome: one that conflicted is run again",
            self.ended.clone(),
        );
        registry.register(
            "database_transaction_duration_seconds",
            "Time from asking for a transaction to the end of its run, and the wait before it is run again",
            self.took.clone(),
        );
    }

    /// A run has ended.
    pub(crate) fn ended(&self, took: Duration, outcome: &'static str) {
        match outcome {
            COMMITTED => self.committed.inc(),
            outcome => self.ended.get_or_create(&Labels { outcome }).inc(),
        };
        self.took.observe(took.as_secs_f64());
    }
}

/// The outcome of nearly all.
const COMMITTED: &str = "committed";

/// What became of a run, as it is counted.
pub(crate) fn outcome(settled: &Result<Settled>) -> &'static str {
    match settled {
        Ok(Settled::Committed) => COMMITTED,
        Ok(Settled::Again) => "conflicted",
        Ok(Settled::Replay(_)) => "replayed",
        Ok(Settled::Failed) | Err(_) => "failed",
    }
}
