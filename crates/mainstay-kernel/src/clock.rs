use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::{Timestamp, failpoint};

/// Where the framework takes the time from: the machine, or a hand that tests move.
///
/// ```
/// use mainstay_kernel::{Clock, Timestamp};
/// let clock = Clock::manual(Timestamp::EPOCH);
/// clock.advance(std::time::Duration::from_secs(30));
/// assert_eq!(clock.now().as_millis(), 30_000);
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_micros()))))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => {
                Timestamp::from_micros(jiff::Timestamp::now().as_microsecond() + failpoint::ahead())
            }
            Source::Manual(at) => Timestamp::from_micros(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. The machine's clock does not move.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(at) = &self.0 {
            at.store(self.now().plus(span).as_micros(), Ordering::SeqCst);
        }
    }
}
