use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How many steps of SQLite's machine lie between two looks at the clock: some ten microseconds.
const STEPS: i32 = 1000;
const NEVER: u64 = u64::MAX;

/// Ends the statement of one connection when its time is up.
pub(super) struct Limit {
    start: Instant,
    due: Arc<AtomicU64>,
}

/// Disarms the limit when dropped: our own COMMIT and ROLLBACK must never be ended.
pub(super) struct Armed<'a>(&'a AtomicU64);

impl Limit {
    /// A limit that is not armed yet.
    pub(super) fn watch(connection: &mut Connection) -> rusqlite::Result<Self> {
        let limit = Self { start: Instant::now(), due: Arc::new(AtomicU64::new(NEVER)) };
        let (start, due) = (limit.start, Arc::clone(&limit.due));
        let is_over = move || {
            let due = due.load(Ordering::Relaxed);
            due != NEVER && micros(start.elapsed()) >= due
        };
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(limit)
    }

    /// Ends what runs at that time; `None` lets it run.
    pub(super) fn arm(&self, at: Option<Instant>) -> Armed<'_> {
        let due = at.map_or(NEVER, |at| micros(at.saturating_duration_since(self.start)));
        self.due.store(due, Ordering::Relaxed);
        Armed(&self.due)
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        self.0.store(NEVER, Ordering::Relaxed);
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str =
        "with recursive c(x) as (select 1 union all select x + 1 from c limit 100000) select count(*) from c";

    fn run(connection: &Connection) -> rusqlite::Result<i64> {
        connection.query_row(LONG, [], |row| row.get(0))
    }

    #[test]
    fn a_limit_holds_while_it_is_armed_and_no_longer() {
        let mut connection = Connection::open_in_memory().unwrap();
        let limit = Limit::watch(&mut connection).unwrap();
        assert_eq!(run(&connection), Ok(100_000));
        {
            let _armed = limit.arm(Some(Instant::now()));
            assert!(run(&connection).is_err());
        }
        assert_eq!(run(&connection), Ok(100_000));
        let _armed = limit.arm(None);
        assert_eq!(run(&connection), Ok(100_000));
    }
}
