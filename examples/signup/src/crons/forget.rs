use mainstay::prelude::*;

use crate::models::User;

/// Forgets who has not confirmed for 30 days.
#[cron("0 3 * * *", timezone = "UTC", timeout = "120s")]
pub async fn forget(tx: &mut Tx) -> Result<()> {
    let long_ago = tx.now().minus(hours(30 * 24));
    User::filter(User::CONFIRMED.eq(false).and(User::CREATED_AT.lt(long_ago))).delete_all(tx).await?;
    Ok(())
}
