use mainstay::prelude::*;

use crate::models::{NewMail, User};

/// Whom to welcome.
#[data]
pub struct Welcome {
    /// Somebody who signed up.
    pub user: Id<User>,
}

/// Welcomes somebody who signed up.
#[mutation(queue = "events", path = "email.sendWelcome")]
pub async fn send_welcome(tx: &mut Tx, input: Welcome) -> Result<()> {
    NewMail { user: input.user.into(), subject: "Welcome".to_owned() }.insert(tx).await?;
    Ok(())
}
