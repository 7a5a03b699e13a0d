use std::time::Duration;

use crate::work::TaskFilter;
use crate::{Db, Result};

impl Db {
    /// Deletes answers, changes, marks and reports of tasks and dead letters (of 30 days) that are no longer kept, in small batches;
    /// how many went. Changes go by whole tables on PostgreSQL, of which each counts as one.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn expire(&self) -> Result<u64> {
        const BATCH: u32 = 500;
        const LETTERS_ARE_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
        const TICKS_ARE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
        let now = self.clock().now();
        let kept = self.0.options.change_retention;
        // Three tables of changes hold more than the time for which they are kept, while the fourth is emptied.
        let mut gone = self.0.store.expire_changes(now, now.minus(kept), now.minus(kept / 2)).await?;
        loop {
            let results = self.0.store.expire_results(now, BATCH).await?;
            let marks = self.0.store.expire_marks(now, now.minus(TICKS_ARE_KEPT), BATCH).await?;
            let dead = self.discard_dead(&TaskFilter::default(), now.minus(LETTERS_ARE_KEPT), BATCH).await?;
            let reports = self.0.store.expire_reports(now, BATCH).await?;
            gone += results + marks + dead + reports;
            if results.max(marks).max(dead).max(reports) < u64::from(BATCH) {
                return Ok(gone);
            }
        }
    }
}
