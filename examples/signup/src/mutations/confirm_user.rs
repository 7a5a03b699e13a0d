use mainstay::prelude::*;

use crate::models::User;

/// Why somebody cannot confirm.
#[derive(ErrorSet)]
pub enum ConfirmError {
    /// There is nobody of this key.
    #[error(status = 404, code = "user_not_found", "nobody signed up with this key")]
    Unknown,
    /// Anything else.
    #[error(other)]
    Other(Error),
}

/// Confirms an address: nobody is reminded any more. Whether a reminder was taken back.
#[mutation(queue = "jobs", path = "users.confirm.$userId")]
pub async fn confirm_user(tx: &mut Tx, user_id: Id<User>) -> Result<bool, ConfirmError> {
    let user = User::find(tx, user_id).await?.ok_or(ConfirmError::Unknown)?;
    let cancelled = match user.reminder {
        Some(reminder) => tx.cancel(reminder).await?,
        None => false,
    };
    user.update(tx, |it| (it.confirmed, it.reminder) = (true, None)).await?;
    Ok(cancelled)
}
