use mainstay::prelude::*;

use crate::models::User;
use crate::mutations::create_user::Account;

/// Somebody who signed up, or nothing.
#[query(queue = "jobs", path = "users.get.$userId")]
pub async fn get_user(reader: &Reader, user_id: Id<User>) -> Result<Option<Account>> {
    let user = User::find(reader, user_id).await?;
    Ok(user.map(|User { id, name, email, .. }| Account { id, name, email }))
}
