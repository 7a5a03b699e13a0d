use mainstay::prelude::*;

use super::{Post, User};

/// What somebody says about a post. Whoever may read the post may read it.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub struct Comment {
    /// Its key.
    pub id: Id<Comment>,
    /// What it is about; it goes with it.
    #[model(write(create), references, on_delete = cascade, index)]
    pub post: Ref<Post>,
    /// Whose it is: set by the scope, not by clients.
    #[model(references, on_delete = cascade)]
    pub user: Ref<User>,
    /// What it says.
    #[garde(length(min = 1, max = 5000))]
    #[model(write)]
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[scope]
impl Scope for Comment {
    fn can_read(who: &Caller) -> Access<Comment> {
        rows(Comment::POST.readable_by(who))
    }
    fn can_create(who: &Caller) -> Access<Comment> {
        who.user().map(|user| set(Comment::USER, user.id).and(Self::can_read(who))).or_deny()
    }
    fn can_update(who: &Caller) -> Access<Comment> {
        who.user().map(|user| rows(Comment::USER.eq(user.id)).and(Self::can_read(who))).or_deny()
    }
    fn can_delete(who: &Caller) -> Access<Comment> {
        let theirs = |user| Comment::USER.eq(user).or(Comment::POST.within(Post::USER.eq(user)));
        who.user().map(|user| rows(theirs(user.id)).and(Self::can_read(who))).or_deny()
    }
}
