use mainstay::prelude::*;

use super::User;

/// Anything its owner wants to keep.
#[derive(Model, Clone, Debug)]
pub struct Note {
    /// Its key.
    pub id: Id<Note>,
    /// Whose it is.
    #[model(references, on_delete = cascade)]
    pub user: Ref<User>,
    /// Any JSON.
    #[model(write)]
    pub body: Json<Value>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[scope]
impl Scope for Note {
    fn can_read(who: &Caller) -> Access<Note> {
        who.user().map(|user| rows(Note::USER.eq(user.id))).or_deny()
    }
    fn can_create(who: &Caller) -> Access<Note> {
        who.user().map(|user| set(Note::USER, user.id)).or_deny()
    }
    fn can_update(who: &Caller) -> Access<Note> {
        Self::can_read(who)
    }
    fn can_delete(who: &Caller) -> Access<Note> {
        Self::can_read(who)
    }
}
