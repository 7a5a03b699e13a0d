use mainstay::prelude::*;

use super::models::deed;

/// Each second, those included at which no process was there.
#[cron("rate(1 seconds)", overlap = allow, missed = all, retry = 40, backoff = "fixed", base = "200ms")]
pub(super) async fn tick(tx: &mut Tx, cx: &TaskCx) -> Result<()> {
    deed(tx, "tick", "", Some(cx.id())).await
}
