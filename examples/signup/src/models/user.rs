use mainstay::prelude::*;

/// Somebody who signed up.
#[derive(Model, Clone, Debug)]
pub struct User {
    /// Their key.
    pub id: Id<User>,
    /// Nobody else's.
    #[garde(email)]
    #[model(unique)]
    pub email: String,
    /// What they want to be called.
    #[garde(length(min = 2, max = 100))]
    pub name: String,
    /// Whether they have confirmed.
    pub confirmed: bool,
    /// The task that reminds them, until they confirm.
    pub reminder: Option<TaskId>,
    /// When they signed up.
    pub created_at: Timestamp,
}

/// Operations alone read and write users.
#[scope]
impl Scope for User {}
