use mainstay::prelude::*;

use super::User;

/// A mail that was sent. A real application would hand it to a mail service in a worker without a transaction.
#[derive(Model, Clone, Debug)]
pub struct Mail {
    /// Its key.
    pub id: Id<Mail>,
    /// To whom.
    #[model(references, on_delete = cascade)]
    pub user: Ref<User>,
    /// What it is about.
    pub subject: String,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// Nobody reads other people's mail.
#[scope]
impl Scope for Mail {}
