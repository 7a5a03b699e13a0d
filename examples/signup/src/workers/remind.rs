use mainstay::prelude::*;

use crate::models::{NewMail, User};

/// Whom to remind.
#[data]
pub struct Reminder {
    /// Somebody who signed up.
    pub user: Id<User>,
}

/// Reminds somebody to confirm, unless they have.
#[worker(queue = "mail", retry = 5)]
pub async fn remind(tx: &mut Tx, input: Reminder) -> Result<()> {
    let Some(user) = User::find(tx, input.user).await?.filter(|it| !it.confirmed) else { return Ok(()) };
    NewMail { user: user.id.into(), subject: "Please confirm your address".to_owned() }.insert(tx).await?;
    user.update(tx, |it| it.reminder = None).await?;
    Ok(())
}
