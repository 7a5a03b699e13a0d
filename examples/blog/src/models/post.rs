use mainstay::prelude::*;

use super::User;

/// Something to read.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub struct Post {
    /// Its key.
    pub id: Id<Post>,
    /// Who wrote it: set by the scope, not by clients.
    #[model(references, on_delete = cascade)]
    pub user: Ref<User>,
    /// Its title.
    #[garde(length(min = 1, max = 200))]
    #[model(write, search)]
    pub title: String,
    /// Its text.
    #[model(write, default, search)]
    pub body: String,
    /// Whether everybody may read it.
    #[model(write, index)]
    pub published: bool,
    /// What editors say about it.
    #[model(write(update), read(role = "editor"))]
    pub notes: Option<String>,
    /// What it is about.
    #[model(write)]
    pub tags: Json<Vec<String>>,
    /// How far its author is with it.
    #[model(write)]
    pub status: PostStatus,
    /// How often it was read.
    pub views: i64,
    /// Counts its changes.
    #[model(version)]
    pub version: i64,
    /// Whatever else clients keep with it.
    #[model(overflow, write)]
    pub data: Overflow,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// How far a post is.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostStatus {
    /// Being written.
    #[default]
    Draft,
    /// For others to look at.
    InReview,
    /// Done.
    Final,
}

#[scope]
impl Scope for Post {
    fn can_read(who: &Caller) -> Access<Post> {
        rows(Post::PUBLISHED.eq(true).or(Post::USER.eq(who.user_id())))
    }
    fn can_create(who: &Caller) -> Access<Post> {
        who.user().map(|user| set(Post::USER, user.id)).or_deny()
    }
    fn can_update(who: &Caller) -> Access<Post> {
        who.user().map(|user| rows(Post::USER.eq(user.id))).or_deny()
    }
    fn can_delete(who: &Caller) -> Access<Post> {
        Self::can_update(who)
    }
}
