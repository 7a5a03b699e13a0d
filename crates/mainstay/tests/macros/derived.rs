use mainstay::model::garde;
use mainstay::prelude::*;

/// A user model: known by issuer and subject.
#[derive(Model, Clone, Debug)]
#[model(identity)]
pub(crate) struct User {
    pub(crate) id: Id<Self>,
    #[garde(prefix("https://"), suffix("/"), contains("."))]
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[model(unique)]
    #[garde(email, inner(length(max = 20)))]
    pub(crate) email: Option<String>,
    #[garde(ipv4)]
    pub(crate) last_seen_at: Option<String>,
}

#[scope]
impl Scope for User {}

/// Everything that a field can say.
#[derive(Model, Clone, Debug)]
#[model(live, history, name = "blog_entry", plural = "blog-entries", table = "entries")]
#[model(unique(user, title), index(parent, views))]
pub(crate) struct Post {
    pub(crate) id: Id<Post>,
    #[model(references, on_delete = cascade)]
    pub(crate) user: Ref<User>,
    #[model(on_delete = set_null)]
    pub(crate) parent: Option<Ref<Self>>,
    /// What it is called.
    #[model(write, rename = "headline")]
    #[garde(length(min = 1, max = 5))]
    pub(crate) title: String,
    #[model(unique)]
    #[garde(ascii, pattern("^[a-z-]*$"), custom(no_space))]
    pub(crate) slug: String,
    #[model(default = "draft", private, write(update(role = "admin")))]
    pub(crate) state: String,
    #[model(write(role = "author"), index)]
    pub(crate) published: bool,
    #[model(write(update), read(role = "editor"))]
    #[garde(length(bytes, max = 3))]
    pub(crate) notes: Option<String>,
    #[model(default = 10)]
    pub(crate) views: i64,
    #[model(write(create), required, column = "stars")]
    #[garde(range(min = 0.0, max = 5.0))]
    pub(crate) rating: f64,
    #[model(write)]
    #[garde(length(max = 2))]
    pub(crate) tags: Json<Vec<String>>,
    #[model(write(create, update(role = "admin")))]
    pub(crate) r#match: i32,
    #[model(version)]
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

fn no_space(text: &str, _: &()) -> garde::Result {
    if text.contains(' ') { Err(garde::Error::new("has a space")) } else { Ok(()) }
}

#[scope]
impl Scope for Post {
    fn can_read(_: &Caller) -> Access<Self> {
        rows(Self::PUBLISHED.eq(true))
    }

    fn can_create(who: &Caller) -> Access<Self> {
        set(Self::USER, who.user_id())
    }

    fn can_update(who: &Caller) -> Access<Self> {
        rows(Self::USER.eq(who.user_id()))
    }
}

/// What `by_hand` writes out.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Setting {
    pub(crate) id: Id<Setting>,
    pub(crate) user: Ref<User>,
    #[model(write, search)]
    #[garde(length(min = 1, max = 5))]
    pub(crate) label: String,
    #[model(write(update), index)]
    pub(crate) rank: Option<i64>,
}
