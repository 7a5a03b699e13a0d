//! What the one who runs the trial asks the application, and makes it do.

use std::time::Duration;

use mainstay::prelude::*;

/// How many tasks wait or run, those of crons aside: another one comes each second.
#[query(queue = "operators", path = "state.backlog")]
pub(super) async fn backlog(reader: &Reader) -> Result<i64> {
    let count = "SELECT (SELECT COUNT(*) FROM mainstay_task WHERE queue <> 'crons') \
                 + (SELECT COUNT(*) FROM mainstay_schedule WHERE queue <> 'crons')";
    Ok(reader.sql(count).one::<i64>().await?.unwrap_or_default())
}

/// Lets this process' clock be wrong.
#[query(queue = "operators", path = "clock.shift.$seconds")]
pub(super) async fn shift_clock(_: &Reader, seconds: u64) -> Result<()> {
    mainstay_kernel::shift_clock(Duration::from_secs(seconds));
    Ok(())
}
