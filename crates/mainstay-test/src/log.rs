//! What the application of one test wrote into its log: kept, and shown only if the test fails.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// One test's log. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct TestLog(Arc<Mutex<Vec<u8>>>);

thread_local! {
    /// Each thread of a test's runtime works for that test alone.
    static CURRENT: RefCell<Option<TestLog>> = const { RefCell::new(None) };
}

/// Ends the keeping on the thread where it began.
pub(crate) struct Keeping;

impl TestLog {
    /// An empty log. In a process that has a subscriber of its own, it stays empty.
    pub(crate) fn new() -> Self {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let filter = EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new("info"));
            let lines =
                tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Writers);
            let _another_has_it = lines.try_init();
        });
        Self::default()
    }

    /// Keeps what this thread writes from now on.
    pub(crate) fn keep(&self) -> Keeping {
        CURRENT.set(Some(self.clone()));
        Keeping
    }

    /// Keeps what this thread writes until it ends.
    pub(crate) fn keep_always(&self) {
        CURRENT.set(Some(self.clone()));
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// Lines go to the log of the test that the thread works for; those of no test are dropped.
struct Writers;

impl<'a> MakeWriter<'a> for Writers {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        Lines(CURRENT.with_borrow(Clone::clone))
    }
}

struct Lines(Option<TestLog>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(log) = &self.0 {
            log.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_to_the_log_of_the_test_whose_thread_it_is() {
        let (one, other) = (TestLog::new(), TestLog::new());
        let keeping = one.keep();
        tracing::info!(request_id = "req_1", "a line of one");
        let elsewhere = other.clone();
        let thread = std::thread::spawn(move || {
            elsewhere.keep_always();
            tracing::warn!("a line of the other");
        });
        thread.join().expect("it ends");
        drop(keeping);
        tracing::info!("a line of nobody's");
        assert!(one.text().contains("a line of one") && one.text().contains("req_1"), "{}", one.text());
        assert_eq!((one.text().lines().count(), other.text().lines().count()), (1, 1));
    }
}
