use mainstay::prelude::*;

/// Somebody who signed in. The row is made from the token's claims.
#[derive(Model, Clone, Debug)]
#[model(identity)]
pub struct User {
    /// Its key.
    pub id: Id<User>,
    /// Who vouches for the subject.
    #[model(private)]
    pub issuer: String,
    /// The person within the issuer.
    #[model(private)]
    pub subject: String,
    /// Follows the token's claim.
    #[model(unique)]
    pub email: Option<String>,
    /// What the person wants to be called.
    #[garde(length(min = 1, max = 100))]
    #[model(write)]
    pub name: Option<String>,
    /// When the person was first seen.
    pub created_at: Timestamp,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

#[scope]
impl Scope for User {
    fn can_read(who: &Caller) -> Access<User> {
        who.user().map(|user| rows(User::ID.eq(user.id))).or_deny()
    }
    fn can_update(who: &Caller) -> Access<User> {
        Self::can_read(who)
    }
}
