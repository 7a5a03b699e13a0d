//! What the tests keep: a blog, and a thing of every kind of field.

use mainstay::kernel::Quota;
use mainstay::kernel::{Error, ErrorKind};
use mainstay::prelude::*;
use uuid::Uuid;

/// Somebody who signed in.
#[derive(Model, Clone, Debug)]
#[model(identity)]
pub(crate) struct User {
    pub(crate) id: Id<User>,
    #[model(private)]
    pub(crate) issuer: String,
    #[model(private)]
    pub(crate) subject: String,
    #[model(unique)]
    pub(crate) email: Option<String>,
    #[model(write)]
    pub(crate) name: Option<String>,
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

/// Readable when published or one's own, changed by its owner.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Post {
    pub(crate) id: Id<Post>,
    #[model(references, on_delete = cascade)]
    pub(crate) user: Ref<User>,
    #[garde(length(min = 1, max = 200))]
    #[model(write)]
    pub(crate) title: String,
    #[model(write, default)]
    pub(crate) body: String,
    #[model(write, index)]
    pub(crate) published: bool,
    #[model(write(update), read(role = "editor"))]
    pub(crate) notes: Option<String>,
    #[model(write(create), private)]
    pub(crate) draft_key: Option<String>,
    #[model(write)]
    #[garde(length(max = 3), inner(length(min = 1)))]
    pub(crate) tags: Json<Vec<String>>,
    pub(crate) views: i64,
    #[model(version)]
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
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

/// Private to its owner.
#[derive(Model, Clone, Debug)]
pub(crate) struct Note {
    pub(crate) id: Id<Note>,
    #[model(references, on_delete = cascade)]
    pub(crate) user: Ref<User>,
    #[model(write)]
    pub(crate) body: Json<Value>,
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

/// Every kind of field; everybody reads it and whoever signed in writes it.
#[derive(Model, Clone, Debug)]
#[model(unique(area, number))]
pub(crate) struct Thing {
    pub(crate) id: Id<Thing>,
    #[model(write)]
    pub(crate) text: String,
    #[model(write)]
    pub(crate) big: i64,
    #[model(write)]
    pub(crate) small: i32,
    #[model(write)]
    pub(crate) ratio: f64,
    #[model(write)]
    pub(crate) flag: bool,
    #[model(write, default)]
    pub(crate) doc: Json<Value>,
    #[model(write)]
    pub(crate) at: Option<Timestamp>,
    #[model(write)]
    pub(crate) key: Option<Uuid>,
    #[model(write)]
    pub(crate) blob: Option<Vec<u8>>,
    #[model(write)]
    pub(crate) maybe_text: Option<String>,
    #[model(write)]
    pub(crate) maybe_big: Option<i64>,
    #[model(write)]
    pub(crate) maybe_ratio: Option<f64>,
    #[model(write)]
    pub(crate) maybe_flag: Option<bool>,
    #[model(write)]
    pub(crate) maybe_doc: Option<Json<Value>>,
    #[model(write, unique)]
    pub(crate) code: Option<String>,
    #[model(write)]
    pub(crate) area: Option<String>,
    #[model(write)]
    pub(crate) number: Option<i64>,
    #[model(write, private)]
    pub(crate) secret: Option<String>,
    #[model(read(role = "grader"))]
    pub(crate) grade: Option<i64>,
    #[model(write(create))]
    pub(crate) born: Option<String>,
    #[model(write(update))]
    pub(crate) remark: Option<String>,
    pub(crate) views: i64,
}

#[scope]
impl Scope for Thing {
    fn can_read(_: &Caller) -> Access<Thing> {
        all()
    }
    fn can_create(who: &Caller) -> Access<Thing> {
        who.user().map(|_| all()).or_deny()
    }
    fn can_update(who: &Caller) -> Access<Thing> {
        Self::can_create(who)
    }
    fn can_delete(who: &Caller) -> Access<Thing> {
        Self::can_create(who)
    }
}

/// Something that others refer to.
#[derive(Model, Clone, Debug)]
pub(crate) struct Shelf {
    pub(crate) id: Id<Shelf>,
    #[model(write)]
    pub(crate) label: String,
}

#[scope]
impl Scope for Shelf {
    fn can_read(_: &Caller) -> Access<Shelf> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Shelf> {
        all()
    }
    fn can_delete(_: &Caller) -> Access<Shelf> {
        all()
    }
}

/// Goes with its shelf, and keeps the shelf it was lent from.
#[derive(Model, Clone, Debug)]
pub(crate) struct Book {
    pub(crate) id: Id<Book>,
    #[model(write, on_delete = cascade)]
    pub(crate) shelf: Ref<Shelf>,
    #[model(write, references)]
    pub(crate) lent_from: Option<Ref<Shelf>>,
    #[model(write, on_delete = set_null)]
    pub(crate) wanted_by: Option<Ref<Shelf>>,
}

#[scope]
impl Scope for Book {
    fn can_read(_: &Caller) -> Access<Book> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Book> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Book> {
        all()
    }
}

/// Its owner is writable: the scope alone keeps it from being given away.
#[derive(Model, Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) id: Id<Parcel>,
    #[model(write)]
    pub(crate) owner: Ref<User>,
    #[model(write, default)]
    pub(crate) label: String,
}

#[scope]
impl Scope for Parcel {
    fn can_read(who: &Caller) -> Access<Parcel> {
        who.user().map(|user| rows(Parcel::OWNER.eq(user.id))).or_deny()
    }
    fn can_create(who: &Caller) -> Access<Parcel> {
        Self::can_read(who)
    }
    fn can_update(who: &Caller) -> Access<Parcel> {
        Self::can_read(who)
    }
}

/// Clients name it themselves.
#[derive(Model, Clone, Debug)]
pub(crate) struct Tag {
    #[model(write(create))]
    pub(crate) id: Id<Tag>,
    #[model(write)]
    pub(crate) label: String,
}

#[scope]
impl Scope for Tag {
    fn can_read(_: &Caller) -> Access<Tag> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Tag> {
        all()
    }
}

/// Read by those it is not addressed to, in the three ways to say so.
#[derive(Model, Clone, Debug)]
pub(crate) struct Rumour {
    pub(crate) id: Id<Rumour>,
    #[model(write)]
    pub(crate) about: Option<Ref<User>>,
    #[model(write)]
    pub(crate) way: String,
}

#[scope]
impl Scope for Rumour {
    fn can_read(who: &Caller) -> Access<Rumour> {
        let not_equal = Rumour::WAY.eq("ne").and(Rumour::ABOUT.ne(who.user_id()));
        let not = Rumour::WAY.eq("not").and(!Rumour::ABOUT.eq(who.user_id()));
        let not_in = Rumour::WAY.eq("nin").and(!Rumour::ABOUT.is_in([who.user_id()]));
        rows(not_equal.or(not).or(not_in))
    }
    fn can_create(_: &Caller) -> Access<Rumour> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Rumour> {
        all()
    }
}

/// Administrators only.
#[derive(Model, Clone, Debug)]
pub(crate) struct Audit {
    pub(crate) id: Id<Audit>,
    #[model(write)]
    pub(crate) line: String,
}

#[scope]
impl Scope for Audit {
    fn can_read(who: &Caller) -> Access<Audit> {
        if who.has_role("admin") { all() } else { deny() }
    }
    fn can_create(who: &Caller) -> Access<Audit> {
        Self::can_read(who)
    }
    fn can_update(who: &Caller) -> Access<Audit> {
        Self::can_read(who)
    }
    fn can_delete(who: &Caller) -> Access<Audit> {
        Self::can_read(who)
    }
}

/// Nobody's through HTTP.
#[derive(Model, Clone, Debug)]
pub(crate) struct Cellar {
    pub(crate) id: Id<Cellar>,
    pub(crate) wine: String,
}

#[scope]
impl Scope for Cellar {}

/// The application under test.
pub(crate) fn app() -> App {
    App::new("contract")
        .users::<User>()
        .model::<Post>()
        .model::<Note>()
        .model::<Thing>()
        .model::<Shelf>()
        .model::<Book>()
        .model::<Parcel>()
        .model::<Tag>()
        .model::<Rumour>()
        .model::<Audit>()
        .model::<Cellar>()
        .route(get("/hello", hello))
        .route(get("/fail/{how}", fail))
}

async fn hello() -> Response {
    respond::ok(json!({ "message": "hello" }))
}

/// Fails in the way that its path names, telling a secret each time.
async fn fail(Path(how): Path<String>) -> std::result::Result<Response, ApiError> {
    const SECRET: &str = "password authentication failed for user";
    let kind = match how.as_str() {
        "panic" => panic!("{SECRET}"),
        "limit" => {
            let wait = std::time::Duration::from_millis(1500);
            return Err(ApiError::rate_limited(Quota {
                limit: 5,
                remaining: 0,
                reset: wait,
                retry_after: wait,
            }));
        }
        "declared" => {
            return Err(Error::http(423, "todo_locked", "locked").data(json!({ "by": "ann" })).into());
        }
        "unavailable" => ErrorKind::Unavailable,
        "progress" => ErrorKind::RequestInProgress,
        "done" => ErrorKind::AlreadyDone,
        "conflict" => ErrorKind::Conflict,
        "unknown" => ErrorKind::OutcomeUnknown,
        "draining" => ErrorKind::Draining,
        "slow" => ErrorKind::TooSlow(5000),
        _ => ErrorKind::Internal(SECRET.to_owned()),
    };
    Err(Error::new(kind).caused_by(SECRET).into())
}

/// A new thing with these fields, the others as small as they may be.
pub(crate) fn thing(fields: Value) -> Value {
    let mut thing = json!({ "text": "t", "big": 0, "small": 0, "ratio": 0.0, "flag": false });
    if let (Value::Object(thing), Value::Object(fields)) = (&mut thing, fields) {
        thing.extend(fields);
    }
    thing
}
