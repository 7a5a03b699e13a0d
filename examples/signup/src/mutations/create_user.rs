use mainstay::prelude::*;

use super::send_welcome::{Welcome, send_welcome};
use crate::models::NewUser;
use crate::workers::remind::{Reminder, remind};

/// What somebody signs up with.
#[data]
pub struct SignUp {
    /// An address that nobody has signed up with.
    #[garde(email)]
    pub email: String,
    /// What they want to be called.
    #[garde(length(min = 2, max = 100))]
    pub name: String,
}

/// Somebody who signed up.
#[data]
pub struct Account {
    /// Their key.
    pub id: Id<crate::models::User>,
    /// What they want to be called.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// Signs somebody up. The welcome mail and the reminder are written with the user, or not at all.
#[mutation(queue = "jobs", path = "users.create")]
pub async fn create_user(tx: &mut Tx, input: SignUp) -> Result<Account> {
    let SignUp { email, name } = input;
    let user = NewUser { email, name, confirmed: false, reminder: None }.insert(tx).await?;
    tx.enqueue(send_welcome, Welcome { user: user.id }).key(user.id).await?;
    let reminder = tx.enqueue(remind, Reminder { user: user.id }).after(hours(24)).await?;
    let user = user.update(tx, |it| it.reminder = Some(reminder)).await?;
    Ok(Account { id: user.id, name: user.name, email: user.email })
}
