//! What a transaction tells of its runs.

use std::sync::{Arc, Mutex, PoisonError};

use mainstay_kernel::{Db, DbOptions, FaultPoint, StoreUrl, TRACE, Tx};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Each run as its number and its outcome.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<Vec<(u64, String)>>>);

#[derive(Default)]
struct Run {
    number: u64,
    outcome: String,
    took: u64,
}

impl<S: Subscriber> Layer<S> for Runs {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == TRACE {
            assert_eq!(event.metadata().name(), "transaction");
            let mut run = Run::default();
            event.record(&mut run);
            assert!(run.took > 0);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((run.number, run.outcome));
        }
    }
}

impl Visit for Run {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "mainstay.attempt" => self.number = value,
            "duration" => self.took = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "mainstay.outcome" {
            self.outcome = value.to_owned();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[tokio::test]
async fn each_run_of_a_transaction_is_told_with_its_number_and_its_outcome() {
    let runs = Runs::default();
    let db = Db::open(DbOptions::new(StoreUrl::SqliteMemory)).await.expect("it opens");
    let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(runs.clone()));
    db.faults().arm(FaultPoint::Conflict, 2);
    db.write(async |_: &mut Tx| Ok(())).await.expect("the third run commits");
    let failed = db.write(async |_: &mut Tx| Err::<(), _>(mainstay_kernel::Error::internal("no"))).await;
    assert!(failed.is_err());
    let told = runs.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let told: Vec<_> = told.iter().map(|(number, outcome)| (*number, outcome.as_str())).collect();
    assert_eq!(told, [(1, "conflicted"), (2, "conflicted"), (3, "committed"), (1, "failed")]);
}
